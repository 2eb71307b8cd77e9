"""Email: one mail to each recipient through an SMTP server."""

from __future__ import annotations

import contextlib
import re
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, Literal

from watcher.alert import Outgoing
from watcher.display import clean
from watcher.message.wording import Template
from watcher.model import Permanent, Temporary, WatcherError
from watcher.secret import Secret

if TYPE_CHECKING:
    import smtplib
    import ssl

    from watcher.message.wording import Words
    from watcher.net import Net

STEP = timedelta(seconds=30)
"""Longest wait for one reply."""
DEADLINE = timedelta(seconds=90)
"""Longest talk in all: a server that drips a byte at a time passes every single wait."""
GOODBYE = timedelta(seconds=2)
_PORTS = {"tls": 465, "starttls": 587, "none": 25}


@dataclass(frozen=True, slots=True, kw_only=True)
class Email:
    """A `[[channels]]` table of `type = "email"`."""

    name: str
    host: str
    sender: str
    """`from` in the file."""
    to: tuple[str, ...]
    type: Literal["email"] = "email"
    port: int = 0
    """0: 465 for tls, 587 for starttls, 25 for none."""
    security: Literal["starttls", "tls", "none"] = "starttls"
    username: str | None = None
    password: Secret | None = None
    reply_to: str | None = None
    ca_file: str | None = None
    template: Template | None = None


def recipients(settings: Email) -> tuple[str, ...]:
    """Each address once, as the config writes it."""
    return tuple(dict.fromkeys(settings.to))


def render(settings: Email, outgoing: Outgoing, *, zone: tzinfo = UTC, words: Words | None = None) -> bytes:
    """The mail to the delivery's recipient (CRLF, 7-bit clean). Raises `WatcherError` where none can be made."""
    from watcher.message import mime  # noqa: PLC0415

    return mime.build(
        outgoing,
        sender=settings.sender,
        to=outgoing.recipient,
        reply_to=settings.reply_to,
        zone=zone,
        words=words or {},
    )


def send(
    settings: Email,
    outgoing: Outgoing,
    body: bytes,
    *,
    attempt_at: datetime,  # noqa: ARG001 - one verb for all kinds
    net: Net | None = None,  # noqa: ARG001
) -> str:
    """Hand the mail to the server; its last reply as receipt.

    A 5yz to the sender, the recipient or the mail is `Permanent`. Everything
    before them (connection, greeting, TLS, login) is `Temporary` even at 5yz:
    it says nothing of this mail, and a person who renews a password or a
    certificate must not find the alerts of the meantime dead. Only replies
    about this mail carry a `status`.
    """
    from watcher.message import mime  # noqa: PLC0415

    _, sender = mime.split_address(settings.sender)
    _, to = mime.split_address(outgoing.recipient)
    with _session(settings) as server:
        options: list[str] = []
        if not (sender + to).isascii():
            if not server.has_extn("smtputf8"):
                raise Permanent(f"{settings.host} takes no addresses beyond ASCII (no SMTPUTF8)")
            options = ["SMTPUTF8", "BODY=8BITMIME"]
        _expect(server.mail(sender, options), "sender")
        _expect(server.rcpt(to), "recipient")
        return _expect(_data(server, body), "mail")


def probe(settings: Email, net: Net | None = None) -> str:  # noqa: ARG001
    """Connect, secure and log in as `send` would, and leave. Raises `Temporary`."""
    with _session(settings) as server:
        server.noop()
        login = ", logged in" if settings.username is not None else ""
        return f"{settings.host} answers ({settings.security}{login})"


@contextlib.contextmanager
def _session(settings: Email) -> Iterator[smtplib.SMTP]:
    """A greeted, secured, logged-in session; every failure of the library or the network as `Temporary`."""
    import smtplib  # noqa: PLC0415
    import ssl  # noqa: PLC0415

    port = settings.port or _PORTS[settings.security]
    where = f"{settings.host}:{port}"
    try:
        with (
            socket.create_connection((settings.host, port), STEP.total_seconds()) as connection,
            _deadline(connection),
        ):
            server = _over(connection, settings)
            with contextlib.closing(server):
                _greet(server, settings)
                try:
                    yield server
                finally:
                    _leave(server)
    except ssl.SSLCertVerificationError as error:
        raise Temporary(f"{where}: its certificate is not valid: {error.verify_message}") from error
    except smtplib.SMTPAuthenticationError as error:
        refusal = _reply(error.smtp_code, error.smtp_error)
        raise Temporary(f"{where} refuses the login: {refusal} (check username and password)") from error
    except smtplib.SMTPResponseException as error:
        raise Temporary(f"{where}: {_reply(error.smtp_code, error.smtp_error)}") from error
    except (smtplib.SMTPException, OSError, UnicodeError) as error:
        raise Temporary(f"{where}: {clean(str(error), 200) or type(error).__name__}") from error


@contextlib.contextmanager
def _deadline(connection: socket.socket) -> Iterator[None]:
    """End the connection at the deadline, whatever stands on it by then (TLS takes the socket's descriptor over)."""
    with connection.dup() as handle:
        clock = threading.Timer(DEADLINE.total_seconds(), _hang_up, [handle])
        clock.daemon = True
        clock.start()
        try:
            yield
        finally:
            clock.cancel()
            clock.join()


def _hang_up(handle: socket.socket) -> None:
    with contextlib.suppress(OSError):  # the far side was quicker
        handle.shutdown(socket.SHUT_RDWR)


def _over(connection: socket.socket, settings: Email) -> smtplib.SMTP:
    """A session, nothing said yet, over an open connection.

    `smtplib.SMTP` would connect, greet and shake hands before anybody could
    put a deadline over it; so it is given a connection that is open.
    """
    import smtplib  # noqa: PLC0415

    # A name of our own choosing: the library's default asks the DNS, which can hang for seconds.
    own = socket.gethostname()
    own = own if re.fullmatch(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+", own) else "localhost"
    server = smtplib.SMTP(local_hostname=own, timeout=STEP.total_seconds())
    server._host = settings.host  # type: ignore[attr-defined]  # noqa: SLF001 - the name starttls() verifies
    server.sock = connection
    if settings.security == "tls":
        server.sock = _tls(settings).wrap_socket(connection, server_hostname=settings.host)
    return server


def _greet(server: smtplib.SMTP, settings: Email) -> None:
    """Greeting, STARTTLS and login."""
    import smtplib  # noqa: PLC0415

    code, text = server.getreply()
    if code != 220:
        raise smtplib.SMTPConnectError(code, text)
    server.ehlo_or_helo_if_needed()
    if settings.security == "starttls":
        if not server.has_extn("starttls"):
            raise Temporary(
                f'{settings.host} offers no STARTTLS; nothing is sent in the clear (security = "tls" or "none")'
            )
        server.starttls(context=_tls(settings))
        server.ehlo()
    if settings.username is not None:
        try:
            password = settings.password.reveal() if settings.password else ""
        except WatcherError as error:
            raise Temporary(str(error)) from error
        server.login(settings.username, password)


def _leave(server: smtplib.SMTP) -> None:
    """Say goodbye; what was decided stands, so a server that does not answer holds nobody up."""
    import smtplib  # noqa: PLC0415

    with contextlib.suppress(smtplib.SMTPException, OSError):
        if server.sock is not None:
            server.sock.settimeout(GOODBYE.total_seconds())
            server.quit()


def _tls(settings: Email) -> ssl.SSLContext:
    """A context that verifies the certificate and its name; smtplib's own default verifies nothing."""
    import ssl  # noqa: PLC0415

    return ssl.create_default_context(cafile=settings.ca_file)


def _data(server: smtplib.SMTP, body: bytes) -> tuple[int, bytes]:
    """The reply to the mail, or to the wish to send one where that is refused already."""
    import smtplib  # noqa: PLC0415

    try:
        return server.data(body)
    except smtplib.SMTPDataError as error:
        text = error.smtp_error
        return error.smtp_code, text if isinstance(text, bytes) else text.encode()


def _expect(answer: tuple[int, bytes], what: str) -> str:
    """The reply as a receipt where it is 2yz, else raised by its class."""
    code, text = answer
    reply = _reply(code, text)
    if 200 <= code < 300:
        return reply
    reason = f"{what} refused: {reply}"
    if 500 <= code < 600:
        raise Permanent(reason, status=code)
    raise Temporary(reason, status=code)


def _reply(code: int, text: bytes | str) -> str:
    """A reply on one line; the enhanced code (RFC 3463) stands at the start of its text where the server gives one."""
    said = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return f"{code} {clean(said, 200)}".strip()
