"""The press: users' templates, run in killable workers of their own.

Not in those that parse: a report must not wait until somebody's annual report
of 300 pages is read. A template that had to be killed, or took too long, is
set aside until the config is taken anew, so that it holds up one report and
not each.
"""

from __future__ import annotations

from datetime import timedelta, tzinfo

from watcher.alert import Outgoing
from watcher.message import wording
from watcher.message.wording import Form, Misworded, Template, Words
from watcher.model import WatcherError, WorkerLost
from watcher.sandbox import Workers

TIMEOUT = timedelta(seconds=5)
"""Of the clock: for what CPU time does not end (a string of gigabytes), with room for a busy machine."""
MEMORY = 512 << 20
"""Bytes of address space; a worker begins at 190 MB of them."""


class Press:
    """Words deliveries by templates. Thread-safe; `close` ends its workers."""

    def __init__(self, *, timeout: timedelta = TIMEOUT, ahead: bool = False) -> None:
        # two: a template that hangs for its five seconds is not alone in having somewhere to run
        self._workers = Workers(2, timeout=timeout, memory=MEMORY, ahead=ahead)
        self._aside: dict[str, Misworded] = {}

    def word(self, template: Template, form: Form, outgoing: Outgoing, zone: tzinfo) -> Words:
        """`wording.word` in a worker; a template that ships needs none. Raises `Misworded`."""
        if template.shipped or template.fault:
            return wording.word(template, form, outgoing, zone)
        if template.mark in self._aside:
            raise self._aside[template.mark]
        try:
            said: Words = self._workers.run(wording.bounded, template, form, outgoing, zone)
        except Misworded as fault:
            if fault.slow:
                self._aside[template.mark] = fault
            raise
        except WorkerLost as lost:
            self._aside[template.mark] = Misworded(template, 0, lost.reason)
            raise self._aside[template.mark] from lost
        except WatcherError as error:
            raise Misworded(template, 0, str(error)) from error
        return said

    def retry(self) -> None:
        """Take up again what was set aside: a person has looked at the config."""
        self._aside.clear()

    def close(self) -> None:
        """End the workers now."""
        self._workers.close()
