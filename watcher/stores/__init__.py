"""What a store promises: it owns the truth (seen, due, owed); engines own only wake-ups.

Reads go through `Store.read` (a snapshot for one thread), writes through
`Store.write(work)`: `work` gets a `Writer` inside one transaction that is
durable when the call returns, or leaves nothing when it raises. Claims lease
rows under a fencing token; what a claim's holder writes is kept only while
the token is still the row's own (else the verb returns False).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from watcher.alert import Alert, Bundle, StoryNote
from watcher.model import Scan
from watcher.mutes import Mute
from watcher.stores.claims import DeliveryClaim, ItemClaim, SourceClaim, SourceSpec
from watcher.stores.decisions import ArticleRow, MatchRow, NewDelivery, NextLook, Settlement
from watcher.stores.documents import Document, Found, NewDocument
from watcher.stores.views import (
    AddedText,
    AlertView,
    ArticleView,
    ChannelState,
    DeliveryView,
    Due,
    SourceView,
    StoredText,
    StoryText,
    Take,
    Usage,
)

T = TypeVar("T")

Split = Callable[[str, Bundle], Sequence[Bundle]]
"""How a channel (its name) wants a bundle: whole, or in parts that its receiver takes."""


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
