"""Where alerts go: one kind, one file.

Each kind's module has the same four verbs: `recipients(settings)`,
`render(settings, outgoing, zone=…, words=…)` (the body, frozen when first rendered),
`send(settings, outgoing, body, attempt_at=…, net=…)` (a short receipt, or
Temporary or Permanent raised), and `probe(settings, net)` for `check --online`.
"""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from typing import TYPE_CHECKING, Protocol, cast

from watcher.alert import Outgoing
from watcher.channels import apprise, command, console, maildir, smtp, webhook
from watcher.channels.apprise import Apprise
from watcher.channels.command import Command
from watcher.channels.console import Console
from watcher.channels.maildir import Maildir
from watcher.channels.smtp import Email
from watcher.channels.webhook import Webhook
from watcher.message.wording import Form, Template, Words
from watcher.model import WatcherError

if TYPE_CHECKING:
    from watcher.net import Net

Channel = Email | Webhook | Maildir | Console | Command | Apprise


class Kind(Protocol):
    """The verbs of a kind's module. `settings` is of that kind: `module` pairs them."""

    def recipients(self, settings: Channel, /) -> tuple[str, ...]:
        """Who gets a delivery each; stable names without secrets, as they are part of a delivery's id."""

    def render(
        self, settings: Channel, outgoing: Outgoing, /, *, zone: tzinfo = UTC, words: Words | None = None
    ) -> bytes:
        """The body of this delivery, the same bytes for every attempt. Raises `WatcherError` where none can be made.

        `words`: what the channel's template says of it, where it has one that could be used (`message.wording`).
        """

    def send(
        self,
        settings: Channel,
        outgoing: Outgoing,
        body: bytes,
        /,
        *,
        attempt_at: datetime,
        net: Net | None = None,
    ) -> str:
        """Hand the body over; a short receipt. Raises `Temporary` or `Permanent`."""

    def probe(self, settings: Channel, net: Net | None = None, /) -> str:
        """Whether the channel can be reached, without sending: a short finding. Raises `Temporary` or `Permanent`."""


_KINDS = {
    "email": smtp,
    "webhook": webhook,
    "maildir": maildir,
    "console": console,
    "command": command,
    "apprise": apprise,
}


_FORMS: dict[str, Form] = {"email": "mail", "webhook": "json"}


def template(settings: Channel) -> tuple[Template, Form] | None:
    """The user's template of a channel, and what it words; None where it has none."""
    form = _FORMS.get(settings.type)
    chosen: Template | None = getattr(settings, "template", None)
    return None if form is None or chosen is None else (chosen, form)


def address(settings: Channel) -> str:
    """A mark of where a channel delivers: another one means another receiver. Empty where that cannot be told.

    A digest, since the address may be a secret.
    """
    try:
        match settings:
            case Webhook():
                place = settings.url if isinstance(settings.url, str) else settings.url.reveal()
            case Apprise():
                place = apprise.reveal(settings)
            case Email():
                place = f"{settings.host}:{settings.port}"
            case _:
                return ""
    except WatcherError:
        return ""
    from hashlib import blake2b  # noqa: PLC0415 - 10 ms that `check` and `match` need not pay

    return blake2b(place.encode(), digest_size=16).hexdigest()


def module(settings: Channel) -> Kind:
    """The module that serves these settings."""
    return cast("Kind", _KINDS[settings.type])
