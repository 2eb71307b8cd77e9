"""The whole corpus as one text is held against it: what it shares, with whom, and what of it is new to everybody."""

from __future__ import annotations

from dataclasses import dataclass

from watcher.judgement import Kin
from watcher.model import Span
from watcher.novelty import Fingerprint, Novelty, boilerplate_spans, novel, of_document, verdict
from watcher.pipeline.kinship import verified
from watcher.pipeline.stocking import signed, unsigned
from watcher.stores import Reader
from watcher.stores.documents import Document


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """A text beside the corpus. `kin`: whose text stands in it, best first; `boilerplate`: spans known to everybody."""

    shape: Fingerprint
    kin: tuple[tuple[Document, Kin], ...]
    boilerplate: tuple[Span, ...]
    novelty: Novelty
    verdict: str

    @property
    def look_alikes(self) -> tuple[Kin, ...]:
        """The linked documents; what stands in the same frame of a site is none."""
        return tuple(kin for _, kin in self.kin if kin.linked)

    @property
    def nearest(self) -> Kin | None:
        """The nearest document that is a copy of this one, in whole or in part."""
        return next((kin for _, kin in self.kin if kin.copy), None)


def weigh(text: str, title: str, reader: Reader) -> Weighed:
    """Hold a text against all that is stored: seeds, added documents, articles."""
    shape = of_document(text, title)
    found = reader.look_up(signed(shape.sample.tolist()))
    kin = verified(shape, found, items=())
    boilerplate = boilerplate_spans(shape, unsigned(found.boilerplate))
    novelty = novel(text, [*(span for _, each in kin for span in each.likeness.spans), *boilerplate])
    label = verdict(novelty, next((each.likeness for _, each in kin if each.linked), None))
    return Weighed(shape=shape, kin=kin, boilerplate=boilerplate, novelty=novelty, verdict=label)
