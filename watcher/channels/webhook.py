"""Webhook: the alert as signed JSON to a URL (Standard Webhooks)."""

from __future__ import annotations

import binascii
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, Literal

from watcher import timing
from watcher.alert import Outgoing
from watcher.display import clean
from watcher.message import payload
from watcher.message.wording import Template
from watcher.model import Permanent, Temporary, WatcherError
from watcher.secret import Secret

if TYPE_CHECKING:
    from watcher.message.wording import Words
    from watcher.net import Net, Response

DEADLINE = timedelta(seconds=15)
TRIES = 3
"""Tries in all for an answer that will hardly change by itself (3xx, 4xx): somebody may be mending it."""
_LATER = frozenset({408, 425, 429})
"""The 4xx that say nothing against the request (RFC 9110, 8470, 6585)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """A `[[channels]]` table of `type = "webhook"`."""

    name: str
    url: str | Secret
    type: Literal["webhook"] = "webhook"
    secrets: tuple[Secret, ...] = ()
    """Signing secrets (`whsec_…`), newest first; each signs, so that keys can rotate."""
    headers: dict[str, str | Secret] = field(default_factory=dict)
    template: Template | None = None
    """Words the body; none: the JSON that the schema states."""


def recipients(settings: Webhook) -> tuple[str, ...]:
    """The channel itself: the address may be a secret."""
    return (settings.name,)


def render(settings: Webhook, outgoing: Outgoing, *, zone: tzinfo = UTC, words: Words | None = None) -> bytes:
    """The JSON body: the template's, or `watcher.message.payload`'s.

    Where there is a template that could not be used, the latter has a `text`
    besides: what the receiver is made for is not known, and this most show.
    """
    if words is not None:
        return words["body"].encode()
    if settings.template is not None:
        from watcher.message import mail as message  # noqa: PLC0415 - rarely wanted

        return payload.body_with_text(outgoing, message.plain(outgoing.content, zone=zone))
    return payload.body(outgoing)


def send(
    settings: Webhook, outgoing: Outgoing, body: bytes, *, attempt_at: datetime, net: Net | None = None
) -> str:
    """POST the body, signed afresh for this attempt; the status as receipt. Raises `Temporary` or `Permanent`."""
    if net is None:
        raise Temporary("no network")
    try:
        url = _reveal(settings.url)
        headers = _headers(settings) | signed(settings, outgoing.id, body, attempt_at)
    except WatcherError as error:  # the config's fault: mending it must not cost the alert
        raise Temporary(str(error)) from error
    return judge(net.post(url, body, headers, deadline=DEADLINE), attempt_at)


def signed(settings: Webhook, message_id: str, body: bytes, attempt_at: datetime) -> dict[str, str]:
    """The Standard Webhooks headers; one signature for each secret, separated by spaces. Raises `WatcherError`."""
    import standardwebhooks  # noqa: PLC0415

    moment = attempt_at.astimezone(UTC)  # the library puts UTC over whatever zone it is given
    headers = {"webhook-id": message_id, "webhook-timestamp": str(int(moment.timestamp()))}
    signatures = []
    for secret in settings.secrets:
        try:
            signer = standardwebhooks.Webhook(secret.reveal())
        except (binascii.Error, ValueError, RuntimeError) as error:
            message = f"a signing secret of {settings.name!r} is not base64 (whsec_…): {error}"
            raise WatcherError(message) from error
        signatures.append(signer.sign(message_id, moment, body.decode()))
    if signatures:
        headers["webhook-signature"] = " ".join(signatures)
    return headers


def judge(response: Response, now: datetime) -> str:
    """What an answer means: 2xx a receipt, all else raised; a redirect is never followed and counts as a failure."""
    status = response.status
    if 200 <= status < 300:
        return str(status)
    said = clean(response.body[:2_000].decode("utf-8", "replace"), 200)
    reason = f"{status}: {said}" if said else f"answered {status}"
    if status == 410:
        raise Permanent(f"{reason} (gone: it asks never to be called again)", gone=True, status=status)
    if 300 <= status < 400:
        target = clean(response.headers.get("location", ""), 200) or "the new address"
        raise Permanent(
            f"{status}: redirects are not followed; set the url to {target}", status=status, tries=TRIES
        )
    if 400 <= status < 500 and status not in _LATER:
        raise Permanent(reason, status=status, tries=TRIES)
    wait = timing.retry_after(response.headers.get("retry-after", ""), now)
    raise Temporary(reason, retry_after=wait, status=status)


def probe(settings: Webhook, net: Net | None = None) -> str:
    """Whether the address answers at all (a GET, nothing is posted) and the secrets can sign. Raises as `send`."""
    if net is None:
        raise Temporary("no network")
    try:
        url = _reveal(settings.url)
        headers = _headers(settings)
        signed(settings, "probe", b"{}", datetime.now(UTC))
    except WatcherError as error:
        raise Permanent(str(error)) from error
    response = net.get(url, headers=headers, limit=65_536, deadline=DEADLINE)
    if response.status in {404, 410} or response.status >= 500:
        raise Temporary(f"answers {response.status}", status=response.status)
    return f"reachable (a GET is answered {response.status})"


def _reveal(value: str | Secret) -> str:
    return value.reveal() if isinstance(value, Secret) else value


def _headers(settings: Webhook) -> dict[str, str]:
    """The user's own headers under ours: theirs never replace what is signed or the type."""
    headers = {"content-type": "application/json"}
    for name, value in settings.headers.items():
        if name.lower() == "content-type" or name.lower().startswith("webhook-"):
            continue
        revealed = _reveal(value)
        if "\r" in revealed or "\n" in revealed or "\0" in revealed:
            message = f"the header {name} of {settings.name!r} holds a line break"
            raise WatcherError(message)
        headers[name] = revealed
    return headers
