"""Look-alikes as stored: the candidates of a look-up that are really linked, and the watchlists that know them."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import replace

from watcher.alert import LookAlikeNote
from watcher.judgement import Kin
from watcher.model import Span
from watcher.novelty import Fingerprint, Likeness, Witness, compare, told_apart
from watcher.pipeline.stocking import unsigned
from watcher.stores import Reader
from watcher.stores.documents import Document, Found


def verified(
    shape: Fingerprint, found: Found, *, items: Collection[int | None]
) -> tuple[tuple[Document, Kin], ...]:
    """The candidates of a look-up that share text, the best first. `items`: those whose texts are its own."""
    boilerplate = unsigned(found.boilerplate)
    alike: list[tuple[Document, Likeness]] = []
    compared: dict[tuple[bytes, bool], Likeness | None] = {}
    for document in found.documents:
        same = document.item is not None and document.item in items
        key = document.shape, same
        if key not in compared:  # a wire story stands there once for each outlet that ran it
            theirs = Fingerprint.from_bytes(document.shape)
            compared[key] = compare(shape, theirs, same_item=same, boilerplate=boilerplate)
        likeness = compared[key]
        if likeness is not None:
            alike.append((document, likeness))
    kin = []
    told = told_apart(shape, [Witness(document.cluster, document.words, each) for document, each in alike])
    for (document, shared), likeness in zip(alike, told, strict=True):
        same = document.item is not None and document.item in items
        kin.append(
            (
                document,
                Kin(
                    document=document.id,
                    likeness=shared if same else likeness,
                    known_to=None,
                    note=LookAlikeNote(
                        url=document.url,
                        title=document.title,
                        source=document.source,
                        containment=round(likeness.containment, 4),
                        id=document.article or str(document.id),
                    ),
                    cluster=document.cluster,
                    story=document.story,
                    origin=document.origin,
                    same_item=same,
                ),
            )
        )
    return tuple(sorted(kin, key=lambda pair: rank(pair[1])))


def rank(kin: Kin) -> tuple[float, float, float, int]:
    """Best look-alikes first: the largest containment, the most shared words, the other containment; then the oldest.

    Of a round-up that has the text and a plain copy of it, the copy.
    """
    likeness = kin.likeness
    least, most = sorted((likeness.containment, likeness.contained))
    return -most, -likeness.shared_words, -least, kin.document


def with_knowers(w: Reader, pairs: Sequence[tuple[Document, Kin]], rules: Collection[str]) -> tuple[Kin, ...]:
    """The look-alikes, each with the watchlists it is known to."""
    knowers = known_to(w, [document for document, _ in pairs], rules)
    return tuple(replace(kin, known_to=knowers[document.id]) for document, kin in pairs)


def known_to(
    w: Reader, documents: Sequence[Document], rules: Collection[str]
) -> dict[int, frozenset[str] | None]:
    """For each document the watchlists that know it (None: all): reported by them, or stored before they existed."""
    if not documents:
        return {}
    reported = w.reported([d.id for d in documents])
    created = w.watchlists()
    return {
        d.id: None
        if d.origin != "article"
        else reported[d.id] | {name for name in rules if name in created and created[name] > d.stored}
        for d in documents
    }


def title_known_to(w: Reader, titled: Sequence[Document], rules: Collection[str]) -> frozenset[str] | None:
    """The watchlists that know an article of this title; None: all of them."""
    names: set[str] = set()
    for knowers in known_to(w, titled, rules).values():
        if knowers is None:
            return None
        names |= knowers
    return frozenset(names)


def titles_known_to(
    w: Reader, lines: Sequence[tuple[Span, int]], rules: Collection[str], *, items: Collection[int | None]
) -> tuple[tuple[Span, frozenset[str] | None], ...]:
    """The lines that are titles of stored documents, with the watchlists that know one; `items` are not looked at."""
    stored = w.titles_known([key for _, key in lines]) if lines else frozenset()
    titled = {key: [d for d in w.titled(key) if d.item is None or d.item not in items] for key in stored}
    return tuple((line, title_known_to(w, titled[key], rules)) for line, key in lines if titled.get(key))


def look_alikes_json(kin: Sequence[Kin]) -> str:
    """Look-alikes as the store keeps them, with those that share a frame alone, which `watcher why` tells apart."""
    return json.dumps(
        [
            {
                "document": k.document,
                "id": k.note.id,
                "url": k.note.url,
                "title": k.note.title,
                "source": k.note.source,
                "origin": k.origin,
                "containment": round(k.likeness.containment, 4),
                "contained": round(k.likeness.contained, 4),
                "shared_words": k.likeness.shared_words,
                "spans": [list(span) for span in k.likeness.spans],
                "framed": k.likeness.framed,
            }
            for k in kin
        ],
        ensure_ascii=False,
    )
