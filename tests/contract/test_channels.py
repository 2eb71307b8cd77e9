"""One suite over every channel, each with a real far side: an SMTP server, an HTTP receiver, a Maildir, a program."""

from __future__ import annotations

import base64
import dataclasses
import email
import email.policy
import io
import json
import mailbox
import os
import select
import socket
import ssl
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from standardwebhooks import Webhook as Verifier

from tests.servers import Reply, Server, serve
from watcher import channels
from watcher.alert import Alert, ArticleNote, Bundle, Content, HitNote, Notice, Outgoing
from watcher.channels import (
    Apprise,
    Channel,
    Command,
    Console,
    Email,
    Maildir,
    Webhook,
    apprise,
    command,
    console,
    smtp,
    webhook,
)
from watcher.message import mail as message
from watcher.message import wording
from watcher.model import Permanent, Temporary, WatcherError
from watcher.net import Net
from watcher.secret import Secret

NOW = datetime(2026, 11, 21, 5, 22, 7, tzinfo=UTC)
SAID = "국경 경비대 취사병이 화요일 탈북했다고 상인들이 전했다."
SCHEMA = json.loads(files("watcher").joinpath("templates/webhook.schema.json").read_text("utf-8"))
SECRET = "whsec_" + base64.b64encode(b"a secret of twenty-four.").decode()
OLDER = "whsec_" + base64.b64encode(b"the one before this one.").decode()


AT = SAID.index("탈북")
HIT = HitNote(
    watchlist="Defections",
    term="*탈북*",
    concept=None,
    field="body",
    snippet=SAID,
    start=AT,
    end=AT + 2,
    marks=((AT, AT + 2),),
)


def alert(identity: str = "a1") -> Alert:
    return Alert(
        id=identity,
        verdict="new",
        watchlists=("Defections",),
        article=ArticleNote(
            id="8f31aa20",
            title="취사병 강 건너 잠적 — 厨师出走, a cook leaves",
            url="https://ledger.example/cook",
            source="강변통신",
            published=NOW,
            language="ko",
            summary=SAID,
            found=NOW,
        ),
        hits=(HIT,),
        new_words=40,
        words=40,
    )


CONTENTS: dict[str, Content] = {
    "alert": alert(),
    "bundle": Bundle(reason="digest", alerts=(alert(), alert("a2")), opened=NOW),
    "notice": Notice(subject="Channel down", text="It is down.", at=NOW),
}


def outgoing(
    settings: Channel, content: Content | None = None, recipient: str | None = None, **changed: Any
) -> Outgoing:
    usual: dict[str, Any] = {
        "id": "5f1f6f4e-0000-5000-8000-000000000001",
        "channel": settings.name,
        "recipient": recipient or channels.module(settings).recipients(settings)[0],
        "content": content or alert(),
        "sequence": 7,
        "created": NOW,
    }
    return Outgoing(**(usual | changed))


def deliver(settings: Channel, each: Outgoing, net: Net | None = None, at: datetime = NOW) -> str:
    kind = channels.module(settings)
    return kind.send(settings, each, render(settings, each), attempt_at=at, net=net)


def render(settings: Channel, each: Outgoing) -> bytes:
    chosen = channels.template(settings)
    words = wording.word(*chosen, each, UTC) if chosen is not None else None
    return channels.module(settings).render(settings, each, words=words)


# --------------------------------------------------------------------------- far sides


@dataclasses.dataclass
class Inbox:
    """What an SMTP server took, and what it answers."""

    port: int = 0
    mails: list[tuple[str, list[str], bytes, list[str]]] = dataclasses.field(default_factory=list)
    rcpt: dict[str, str] = dataclasses.field(default_factory=dict)
    data: str = "250 2.0.0 queued as 7"
    logins: list[tuple[bytes, bytes]] = dataclasses.field(default_factory=list)

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if not self.rcpt.get(address, "250").startswith("2"):
            return self.rcpt[address]
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return self.rcpt.get(address, "250 2.1.5 fine")

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(envelope.content, bytes)
        self.mails.append(
            (envelope.mail_from or "", list(envelope.rcpt_tos), envelope.content, list(envelope.mail_options))
        )
        return self.data

    def login(
        self, _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: LoginPassword
    ) -> AuthResult:
        self.logins.append((data.login, data.password))
        return AuthResult(success=data.password == b"right", handled=False)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for localhost that signs itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(datetime.now(UTC) - timedelta(days=1))
        .not_valid_after(datetime.now(UTC) + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    folder = tmp_path_factory.mktemp("tls")
    chain, private = folder / "cert.pem", folder / "key.pem"
    chain.write_bytes(built.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return chain, private


Post = Callable[..., Inbox]


@pytest.fixture
def post(certificate: tuple[Path, Path]) -> Iterator[Post]:
    """Starts SMTP servers: `post(security="starttls", auth=True, utf8=False)`."""
    with ExitStack() as stack:

        def start(*, security: str = "none", auth: bool = False, utf8: bool = True, **answers: Any) -> Inbox:
            inbox = Inbox(**answers)
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            options: dict[str, Any] = {"enable_SMTPUTF8": utf8}
            if security == "tls":
                options["ssl_context"] = context
            if security == "starttls":
                options |= {"tls_context": context, "require_starttls": True}
            if auth:
                options |= {
                    "authenticator": inbox.login,
                    "auth_required": True,
                    "auth_require_tls": security == "starttls",
                }
            controller = Controller(inbox, hostname="localhost", port=free_port(), **options)
            controller.start()
            stack.callback(controller.stop)
            assert controller.server is not None
            inbox.port = controller.server.sockets[0].getsockname()[1]
            return inbox

        yield start


@pytest.fixture
def receiver() -> Iterator[Server]:
    with serve() as server:
        server.script("/hook", Reply(status=200, body=b"ok", type="text/plain"))
        yield server


@pytest.fixture
def net() -> Iterator[Net]:
    opened = Net(allow=("127.0.0.0/8",))
    yield opened
    opened.close()


def mail_channel(inbox: Inbox, **changed: Any) -> Email:
    usual: dict[str, Any] = {
        "name": "desk", "host": "localhost", "port": inbox.port, "security": "none",
        "sender": "watcher <watcher@example.org>", "to": ("desk@example.org",),
    }  # fmt: skip
    return Email(**(usual | changed))


def hook(server: Server, **changed: Any) -> Webhook:
    return Webhook(**({"name": "hook", "url": server.url("/hook")} | changed))


def chat(server: Server, tmp_path: Path, path: str = "/hook", scheme: str = "json") -> Apprise:
    address = server.url(path).replace("http", scheme, 1)
    return Apprise(name="chat", urls=(secret(tmp_path, address, "address"),))


def secret(tmp_path: Path, text: str, name: str = "secret") -> Secret:
    path = tmp_path / name
    path.write_text(text + "\n", encoding="utf-8")
    return Secret(file=path)


# --------------------------------------------------------------------------- every channel


@pytest.fixture(params=["email", "webhook", "slack", "maildir", "console", "command", "apprise"])
def settings(request: pytest.FixtureRequest, tmp_path: Path, post: Post, receiver: Server) -> Channel:
    made: dict[str, Callable[[], Channel]] = {
        "email": lambda: mail_channel(
            post(), to=("desk@example.org", "night@example.org", "desk@example.org")
        ),
        "webhook": lambda: hook(receiver),
        "slack": lambda: hook(receiver, template=wording.read("slack", tmp_path)),
        "apprise": lambda: chat(receiver, tmp_path),
        "maildir": lambda: Maildir(name="box", path=tmp_path / "outbox"),
        "console": lambda: Console(name="terminal"),
        "command": lambda: Command(
            name="program", command=(sys.executable, "-c", "import sys; sys.stdin.read()")
        ),
    }
    return made[request.param]()


@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS)
def test_a_channel_takes_every_kind_of_content(settings: Channel, content: Content, net: Net) -> None:
    assert deliver(settings, outgoing(settings, content), net)


def test_a_body_is_the_same_every_time_it_is_made(settings: Channel) -> None:
    each = outgoing(settings)
    assert render(settings, each) == render(settings, each)


def test_recipients_are_each_named_once(settings: Channel) -> None:
    found = channels.module(settings).recipients(settings)
    assert found
    assert len(set(found)) == len(found)


def test_a_channel_that_stands_is_found_fine_and_nothing_is_sent(
    settings: Channel, net: Net, receiver: Server, tmp_path: Path
) -> None:
    assert channels.module(settings).probe(settings, net)
    assert not [request for request in receiver.requests if request.method == "POST"]
    assert not list((tmp_path / "outbox").glob("new/*"))


# --------------------------------------------------------------------------- email


def test_a_mail_arrives_whole_in_korean_and_chinese(post: Post) -> None:
    for utf8 in (True, False):
        inbox = post(utf8=utf8)
        assert deliver(mail_channel(inbox), outgoing(mail_channel(inbox))) == "250 2.0.0 queued as 7"
        sender, to, raw, _ = inbox.mails[0]
        mail = email.message_from_bytes(raw, policy=email.policy.default)
        assert (sender, to) == ("watcher@example.org", ["desk@example.org"])
        assert mail["Subject"] == message.subject(alert())
        plain, page = (part.get_content() for part in mail.iter_parts())
        assert "*탈북*했다고" in plain
        assert "<b>탈북</b>했다고" in page
        assert raw.isascii()


def test_a_mail_says_who_sends_it_and_who_is_answered(post: Post) -> None:
    inbox = post()
    settings = mail_channel(inbox, sender="감시 <watcher@example.org>", reply_to="Desk <answers@example.org>")
    deliver(settings, outgoing(settings))
    sender, _, raw, _ = inbox.mails[0]
    mail = email.message_from_bytes(raw, policy=email.policy.default)
    assert sender == "watcher@example.org"
    assert (mail["From"], mail["Reply-To"]) == ("감시 <watcher@example.org>", "Desk <answers@example.org>")
    assert mail["To"] == "desk@example.org"


def test_each_recipient_has_a_delivery_of_its_own(post: Post) -> None:
    inbox = post(rcpt={"gone@example.org": "550 5.1.1 no such user"})
    settings = mail_channel(inbox, to=("gone@example.org", "desk@example.org"))
    with pytest.raises(Permanent, match=r"recipient refused: 550 5\.1\.1 no such user") as refused:
        deliver(settings, outgoing(settings, recipient="gone@example.org"))
    assert refused.value.status == 550
    assert deliver(settings, outgoing(settings, recipient="desk@example.org"))
    assert [mail[1] for mail in inbox.mails] == [["desk@example.org"]]


REPLIES = {
    "250 2.0.0 taken": None,
    "251 will forward": None,
    "421 4.3.2 shutting down": Temporary,
    "450 4.2.1 mailbox busy": Temporary,
    "451 4.7.1 greylisted, try later": Temporary,
    "452 4.2.2 mailbox full": Temporary,
    "500 what": Permanent,
    "550 5.1.1 no such user": Permanent,
    "552 5.2.2 mailbox full": Permanent,
    "554 5.7.1 refused": Permanent,
    "354 what": Temporary,
}


@pytest.mark.parametrize(("reply", "error"), REPLIES.items(), ids=REPLIES)
@pytest.mark.parametrize("step", ["recipient", "mail"])
def test_replies_are_told_apart_by_class(
    post: Post, step: str, reply: str, error: type[WatcherError] | None
) -> None:
    inbox = post(rcpt={"desk@example.org": reply}) if step == "recipient" else post(data=reply)
    settings = mail_channel(inbox)
    if error is None:
        assert deliver(settings, outgoing(settings)) == (reply if step == "mail" else inbox.data)
        return
    with pytest.raises(error) as raised:
        deliver(settings, outgoing(settings))
    assert str(raised.value) == f"{step} refused: {reply}"
    assert raised.value.status == int(reply[:3])  # type: ignore[attr-defined]


@pytest.mark.filterwarnings(
    "ignore:Requiring AUTH while not requiring TLS"
)  # under implicit TLS it has it all along
@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_tls_is_verified_and_a_login_made(
    post: Post, security: str, certificate: tuple[Path, Path], tmp_path: Path
) -> None:
    inbox = post(security=security, auth=True)
    settings = mail_channel(
        inbox,
        security=security,
        ca_file=str(certificate[0]),
        username="desk",
        password=secret(tmp_path, "right"),
    )
    assert deliver(settings, outgoing(settings))
    assert inbox.logins == [(b"desk", b"right")]
    assert smtp.probe(settings) == f"localhost answers ({security}, logged in)"
    for changed, reason in (
        ({"ca_file": None}, "certificate is not valid"),
        ({"host": "127.0.0.1"}, "127.0.0.1"),
    ):
        with pytest.raises(Temporary, match=reason):
            deliver(dataclasses.replace(settings, **changed), outgoing(settings))  # type: ignore[arg-type]
    assert len(inbox.mails) == 1


def test_a_refused_login_is_no_dead_letter(
    post: Post, certificate: tuple[Path, Path], tmp_path: Path
) -> None:
    inbox = post(security="starttls", auth=True)
    settings = mail_channel(
        inbox,
        security="starttls",
        ca_file=str(certificate[0]),
        username="desk",
        password=secret(tmp_path, "wrong"),
    )
    with pytest.raises(Temporary, match=r"refuses the login: 535 .*check username and password") as raised:
        deliver(settings, outgoing(settings))
    assert raised.value.status is None
    with pytest.raises(Temporary, match="cannot read the secret file"):
        deliver(dataclasses.replace(settings, password=Secret(file=tmp_path / "none")), outgoing(settings))


def test_nothing_goes_in_the_clear_where_starttls_is_wanted(post: Post) -> None:
    inbox = post()
    settings = Email(
        name="desk", host="localhost", port=inbox.port, sender="w@example.org", to=("desk@example.org",)
    )
    assert settings.security == "starttls"
    with pytest.raises(Temporary, match="offers no STARTTLS; nothing is sent in the clear"):
        deliver(settings, outgoing(settings))
    assert inbox.mails == []


def test_an_address_beyond_ascii_needs_a_server_that_takes_it(post: Post) -> None:
    for utf8 in (True, False):
        inbox = post(utf8=utf8)
        settings = mail_channel(inbox, to=("편집국@example.org",))
        if utf8:
            deliver(settings, outgoing(settings))
            _, to, raw, options = inbox.mails[0]
            assert to == ["편집국@example.org"]
            assert "SMTPUTF8" in options
            assert "편집국@example.org".encode() in raw
        else:
            with pytest.raises(Permanent, match="no SMTPUTF8"):
                deliver(settings, outgoing(settings))


def free_port() -> int:
    """A port nobody listens on; the kernel gives it to nobody else for a while."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
    return port


@contextmanager
def raw_server(*lines: bytes, drip: bool = False) -> Iterator[int]:
    """A server that says these lines whatever it hears, byte by byte where `drip`, then holds the line."""
    listener = socket.create_server(("127.0.0.1", 0))
    ending = threading.Event()

    def talk() -> None:
        peer, _ = listener.accept()
        with peer:
            try:
                for line in lines:
                    for piece in [line[n : n + 1] for n in range(len(line))] if drip else [line]:
                        peer.sendall(piece)
                        if drip and ending.wait(0.02):
                            return
                    if not drip:
                        peer.recv(1_024)
                ending.wait(10)
            except OSError:
                return

    thread = threading.Thread(target=talk)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        ending.set()
        listener.close()
        thread.join()


def test_a_mail_that_was_taken_stays_taken_when_the_goodbye_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtp, "GOODBYE", timedelta(seconds=0.1))
    with raw_server(
        b"220 hi\r\n", b"250 hi\r\n", b"250 from\r\n", b"250 to\r\n", b"354 go\r\n", b"250 taken\r\n"
    ) as port:
        settings = mail_channel(Inbox(port=port), host="127.0.0.1")
        each = outgoing(settings)
        assert smtp.send(settings, each, b"Subject: short\r\n\r\nx\r\n", attempt_at=NOW) == "250 taken"


@pytest.mark.parametrize("greeting", [b"554 5.7.1 not you\r\n", b"421 busy\r\n", b"HTTP/1.1 400 Bad\r\n\r\n"])
def test_a_server_that_turns_us_away_at_the_door_is_asked_again(greeting: bytes) -> None:
    with raw_server(greeting) as port:
        settings = mail_channel(Inbox(port=port), host="127.0.0.1")
        with pytest.raises(Temporary) as raised:
            deliver(settings, outgoing(settings))
    assert raised.value.status is None


def test_a_server_that_drips_is_left_at_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtp, "DEADLINE", timedelta(seconds=0.3))
    with raw_server(b"220 " + b"x" * 500 + b"\r\n", drip=True) as port:
        settings = mail_channel(Inbox(port=port), host="127.0.0.1")
        began = time.monotonic()
        with pytest.raises(Temporary):
            deliver(settings, outgoing(settings))
    assert time.monotonic() - began < 3


def test_a_server_that_is_not_there() -> None:
    settings = mail_channel(Inbox(port=free_port()), host="127.0.0.1")
    with pytest.raises(Temporary, match=r"127\.0\.0\.1:\d+: .*refused"):
        deliver(settings, outgoing(settings))


# --------------------------------------------------------------------------- webhook


@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS)
@pytest.mark.parametrize("zone", ["UTC", "Asia/Seoul", "America/New_York"])
def test_what_is_posted_holds_to_the_schema_and_its_signature_to_the_library(
    receiver: Server, net: Net, tmp_path: Path, *, content: Content, zone: str
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", zone)
        time.tzset()
        settings = hook(receiver, secrets=(secret(tmp_path, SECRET),))
        assert deliver(settings, outgoing(settings, content), net, at=datetime.now(UTC).astimezone()) == "200"
        request = receiver.last("/hook")
        body = Verifier(SECRET).verify(request.body, dict(request.headers))
    time.tzset()
    jsonschema.Draft202012Validator(SCHEMA).validate(body)
    assert request.headers["content-type"] == "application/json"
    assert request.headers["webhook-id"] == body["id"] == "5f1f6f4e-0000-5000-8000-000000000001"


def test_keys_rotate_without_a_gap(receiver: Server, net: Net, tmp_path: Path) -> None:
    settings = hook(receiver, secrets=(secret(tmp_path, SECRET, "new"), secret(tmp_path, OLDER, "old")))
    deliver(settings, outgoing(settings), net, at=datetime.now(UTC))
    request = receiver.last("/hook")
    assert len(request.headers["webhook-signature"].split(" ")) == 2
    for each in (SECRET, OLDER):
        Verifier(each).verify(request.body, dict(request.headers))


def test_a_retry_has_the_same_id_and_body_and_a_fresh_signature(
    receiver: Server, net: Net, tmp_path: Path
) -> None:
    settings = hook(receiver, secrets=(secret(tmp_path, SECRET),))
    deliver(settings, outgoing(settings), net, at=NOW)
    deliver(settings, outgoing(settings), net, at=NOW + timedelta(minutes=5))
    first, second = receiver.requests
    assert first.body == second.body
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert int(second.headers["webhook-timestamp"]) - int(first.headers["webhook-timestamp"]) == 300
    assert first.headers["webhook-signature"] != second.headers["webhook-signature"]


def judged(status: int) -> tuple[type[WatcherError] | None, int, bool]:
    """What DESIGN §7 says of a status: the error, tries in all (0: the schedule's), whether the channel stops."""
    if 200 <= status < 300:
        return None, 0, False
    if status in {408, 425, 429} or status >= 500 or status < 200:
        return Temporary, 0, False
    return Permanent, 1 if status == 410 else 3, status == 410


@pytest.mark.parametrize("status", range(100, 600))
def test_every_status_is_judged(status: int) -> None:
    from watcher.net import Response  # noqa: PLC0415 - a value, not the network

    response = Response(
        status=status, headers={"retry-after": "90"}, body=b"why\x1b[2J", url="http://x.example/"
    )
    error, tries, gone = judged(status)
    if error is None:
        assert webhook.judge(response, NOW) == str(status)
        return
    with pytest.raises(error) as raised:
        webhook.judge(response, NOW)
    assert str(raised.value).startswith(str(status))
    assert "\x1b" not in str(raised.value)
    if isinstance(raised.value, Permanent):
        assert (raised.value.tries, raised.value.gone) == (tries, gone)
    else:
        assert raised.value.retry_after == timedelta(seconds=90)  # type: ignore[attr-defined]


def test_a_redirect_is_not_followed(receiver: Server, net: Net) -> None:
    receiver.script("/hook", Reply(status=302, headers={"Location": receiver.url("/else")}))
    receiver.script("/else", Reply(status=200))
    settings = hook(receiver)
    with pytest.raises(Permanent, match="302: redirects are not followed; set the url to http"):
        deliver(settings, outgoing(settings), net)
    assert receiver.count("/else") == 0


def test_extra_headers_go_along_but_never_replace_ours(receiver: Server, net: Net, tmp_path: Path) -> None:
    settings = hook(
        receiver,
        secrets=(secret(tmp_path, SECRET),),
        headers={
            "Authorization": secret(tmp_path, "Bearer x", "token"),
            "Webhook-Id": "evil",
            "Content-Type": "text/evil",
        },
    )
    deliver(settings, outgoing(settings), net, at=datetime.now(UTC))
    request = receiver.last("/hook")
    assert request.headers["authorization"] == "Bearer x"
    assert request.headers["content-type"] == "application/json"
    Verifier(SECRET).verify(request.body, dict(request.headers))
    assert {name.lower() for name in webhook._headers(settings)} == {"content-type", "authorization"}


def test_a_missing_or_broken_secret_costs_no_alert_and_is_named(
    receiver: Server, net: Net, tmp_path: Path
) -> None:
    for broken, reason in (
        (hook(receiver, secrets=(Secret(env="WATCHER_NO_SUCH"),)), "WATCHER_NO_SUCH is not set"),
        (hook(receiver, secrets=(secret(tmp_path, "whsec_a"),)), "is not base64"),
        (hook(receiver, url=Secret(file=tmp_path / "none")), "cannot read the secret file"),
        (hook(receiver, headers={"X": secret(tmp_path, "a\r\nEvil: b", "evil")}), "holds a line break"),
    ):
        with pytest.raises(Temporary, match=reason):
            deliver(broken, outgoing(broken), net)
        with pytest.raises(Permanent, match=reason):
            webhook.probe(broken, net)
    assert receiver.requests == []


def test_a_slow_receiver_is_left_at_the_deadline(
    receiver: Server, net: Net, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook, "DEADLINE", timedelta(seconds=0.3))
    receiver.script("/hook", Reply(body=b"x" * 1_000, pause=0.05))
    settings = hook(receiver)
    with pytest.raises(Temporary):
        deliver(settings, outgoing(settings), net)


def test_a_body_of_the_users_own_is_signed_and_headed_like_any_other(
    receiver: Server, net: Net, tmp_path: Path
) -> None:
    (tmp_path / "mine.json.j2").write_text('{ "said": {{ subject|tojson }} }')
    settings = hook(
        receiver,
        template=wording.read("mine.json.j2", tmp_path),
        secrets=(secret(tmp_path, SECRET),),
        headers={"X-Desk": "7"},
    )
    assert deliver(settings, outgoing(settings), net, at=datetime.now(UTC)) == "200"
    request = receiver.last("/hook")
    assert Verifier(SECRET).verify(request.body, dict(request.headers)) == {"said": message.subject(alert())}
    assert request.headers["content-type"] == "application/json"
    assert request.headers["x-desk"] == "7"


@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS)
def test_a_body_without_its_template_holds_to_the_schema_and_says_it_in_text(
    receiver: Server, content: Content
) -> None:
    settings = hook(receiver, template=wording.read("slack", Path()))
    body = json.loads(webhook.render(settings, outgoing(settings, content)))
    jsonschema.Draft202012Validator(SCHEMA).validate(body)
    assert body["text"] == message.plain(content)


# --------------------------------------------------------------------------- apprise


def test_a_service_gets_the_subject_and_the_plain_text(receiver: Server, tmp_path: Path) -> None:
    for content, kind in ((alert(), "info"), (CONTENTS["notice"], "warning")):
        settings = chat(receiver, tmp_path)
        assert deliver(settings, outgoing(settings, content)) == "accepted by JSON"
        got = json.loads(receiver.last("/hook").body)
        assert (got["title"], got["type"]) == (message.subject(content), kind)
        assert got["message"].split() == message.plain(content).split()


def test_what_is_too_long_for_a_service_is_cut(receiver: Server, tmp_path: Path) -> None:
    alerts = tuple(alert(f"a{number}") for number in range(400))
    settings = chat(receiver, tmp_path)
    deliver(settings, outgoing(settings, Bundle(reason="digest", alerts=alerts, opened=NOW)))
    assert receiver.count("/hook") == 1
    (request,) = receiver.requests
    assert len(json.loads(request.body)["message"]) <= 32_768


@pytest.mark.parametrize(
    ("path", "reply", "reason"),
    [
        ("/hook", Reply(status=503), "apprise could not deliver it: .*error=503"),
        ("/hook", Reply(status=410), "apprise could not deliver it: .*error=410"),
        ("/verysecret/hook", Reply(status=404), "apprise could not deliver it"),
        ("/hook", Reply(body=b"x" * 2_000, pause=0.5), r"did not end within 0\.3 s"),
    ],
    ids=["503", "410", "a secret in its words", "one that drips"],
)
def test_a_service_that_fails_is_tried_again(
    receiver: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, path: str, reply: Reply, reason: str
) -> None:
    settings = chat(receiver, tmp_path, path)
    if reply.pause:
        monkeypatch.setattr(apprise, "DEADLINE", timedelta(seconds=0.3))
    receiver.script(path, reply)
    with pytest.raises(Temporary, match=reason) as raised:
        deliver(settings, outgoing(settings))
    assert "verysecret" not in str(raised.value)


def test_what_a_service_raises_is_tried_again_without_its_keys() -> None:
    def fail() -> None:
        raise RuntimeError("json://key-of-mine@host said no")

    with pytest.raises(Temporary, match=r"apprise failed: RuntimeError: json://…@host said no"):
        apprise._within(timedelta(seconds=5), fail, "json://key-of-mine@host")


def test_an_address_that_no_service_has_costs_no_alert(receiver: Server, tmp_path: Path) -> None:
    nowhere = chat(receiver, tmp_path, scheme="nosuchservice")
    missing = Apprise(name="chat", urls=(Secret(env="WATCHER_NO_SUCH"),))
    for settings, reason in ((nowhere, "no address of a service"), (missing, "WATCHER_NO_SUCH is not set")):
        with pytest.raises(Temporary, match=reason):
            deliver(settings, outgoing(settings))
        with pytest.raises(Permanent, match=reason):
            apprise.probe(settings)
    with pytest.raises(Temporary, match="no longer among the urls"):
        deliver(nowhere, outgoing(nowhere, recipient="env GONE"))


def test_without_the_extra_it_is_named(
    receiver: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    settings = chat(receiver, tmp_path)
    with pytest.raises(Temporary, match=r"pip install 'watcher\[apprise\]'"):
        deliver(settings, outgoing(settings))


# --------------------------------------------------------------------------- maildir


def test_a_mail_program_finds_the_mail(tmp_path: Path) -> None:
    settings = Maildir(name="box", path=tmp_path / "deep" / "outbox")
    deliver(settings, outgoing(settings))
    box = mailbox.Maildir(settings.path, factory=None, create=False)
    found = [email.message_from_bytes(box.get_bytes(key), policy=email.policy.default) for key in box.keys()]  # noqa: SIM118
    assert [mail["Subject"] for mail in found] == [message.subject(alert())]
    assert not list((settings.path / "tmp").iterdir())
    assert b"\r" not in next((settings.path / "new").iterdir()).read_bytes()


@pytest.mark.parametrize("place", ["new", "cur"])
def test_a_repeat_after_a_crash_makes_no_second_mail(tmp_path: Path, place: str) -> None:
    settings = Maildir(name="box", path=tmp_path / "outbox")
    name = deliver(settings, outgoing(settings))
    if place == "cur":
        (settings.path / "new" / name).rename(settings.path / "cur" / f"{name}:2,S")
    assert deliver(settings, outgoing(settings)) == f"{name} was there"
    assert len(list(settings.path.glob("[nc]*/*"))) == 1


def test_a_draft_left_by_a_crash_is_written_anew(tmp_path: Path) -> None:
    settings = Maildir(name="box", path=tmp_path / "outbox")
    name = deliver(settings, outgoing(settings))
    whole = (settings.path / "new" / name).read_bytes()
    (settings.path / "new" / name).unlink()
    (settings.path / "tmp" / name).write_bytes(whole[:100])
    deliver(settings, outgoing(settings))
    assert (settings.path / "new" / name).read_bytes() == whole


def test_a_folder_that_cannot_be_written_is_tried_again(tmp_path: Path) -> None:
    (tmp_path / "outbox").write_text("a file")
    settings = Maildir(name="box", path=tmp_path / "outbox")
    with pytest.raises(Temporary, match=r"cannot write to .*outbox"):
        deliver(settings, outgoing(settings))
    with pytest.raises(Permanent, match="cannot make"):
        channels.module(settings).probe(settings)


# --------------------------------------------------------------------------- console


class Terminal(io.TextIOWrapper):
    """A stream that says whether it is a terminal."""

    tty = False

    def isatty(self) -> bool:
        return self.tty


def shown(encoding: str = "utf-8", *, tty: bool = False) -> str:
    settings = Console(name="terminal")
    stream = Terminal(io.BytesIO(), encoding=encoding)
    stream.tty = tty
    each = outgoing(settings)
    console.send(settings, each, console.render(settings, each), attempt_at=NOW, stream=stream)
    stream.seek(0)
    return stream.read()


def test_a_terminal_shows_hits_in_bold_and_a_file_gets_plain_text() -> None:
    assert "\x1b[1;33m탈북\x1b[0m" in shown(tty=True)
    assert "\x1b" not in shown()
    assert "*탈북*했다고" in shown()
    assert "NEW · Defections · 강변통신 (ko)" in shown()


def test_a_terminal_that_knows_no_korean_is_written_to_all_the_same() -> None:
    assert "Defections" in shown("ascii")


def test_a_closed_terminal_is_tried_again() -> None:
    settings = Console(name="terminal")
    stream = io.StringIO()
    stream.close()
    with pytest.raises(Temporary, match="cannot write to the terminal"):
        console.send(settings, outgoing(settings), b"x", attempt_at=NOW, stream=stream)


# --------------------------------------------------------------------------- command


def program(script: str, seconds: float = 20) -> Command:
    return Command(name="program", command=("sh", "-c", script), timeout=timedelta(seconds=seconds))


def test_a_program_gets_the_alert_as_json_on_its_input(tmp_path: Path) -> None:
    settings = program(f"cat > {tmp_path}/got")
    assert deliver(settings, outgoing(settings)) == "exit 0"
    got = json.loads((tmp_path / "got").read_text("utf-8"))
    jsonschema.Draft202012Validator(SCHEMA).validate(got)
    assert got["data"]["article"]["title"] == alert().article.title


def test_no_shell_stands_between(tmp_path: Path) -> None:
    settings = Command(name="program", command=("touch", f"{tmp_path}/a; touch {tmp_path}/b"))
    with pytest.raises(Permanent):
        deliver(settings, outgoing(settings))
    assert not list(tmp_path.iterdir())


EXITS = {
    "fine": ("exit 0", None, ""),
    "one that reads nothing is fine": ("exec <&-; exit 0", None, ""),
    "75 asks for later": ("echo busy >&2; exit 75", Temporary, "exit 75: busy"),
    "others say the last line of stderr": ("echo one >&2; echo two >&2; exit 3", Permanent, "exit 3: two"),
    "its words are cleaned": (r"printf 'a\033[2Jb\n' >&2; exit 1", Permanent, "exit 1: a[2Jb"),
    "a flood on both outputs": (
        "yes | head -c 300000; yes | head -c 300000 >&2; exit 4",
        Permanent,
        "exit 4: y",
    ),
    "a signal": ("kill -TERM $$", Permanent, "killed by SIGTERM"),
}


@pytest.mark.parametrize(("script", "error", "reason"), EXITS.values(), ids=EXITS)
def test_exit_codes_are_told_apart(script: str, error: type[WatcherError] | None, reason: str) -> None:
    settings = program(script)
    if error is None:
        assert deliver(settings, outgoing(settings)) == "exit 0"
        return
    with pytest.raises(error) as raised:
        deliver(settings, outgoing(settings))
    assert str(raised.value) == reason
    assert raised.value.status is None, "an exit code is no HTTP status"  # type: ignore[attr-defined]
    if isinstance(raised.value, Permanent):
        assert raised.value.tries == 3


def test_a_program_that_hangs_is_killed_with_its_children(tmp_path: Path) -> None:
    fifo = tmp_path / "alive"
    os.mkfifo(fifo)
    settings = program(f"(exec 3<>{fifo}; echo child >&2; sleep 60) & echo parent >&2; wait", 0.5)
    # The child holds the write end; when it dies, the reader sees the end of the file.
    reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    began = time.monotonic()
    with pytest.raises(Temporary, match=r"killed after 0\.5 s"):
        deliver(settings, outgoing(settings))
    assert time.monotonic() - began < 5
    assert select.select([reader], [], [], 5)[0], "the child lives on"
    assert os.read(reader, 1) == b""
    os.close(reader)


def test_a_child_left_behind_holds_nothing_up() -> None:
    settings = program("sleep 30 & exit 0")
    began = time.monotonic()
    assert deliver(settings, outgoing(settings)) == "exit 0"
    assert time.monotonic() - began < 5


def test_a_program_that_is_not_there_is_named() -> None:
    settings = Command(name="program", command=("/no/such/program",))
    with pytest.raises(Temporary, match="cannot run /no/such/program"):
        deliver(settings, outgoing(settings))
    with pytest.raises(Permanent, match="is not a program"):
        command.probe(settings)
