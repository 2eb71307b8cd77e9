"""Documents that a person names on the command line, read as the daemon reads them: in a worker that can be killed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from watcher.cli import screen
from watcher.model import Extracted, Permanent

if TYPE_CHECKING:
    from watcher.config.settings import Config
    from watcher.net import Net
    from watcher.sandbox import Workers
    from watcher.stores import Store


class Desk:
    """Where documents are read; the worker starts with the first of them."""

    def __init__(self) -> None:
        self._made: Workers | None = None

    @property
    def workers(self) -> Workers:
        """The workers, started when first asked for."""
        if self._made is None:
            from watcher.sandbox import Workers

            self._made = Workers(1)
        return self._made

    def read(self, path: Path, part: str | None = None) -> Extracted:
        """The document in a file; of an mbox the message `part`. Raises `WatcherError` that says why not."""
        from watcher.engines.parts import document

        if not path.is_file():
            raise Permanent("no such file" if not path.exists() else "not a file")
        return document(self.workers, str(path.resolve()), part)

    def page(self, url: str, net: Net) -> Extracted:
        """The document at an address, asked for once. Raises `WatcherError` that says why not."""
        from watcher.engines.parts import page

        return page(net, self.workers, url)

    def close(self) -> None:
        """End the worker."""
        if self._made is not None:
            self._made.close()


@contextmanager
def desk() -> Iterator[Desk]:
    """A desk, cleared at the end."""
    made = Desk()
    try:
        yield made
    finally:
        made.close()


def stock_config(config: Config, store: Store) -> None:
    """Take in the `corpus` of the config, as the daemon does at its start; what is there already costs little."""
    if not config.watcher.corpus:
        return
    from watcher.pipeline.stocking import size, stock

    paths = config.watcher.corpus
    with desk() as reading, screen.progress("Loading the corpus", size(paths)) as advance:
        done = stock(paths, store, reading.read, origin="seed", now=datetime.now(UTC), advance=advance)
    for problem in done.problems:
        screen.note(f"corpus: {problem}")
