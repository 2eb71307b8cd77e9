"""The other side of a daemon that is killed: a mail server and a webhook receiver on loopback that count what came.

Both are real servers. What came is kept apart by mail address and by path,
raw: an id that came twice stands there twice.
"""

from __future__ import annotations

import email
import email.policy
import json
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from aiosmtpd.controller import Controller

from tests.servers import Reply, Request, Server, serve


@dataclass(frozen=True, slots=True)
class Arrival:
    """One request or mail: its id, and the titles of the articles it tells of (a bundle of several)."""

    id: str
    titles: tuple[str, ...]


class Receivers:
    """What arrived, by mail address (in lower case) and by webhook path. Thread-safe."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.smtp = 0
        """The mail server's port."""
        self._changed = threading.Condition()
        self._arrived: defaultdict[str, list[Arrival]] = defaultdict(list)

    def hook(self, path: str) -> str:
        """Open a webhook receiver at `path`; its URL."""
        self.server.script(path, self._post)
        return self.server.url(path)

    def at(self, place: str) -> list[Arrival]:
        """What arrived at a mail address or webhook path, in order, repeats included."""
        with self._changed:
            return list(self._arrived[place])

    def wait(self, enough: Callable[[], bool], seconds: float = 30.0) -> bool:
        """Wait until `enough` holds, looking whenever something arrives and every 10 ms; False if it never did."""
        with self._changed:
            for _ in range(int(seconds * 100)):
                if enough():
                    return True
                self._changed.wait(0.01)
        return False

    def _post(self, request: Request) -> Reply:
        body = json.loads(request.body)
        assert body["id"] == request.headers["webhook-id"]
        alerts = body["data"]["alerts"] if body["type"] == "bundle" else [body["data"]]
        if body["type"] != "health":
            self._take(request.path, body["id"], [alert["article"]["title"] for alert in alerts])
        return Reply(status=200, body=b"ok", type="text/plain")

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        text = mail.get_body(("plain",)).get_content()  # type: ignore[attr-defined]
        titles = [word for word in text.split() if word.startswith("Report-")]
        self._take(envelope.rcpt_tos[0].lower(), mail["message-id"], sorted(set(titles)))
        return "250 taken"

    def _take(self, place: str, id_: str, titles: Sequence[str]) -> None:
        with self._changed:
            self._arrived[place].append(Arrival(id_, tuple(titles)))
            self._changed.notify_all()


class _PostOffice(Controller):
    """A mail server on whatever port is free."""

    def _trigger_server(self) -> None:
        self.port = self.server.sockets[0].getsockname()[1]  # type: ignore[union-attr]
        super()._trigger_server()


@contextmanager
def receivers() -> Iterator[Receivers]:
    """Both servers, running."""
    with serve() as server:
        made = Receivers(server)
        office = _PostOffice(made, hostname="127.0.0.1", port=0)
        office.start()
        made.smtp = office.port
        try:
            yield made
        finally:
            office.stop()
