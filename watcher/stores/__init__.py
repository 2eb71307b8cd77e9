"""What a store promises: it owns the truth (seen, due, owed); engines own only wake-ups.

Reads go through `Store.read` (a snapshot for one thread), writes through
`Store.write(work)`: `work` gets a `Writer` inside one transaction that is
durable when the call returns, or leaves nothing when it raises. Claims lease
rows under a fencing token; what a claim's holder writes is kept only while
the token is still the row's own (else the verb returns False).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, Protocol, TypeVar

from watcher.alert import Alert, Bundle, Content, StoryNote
from watcher.model import Entry, HoldReason, Scan, Span, Verdict
from watcher.mutes import Mute

T = TypeVar("T")

Split = Callable[[str, Bundle], Sequence[Bundle]]
"""How a channel (its name) wants a bundle: whole, or in parts that its receiver takes."""

Origin = Literal["seed", "added", "baseline", "article"]
"""Where a document came from. All but `article` are known to every watchlist."""

# --------------------------------------------------------------------------- what config tells the store


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceSpec:
    """A source as the config names it. `key` is its identity (normalised URL or path), the name a label."""

    key: str
    kind: Literal["feed", "folder"]
    name: str
    group: str = ""
    host: str = ""


# --------------------------------------------------------------------------- claims: what is read to decide


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceClaim:
    """A source to poll now."""

    id: int
    token: int
    key: str
    kind: Literal["feed", "folder"]
    name: str
    cursor: dict[str, Any]
    baseline: bool
    """No poll has succeeded yet, or none for 7 days: what it gives is known, not news, but for `catch_up`."""
    failures: int
    moved_to: str | None
    last_success: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemClaim:
    """An item to judge now. `judgement` counts from 0; each later text of the item is one more."""

    id: int
    token: int
    key: str
    """Source key and entry key: what ids are derived from."""
    source_id: int
    source_key: str
    source_kind: Literal["feed", "folder"]
    source: str
    outlet: str
    entry: Entry
    judgement: int
    stage: Literal["first", "page", "again"]
    """first: nothing judged yet or a revision came; page: the summary was judged, the page is still wanted;
    again: the page of an alerted article is looked at once more."""
    tries: int
    mode: Literal["news", "catch-up", "known"]
    first_seen: datetime
    previous: str | None = None
    """The article id of this item's last judgement."""
    looks: int = 0
    earlier: int | None = None
    """The item that this one is the next take of: a wire's update of its flash. `previous` is then an article of it."""

    @property
    def items(self) -> frozenset[int | None]:
        """The items whose earlier texts are this one's own."""
        return frozenset({self.id, self.earlier or self.id})


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryClaim:
    """A delivery to send now. `body` is what an earlier try rendered, sent again unchanged."""

    id: str
    token: int
    channel: str
    recipient: str
    content: Content
    body: bytes | None
    sequence: int
    attempts: int
    created: datetime
    thread_ids: tuple[str, ...] = ()


# --------------------------------------------------------------------------- the corpus


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A stored text, or its fingerprint only. `shape` is `Fingerprint.to_bytes()`."""

    id: int
    article: str | None
    origin: Origin
    title: str
    url: str | None
    source: str
    outlet: str
    published: datetime | None
    stored: datetime
    words: float
    cluster: int
    story: str | None
    shape: bytes
    item: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDocument:
    """A document to store. `key` makes storing it twice harmless. `cluster` None: a cluster of its own."""

    key: str
    origin: Origin
    title: str
    text: str | None
    shape: bytes
    sample: Sequence[int]
    """Signed 64-bit hashes to index."""
    words: float
    url: str | None = None
    source: str = ""
    outlet: str = ""
    published: datetime | None = None
    language: str | None = None
    article: str | None = None
    item: int | None = None
    cluster: int | None = None
    story: str | None = None
    title_key: int | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """What a look-up of sample hashes gave: documents by shared hashes (most first), and boilerplate hashes."""

    documents: tuple[Document, ...]
    boilerplate: frozenset[int]
    newest: int
    """The highest document id the look-up could see."""


# --------------------------------------------------------------------------- decisions: what will be written


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchRow:
    """A watchlist that holds on an article, whether it alerts, and why or why not."""

    watchlist: str
    alerts: bool
    reason: str
    hits: str
    """JSON list of hits, each with `term`, `concept`, `field`, `start`, `end`, `subject`, `novel`."""
    condition: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleRow:
    """One judgement of an item, as kept."""

    id: str
    item: int
    judgement: int
    document: int
    title: str
    url: str | None
    source_id: int
    source: str
    outlet: str
    author: str | None
    published: datetime | None
    found: datetime
    language: str | None
    words: float
    new_words: float
    verdict: Verdict
    reason: str
    novel: tuple[Span, ...]
    look_alikes: str
    """JSON list: document, id, url, title, source, containment, contained, shared_words, spans."""
    story: str | None
    partial: bool = False
    resurfaced_seed: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDelivery:
    """A delivery as decided: due at `due`, or held until then for `hold` (None as `due`: until its bundle opens)."""

    id: str
    channel: str
    recipient: str
    content: Content
    created: datetime
    due: datetime | None
    hold: HoldReason | None = None
    alert: str | None = None
    story: str | None = None
    watchlists: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NextLook:
    """When an item is due again, and for what."""

    stage: Literal["first", "page", "again"]
    due: datetime
    judgement: int
    tries: int = 0
    looks: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """What one try at a delivery came to: done, due again at `retry`, or dead; always with the reason."""

    state: Literal["done", "due", "dead"]
    reason: str
    at: datetime
    retry: datetime | None = None
    counts: bool = True
    """False: waited for a broken channel, not an attempt."""
    body: bytes | None = None


# --------------------------------------------------------------------------- views: what people are shown


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceView:
    """A source's health. `state`: ok, waiting (never polled), failing, gone (410), removed (not in the config)."""

    id: int
    key: str
    kind: str
    name: str
    group: str
    state: str
    last_attempt: datetime | None
    last_success: datetime | None
    next_poll: datetime | None
    failures: int
    failing_since: datetime | None
    error: str | None
    problems: tuple[str, ...]
    items: int
    pending: int
    newest: datetime | None
    moved_to: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertView:
    """An alert, or (held) a match that did not alert, and why. `state`: sent, due, held, dead, silent, muted."""

    id: str
    article: str
    created: datetime
    state: str
    verdict: str
    watchlists: tuple[str, ...]
    title: str
    url: str | None
    source: str
    reason: str
    story: str | None
    deliveries: int = 0
    until: datetime | None = None
    alert: Alert | None = None
    muted: tuple[tuple[str, str], ...] = ()
    """Watchlists that are not told, each with the mute that says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try at a delivery."""

    at: datetime
    outcome: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryView:
    """A delivery. `state`: due, held, bundled, done, dead, muted."""

    id: str
    kind: str
    channel: str
    recipient: str
    state: str
    hold: str | None
    created: datetime
    due: datetime | None
    attempts: int
    reason: str
    subject: str
    alert: str | None
    bundle: str | None
    tries: tuple[Attempt, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleView:
    """A stored article with everything decided about it. `text` is None once past `keep_text`."""

    row: ArticleRow
    text: str | None
    matches: tuple[MatchRow, ...]
    alert: Alert | None
    alert_state: str | None
    deliveries: tuple[DeliveryView, ...]
    item_key: str
    path: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredText:
    """A stored article as `backtest` and `check --stored` run over it."""

    article: str
    title: str
    text: str
    url: str | None
    source: str
    author: str | None
    language: str | None
    found: datetime
    alerted: tuple[str, ...]
    """The watchlists it alerted."""
    document: int
    story: str | None
    novel: tuple[Span, ...]
    matched: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AddedText:
    """A document that was given as known (the config's `corpus`, `corpus add`), with its text. None was ever judged."""

    id: str
    title: str
    text: str
    url: str | None
    source: str
    language: str | None


@dataclass(frozen=True, slots=True)
class StoryText:
    """A document that belongs to a story, an article or one that was added, with its text."""

    document: int
    story: str
    title: str
    text: str
    at: datetime
    """When it was published, else when it was stored."""


@dataclass(frozen=True, slots=True)
class Take:
    """An article as far as its next take is told by it."""

    article: str
    item: int
    title: str
    story: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelState:
    """A channel's breaker: `failures` in a row; open until `retry` where open; disabled for good with `reason`."""

    name: str
    failures: int = 0
    retry: datetime | None = None
    disabled: bool = False
    reason: str = ""
    since: datetime | None = None
    probes: int = 0
    waiting: int = 0
    template: str = ""
    """What is wrong with its template; empty where nothing is, or there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What the store holds."""

    documents: int
    articles: int
    alerts: int
    bytes: int
    text_bytes: int
    oldest: datetime | None


@dataclass(frozen=True, slots=True)
class Due:
    """The earliest time something of each verb is due; None: nothing is."""

    poll: datetime | None = None
    judge: datetime | None = None
    deliver: datetime | None = None
    bundle: datetime | None = None


class Reader(Protocol):
    """One thread's snapshot reads."""

    # corpus
    def look_up(self, sample: Sequence[int], *, after: int = 0, limit: int = 20) -> Found: ...
    def reported(self, documents: Sequence[int]) -> Mapping[int, frozenset[str]]:
        """For each document the watchlists that reported it."""
        ...

    def titled(self, title_key: int) -> tuple[Document, ...]: ...
    def titles_known(self, title_keys: Sequence[int]) -> frozenset[int]: ...
    def text(self, document: int) -> str | None: ...
    def document(self, document: int) -> Document | None: ...
    def export(self) -> Iterator[tuple[Document, str | None]]:
        """Every document, oldest first, streamed."""
        ...

    def story(self, story: str) -> StoryNote | None: ...

    # what people ask
    def sources(self) -> tuple[SourceView, ...]: ...
    def alerts(
        self, *, held: bool = False, muted: bool = False, limit: int = 1000
    ) -> tuple[AlertView, ...]: ...
    def mutes(self, now: datetime | None = None) -> tuple[Mute, ...]:
        """The mutes in force at `now`, oldest first; without `now` all there ever were."""
        ...

    def deliveries(self, *, state: str | None = None, limit: int = 1000) -> tuple[DeliveryView, ...]: ...
    def channels(self) -> tuple[ChannelState, ...]: ...
    def article(self, target: str) -> ArticleView | None:
        """By article id or its first characters, by URL, by alert or delivery id, or by the path of a taken file."""
        ...

    def articles(self, *, since: datetime | None = None) -> Iterator[StoredText]: ...
    def added(self, *, since: datetime | None = None) -> Iterator[AddedText]:
        """Documents given as known, with their text, in the order they came; of fingerprints alone none."""
        ...

    def told(self, *, since: datetime, limit: int) -> Iterator[StoryText]:
        """Of the documents stored since then that belong to a story the latest, in the order they came."""
        ...

    def lately(self, source: int, since: datetime) -> Sequence[Take]:
        """What a source carried since then, the newest first."""
        ...

    def publication_times(self) -> Mapping[int, tuple[datetime, ...]]:
        """For each source the publication times of its latest articles, at most 20."""
        ...

    def usage(self) -> Usage: ...
    def watchlists(self) -> Mapping[str, datetime]:
        """Each watchlist with the time it first stood in the config."""
        ...

    def next_due(self, now: datetime, *, channels: Sequence[str] = ()) -> Due:
        """When something is due next; deliveries only of these channels."""
        ...

    def check(self) -> tuple[str, ...]:
        """Integrity problems, none where all is well."""
        ...


class Writer(Reader, Protocol):
    """The verbs of one writing transaction."""

    # config
    def register(
        self, sources: Sequence[SourceSpec], watchlists: Sequence[str], channels: Sequence[str], now: datetime
    ) -> None: ...
    def orphan(self, channels: Sequence[str], now: datetime) -> int:
        """Deliveries to channels no longer in the config are dead with that reason, and revive with the name."""
        ...

    def moved(self, addresses: Mapping[str, str], now: datetime) -> tuple[str, ...]:
        """Give channels whose address is another than it was a new start, with what waits; their names."""
        ...

    # poll
    def due_now(self, now: datetime) -> None:
        """Make every folder due at once."""
        ...

    def claim_sources(self, now: datetime, *, limit: int, lease: timedelta) -> tuple[SourceClaim, ...]: ...
    def keep(
        self, claim: SourceClaim, scan: Scan, *, now: datetime, due: datetime, catch_up: timedelta
    ) -> int | None:
        """Keep a scan: cursor, unseen and changed entries as pending items. The number of them; None: lease lost."""
        ...

    def fail(self, claim: SourceClaim, reason: str, *, now: datetime, due: datetime | None) -> bool:
        """Record a failed poll; `due` None stops the source (gone)."""
        ...

    # judge
    def claim_items(self, now: datetime, *, limit: int, lease: timedelta) -> tuple[ItemClaim, ...]: ...
    def holds(self, claim: ItemClaim) -> bool:
        """Whether the claim's lease is still its own."""
        ...

    def store(self, document: NewDocument, now: datetime) -> int:
        """Store and index a document; its id (the old one's, where the key is known)."""
        ...

    def stock(self, document: NewDocument, now: datetime) -> bool:
        """As `store`; whether the document was new."""
        ...

    def file(self, article: ArticleRow, matches: Sequence[MatchRow]) -> None: ...
    def raise_alert(
        self,
        alert: Alert,
        *,
        article: str,
        story: str | None,
        now: datetime,
        deliveries: Sequence[NewDelivery],
        muted: Mapping[str, str],
    ) -> None:
        """Keep an alert with what is owed for it. `muted`: watchlists that are not told, with the mute that says so."""
        ...

    def finish(
        self, claim: ItemClaim, *, article: str | None, next_look: NextLook | None, reason: str = ""
    ) -> None:
        """Release an item: judged for now (`article` its newest judgement), or due again."""
        ...

    def postpone(self, claim: ItemClaim, reason: str, *, due: datetime | None, tries: int) -> bool:
        """Not judged: try again at `due`, or give up with the reason."""
        ...

    def learn(self, boilerplate: Sequence[int]) -> None:
        """Remember hashes found to be boilerplate."""
        ...

    def sent_since(self, watchlist: str, since: datetime) -> int:
        """How many alerts of a watchlist since then were to go on their own (not in a bundle, but for the brake's)."""
        ...

    def braked(self, watchlist: str, now: datetime) -> datetime | None:
        """Until when the storm brake already holds alerts of a watchlist."""
        ...

    def story_alerts(self, story: str, watchlist: str, since: datetime) -> tuple[int, datetime | None]:
        """How many alerts of a watchlist a story raised since then, and when the first of them was decided."""
        ...

    def story_texts(self, story: str, watchlist: str, since: datetime) -> tuple[str, ...]:
        """The texts that a watchlist was alerted of a story since then, newest first, the latest 20."""
        ...

    def resurfacings(self, seed: int, since: datetime) -> tuple[frozenset[str], bool]:
        """The outlets that carried a seed since then, and whether an alert was raised for it since then."""
        ...

    def alerted(self, item: int) -> frozenset[str]:
        """The watchlists that an item has alerted, with any of its texts."""
        ...

    def revisions_wait(self, item: int, now: datetime, every: timedelta) -> datetime | None:
        """Until when revisions of an item wait, where one was told less than `every` ago."""
        ...

    # deliver
    def claim_deliveries(
        self, now: datetime, *, limit: int, lease: timedelta, channels: Sequence[str]
    ) -> tuple[DeliveryClaim, ...]: ...
    def freeze(self, claim: DeliveryClaim, body: bytes) -> bool: ...
    def settle(self, claim: DeliveryClaim, settlement: Settlement) -> bool: ...
    def trouble(self, channel: ChannelState) -> None:
        """Keep a channel's breaker."""
        ...

    def misworded(self, channel: str, fault: str) -> None:
        """Keep what is wrong with a channel's template; empty: nothing any more."""
        ...

    def open_bundles(
        self,
        now: datetime,
        *,
        split: Split,
        health: str,
        groups: bool = False,
    ) -> int:
        """Open every bundle that is due: members, mutes and ids are fixed here. How many deliveries came of it.

        `split` says how a channel wants a bundle cut; `groups`: also what waits only for `group_wait`.
        """
        ...

    def post(self, deliveries: Sequence[NewDelivery]) -> int:
        """Owe deliveries that belong to no alert: notices, tests. How many were not owed before."""
        ...

    def retry(self, ids: Sequence[str], *, dead: bool, now: datetime) -> int:
        """Make deliveries due now: the named ones (or every dead one). How many."""
        ...

    def mute(self, mute: Mute) -> int:
        """Keep a mute (its `id` is not read); its number."""
        ...

    def unmute(self, mute: int, now: datetime) -> bool:
        """End a mute now; False where none of that number is in force."""
        ...

    # upkeep
    def release_all(self, now: datetime) -> None:
        """Clear every lease and make what it held due: the daemon that held them is gone."""
        ...

    def bring_forward(self, now: datetime) -> timedelta:
        """Where a source was looked at later than `now`, make what waits due as much sooner; how far the clock was off.

        What waits for a time of day goes on waiting for it, whole days sooner.
        """
        ...

    def prune(self, *, text_before: datetime, before: datetime) -> int:
        """One step of letting go of article texts and articles older than that; 0 when nothing is left to let go.

        What a feed still lists stays known, and so do seeds and added documents. With an article goes the
        record of its judgement, unless it alerted.
        """
        ...

    def fold(self) -> int:
        """One step of folding what the index took in lately on to where it stays; 0 when there is nothing to fold."""
        ...


class Store(Protocol):
    """The store of one watcher. Commands beside the daemon open it too; the daemon locks it against a second one."""

    def lock(self) -> None:
        """Become the one daemon on this store. Raises `Running` where there is one."""
        ...

    @property
    def read(self) -> Reader: ...
    def write(self, work: Callable[[Writer], T]) -> T:
        """Run `work` in one transaction; its result once it is durable. Raises `Unavailable`: nothing of it stands."""
        ...

    def seal(self) -> None:
        """Commit what is under way and refuse every later write (`WatcherError`); reads go on."""
        ...

    def close(self) -> None: ...
