"""Apprise: alerts as plain text to the hundred services that the library of this name knows (an extra).

    pip install 'watcher[apprise]'

The library speaks to the services itself: neither the address guard nor the
proxy of `[net]` stands between, and its time limits are its own, under one of
ours for the whole.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from types import ModuleType
from typing import TYPE_CHECKING, Any, Literal

from watcher.alert import Notice, Outgoing
from watcher.display import clean
from watcher.model import Permanent, Temporary, WatcherError
from watcher.secret import Secret

if TYPE_CHECKING:
    from watcher.message.wording import Words
    from watcher.net import Net

DEADLINE = timedelta(seconds=30)
"""For one service, its own tries and pauses included."""
ABSENT = "the library apprise is not installed: pip install 'watcher[apprise]'"


@dataclass(frozen=True, slots=True, kw_only=True)
class Apprise:
    """A `[[channels]]` table of `type = "apprise"`. Every address holds a key or password, so each is a secret."""

    name: str
    urls: tuple[Secret, ...]
    type: Literal["apprise"] = "apprise"


def recipients(settings: Apprise) -> tuple[str, ...]:
    """Each address by where its secret stands, so that one that fails is tried again alone."""
    return tuple(dict.fromkeys(_label(secret) for secret in settings.urls))


def render(
    settings: Apprise,  # noqa: ARG001 - one verb for all kinds
    outgoing: Outgoing,
    *,
    zone: tzinfo = UTC,
    words: Words | None = None,  # noqa: ARG001
) -> bytes:
    """Title, text and type as JSON: what the service is asked to show, at every try."""
    from watcher.message import mail as message  # noqa: PLC0415

    content = outgoing.content
    shown = {
        "title": message.subject(content, zone=zone),
        "body": message.plain(content, zone=zone),
        "type": "warning" if isinstance(content, Notice) else "info",
    }
    return json.dumps(shown, ensure_ascii=False).encode()


def send(
    settings: Apprise,
    outgoing: Outgoing,
    body: bytes,
    *,
    attempt_at: datetime,  # noqa: ARG001 - one verb for all kinds
    net: Net | None = None,  # noqa: ARG001
) -> str:
    """Have the library tell the delivery's service. Every failure is `Temporary`: it tells none apart."""
    shown = json.loads(body)
    try:
        url = _url(settings, outgoing.recipient)
        service = _service(url)
    except WatcherError as error:  # the config's fault: mending it must not cost the alert
        raise Temporary(str(error)) from error
    result = _within(
        DEADLINE,
        lambda: service.notify(
            body=shown["body"], title=shown["title"], notify_type=shown["type"], body_format="text"
        ),
        url,
    )
    if not result:
        said = [entry.message for entry in result.logs()]
        reason = _without(url, said[-1] if said else "it did not say why")
        raise Temporary(f"apprise could not deliver it: {reason}")
    return f"accepted by {service[0].service_name}"


def probe(settings: Apprise, net: Net | None = None) -> str:  # noqa: ARG001
    """Whether each address is one that the library knows; nothing is asked of the services. Raises `Permanent`."""
    names = []
    for label in recipients(settings):
        try:
            names.append(str(_service(_url(settings, label))[0].service_name))
        except WatcherError as error:
            raise Permanent(str(error)) from error
    return f"addresses of {', '.join(names)}; not asked"


def _label(secret: Secret) -> str:
    if secret.env is not None:
        return f"env {secret.env}"
    return f"credential {secret.credential}" if secret.credential is not None else f"file {secret.file}"


def reveal(settings: Apprise) -> str:
    """All addresses, a line each. Raises `WatcherError`."""
    return "\n".join(secret.reveal().strip() for secret in settings.urls)


def _url(settings: Apprise, recipient: str) -> str:
    """The address behind a recipient. Raises `WatcherError`."""
    for secret in settings.urls:
        if _label(secret) == recipient:
            return secret.reveal().strip()
    message = f"{clean(recipient, 100)} is no longer among the urls of {settings.name!r}"
    raise WatcherError(message)


def _library() -> ModuleType:
    try:
        import apprise  # noqa: PLC0415 - an extra, and 0.3 s
    except ImportError as error:
        raise WatcherError(ABSENT) from error
    return apprise


def _service(url: str) -> Any:
    """The library with one service, told to cut what is too long for it. Raises `WatcherError`."""
    library = _library()
    service = library.Apprise()
    if not service.add(url) or len(service) != 1:
        message = "the secret holds no address of a service that apprise knows, or several: one each, like slack://…"
        raise WatcherError(message)
    if "overflow=" not in url:
        service[0].overflow_mode = library.OverflowMode.TRUNCATE
    return service


def _within(deadline: timedelta, notify: Callable[[], Any], url: str) -> Any:
    """What `notify` gives, or `Temporary` when the time is over.

    The library's own limits are per read, and its limit for the whole leaves
    a thread that the interpreter waits for at its end; nobody waits for this one.
    """
    import queue  # noqa: PLC0415 - as the library: only where there is such a channel

    outcome: queue.SimpleQueue[Any] = queue.SimpleQueue()

    def run() -> None:
        try:
            outcome.put(notify())
        except Exception as error:  # noqa: BLE001 - whatever one of a hundred plugins raises is told as a failed try
            outcome.put(error)

    threading.Thread(target=run, name="apprise", daemon=True).start()
    try:
        result = outcome.get(timeout=deadline.total_seconds())
    except queue.Empty:
        raise Temporary(f"apprise did not end within {deadline.total_seconds():g} s") from None
    if isinstance(result, Exception):
        raise Temporary(f"apprise failed: {type(result).__name__}: {_without(url, str(result))}") from result
    return result


def _without(url: str, text: str) -> str:
    """`text` on one line, without the parts of an address that may be its keys."""
    for part in sorted(set(re.split(r"[/:@?&=]+", url.partition("://")[2])), key=len, reverse=True):
        if len(part) >= 6:
            text = text.replace(part, "…")
    return clean(text, 200)
