"""What every store must hold to, tried on the real one: leases, fencing, whole transactions, nothing lost.

A second kind of store joins by adding its opener to `OPENERS`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from watcher.alert import Alert, ArticleNote, Bundle, Notice, StoryNote
from watcher.model import Entry, HoldReason, Running, Scan, Verdict
from watcher.novelty import fingerprint
from watcher.pipeline.stocking import signed
from watcher.stores import Store, Writer
from watcher.stores.claims import DeliveryClaim, ItemClaim, SourceSpec
from watcher.stores.decisions import ArticleRow, MatchRow, NewDelivery, NextLook, Settlement
from watcher.stores.documents import NewDocument
from watcher.stores.sqlite import SqliteStore
from watcher.stores.views import ChannelState

Opener = Callable[[Path], Store]
OPENERS: dict[str, Opener] = {"sqlite": lambda folder: SqliteStore(folder / "watcher.db")}

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
LEASE = timedelta(minutes=5)
DAY = timedelta(days=1)
PAPER = SourceSpec(key="https://paper.example/feed", kind="feed", name="Paper")
TIPS = SourceSpec(key="/srv/tips", kind="folder", name="Tips")


@pytest.fixture(params=OPENERS)
def again(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], Store]]:
    """Open the same store, as often as asked: another process would."""
    opened: list[Store] = []

    def open_() -> Store:
        opened.append(OPENERS[request.param](tmp_path))
        return opened[-1]

    yield open_
    for store in opened:
        store.close()


@pytest.fixture
def store(again: Callable[[], Store]) -> Store:
    made = again()
    register(made)
    return made


def register(
    store: Store,
    sources: Sequence[SourceSpec] = (PAPER, TIPS),
    channels: Sequence[str] = ("desk", "hook"),
    now: datetime = NOW,
) -> None:
    def both(w: Writer) -> None:
        w.register(sources, ("Defections",), channels, now)
        w.orphan(channels, now)

    store.write(both)


def entry(number: int, text: str = "") -> Entry:
    said = text or f"Report {number} of the harbour."
    return Entry(key=f"guid{number}", title=f"Report {number}", text=said, content_hash=said)


def poll(store: Store, *entries: Entry, now: datetime = NOW) -> None:
    """Claim everything due and keep these entries for the paper."""
    for claim in store.write(lambda w: w.claim_sources(now, limit=10, lease=LEASE)):
        scan = Scan(cursor={"etag": now.isoformat()}, entries=entries if claim.kind == "feed" else ())
        store.write(lambda w, c=claim, s=scan: w.keep(c, s, now=now, due=now + DAY, catch_up=DAY))  # type: ignore[misc]


def items(store: Store, now: datetime = NOW) -> tuple[ItemClaim, ...]:
    return store.write(lambda w: w.claim_items(now, limit=50, lease=LEASE))


def article(w: Writer, claim: ItemClaim, now: datetime = NOW) -> str:
    """Judge an item, as far as the store is concerned; its article's id."""
    shape = fingerprint(claim.entry.text)
    id_ = f"a-{claim.id}-{claim.judgement}"
    document = w.store(
        NewDocument(
            key=id_,
            origin="article",
            title=claim.entry.title,
            text=claim.entry.text,
            shape=shape.to_bytes(),
            sample=signed(shape.sample.tolist()),
            words=shape.words,
            source=claim.source,
            outlet=claim.outlet,
            article=id_,
            item=claim.id,
            story=id_,
        ),
        now,
    )
    row = ArticleRow(
        id=id_,
        item=claim.id,
        judgement=claim.judgement,
        document=document,
        title=claim.entry.title,
        url=None,
        source_id=claim.source_id,
        source=claim.source,
        outlet=claim.outlet,
        author=None,
        published=None,
        found=now,
        language="en",
        words=5,
        new_words=5,
        verdict="new",
        reason="new",
        novel=(),
        look_alikes="[]",
        story=id_,
    )
    w.file(row, [MatchRow(watchlist="Defections", alerts=True, reason="new", hits="[]")])
    w.finish(claim, article=id_, next_look=None)
    return id_


def alert(id_: str, now: datetime = NOW, verdict: Verdict = "new") -> Alert:
    return Alert(
        id=f"alert-{id_}",
        verdict=verdict,
        watchlists=("Defections",),
        article=ArticleNote(
            id=id_,
            title=f"Title of {id_}",
            url=None,
            source="Paper",
            published=None,
            language="en",
            summary="A summary.",
            found=now,
        ),
        hits=(),
        story=StoryNote(id="story", first_seen=now, articles=1, outlets=1, texts=1),
    )


def raise_alerts(
    store: Store,
    count: int,
    *,
    hold: HoldReason | None = None,
    due: datetime | None = NOW,
    now: datetime = NOW,
    verdict: Verdict = "new",
) -> list[str]:
    """So many alerts to both channels; the ids of their deliveries."""
    poll(store, *(entry(number) for number in range(count)), now=now)

    def decide(w: Writer, claim: ItemClaim) -> list[str]:
        id_ = article(w, claim, now)
        told = alert(id_, now, verdict)
        deliveries = [
            NewDelivery(
                id=f"{channel}-{id_}",
                channel=channel,
                recipient=channel,
                content=told,
                created=now,
                due=due,
                hold=hold,
                alert=told.id,
                story="story",
                watchlists=told.watchlists,
            )
            for channel in ("desk", "hook")
        ]
        w.raise_alert(told, article=id_, story="story", now=now, deliveries=deliveries, muted={})
        return [delivery.id for delivery in deliveries]

    found = []
    for claim in items(store, now):
        found += store.write(lambda w, c=claim: decide(w, c))  # type: ignore[misc]
    return found


def claim_for(store: Store, channel: str, now: datetime = NOW) -> tuple[DeliveryClaim, ...]:
    return store.write(lambda w: w.claim_deliveries(now, limit=50, lease=LEASE, channels=(channel,)))


def whole(_: str, bundle: Bundle) -> Sequence[Bundle]:
    return [bundle]


def open_bundles(store: Store, now: datetime) -> int:
    return store.write(lambda w: w.open_bundles(now, split=whole, health="1 of 1 feeds healthy"))


# --------------------------------------------------------------------------- leases and fencing


def test_what_is_claimed_is_nobody_else_s_until_its_lease_ends(store: Store) -> None:
    first = store.write(lambda w: w.claim_sources(NOW, limit=10, lease=LEASE))
    assert {claim.key for claim in first} == {PAPER.key, TIPS.key}
    assert store.write(lambda w: w.claim_sources(NOW + LEASE / 2, limit=10, lease=LEASE)) == ()
    second = store.write(lambda w: w.claim_sources(NOW + LEASE, limit=10, lease=LEASE))
    assert {claim.key: claim.token for claim in second} == {claim.key: claim.token + 1 for claim in first}


def test_two_claims_at_once_share_nothing(store: Store, again: Callable[[], Store]) -> None:
    poll(store, *(entry(number) for number in range(40)))
    stores = [store, again()]
    start = threading.Barrier(4)

    def take(number: int) -> list[int]:
        start.wait()
        taken = []
        while claims := stores[number % 2].write(lambda w: w.claim_items(NOW, limit=3, lease=LEASE)):
            taken += [claim.id for claim in claims]
        return taken

    with ThreadPoolExecutor(4) as pool:
        taken = [id_ for ids in pool.map(take, range(4)) for id_ in ids]
    assert len(taken) == 40
    assert len(set(taken)) == 40


def test_a_poll_whose_lease_was_overtaken_writes_nothing(store: Store) -> None:
    (old,) = (
        c for c in store.write(lambda w: w.claim_sources(NOW, limit=9, lease=LEASE)) if c.kind == "feed"
    )
    later = NOW + 2 * LEASE
    (new,) = (
        c for c in store.write(lambda w: w.claim_sources(later, limit=9, lease=LEASE)) if c.kind == "feed"
    )
    scan = Scan(cursor={"etag": "old"}, entries=(entry(1),))
    assert store.write(lambda w: w.keep(old, scan, now=later, due=later, catch_up=DAY)) is None
    assert store.write(lambda w: w.fail(old, "down", now=later, due=later)) is False
    assert store.write(lambda w: w.claim_items(later, limit=9, lease=LEASE)) == ()
    view = next(view for view in store.read.sources() if view.key == PAPER.key)
    assert (view.failures, view.error, view.last_success) == (0, None, None)
    assert store.write(lambda w: w.keep(new, scan, now=later, due=later + DAY, catch_up=DAY)) == 1


def test_a_judgement_whose_lease_was_overtaken_writes_nothing(store: Store) -> None:
    poll(store, entry(1))
    (old,) = items(store)
    (new,) = items(store, NOW + LEASE)
    assert not store.write(lambda w: w.holds(old))
    assert store.write(lambda w: w.holds(new))
    assert store.write(lambda w: w.postpone(old, "down", due=NOW, tries=1)) is False
    store.write(lambda w: w.finish(old, article="nobody's", next_look=None))
    (still,) = items(store, NOW + 2 * LEASE)
    assert (still.id, still.previous, still.tries) == (new.id, None, 0)


def test_a_delivery_whose_lease_was_overtaken_writes_nothing(store: Store) -> None:
    raise_alerts(store, 1)
    (old,) = claim_for(store, "hook")
    (new,) = claim_for(store, "hook", NOW + LEASE)
    done = Settlement(state="done", reason="200", at=NOW)
    assert store.write(lambda w: w.freeze(old, b"old")) is False
    assert store.write(lambda w: w.settle(old, done)) is False
    (view,) = (view for view in store.read.deliveries() if view.channel == "hook")
    assert (view.state, view.attempts, view.tries) == ("due", 0, ())
    assert store.write(lambda w: w.freeze(new, b"new")) is True
    assert store.write(lambda w: w.settle(new, done)) is True
    (view,) = (view for view in store.read.deliveries() if view.channel == "hook")
    assert (view.state, view.attempts) == ("done", 1)


def test_after_a_crash_everything_under_a_lease_is_due_and_its_old_holder_is_nobody(store: Store) -> None:
    raise_alerts(store, 1)
    poll(store, entry(7), now=NOW + DAY)
    (item,) = items(store, NOW + DAY)
    (delivery,) = claim_for(store, "hook", NOW + DAY)
    later = NOW + DAY + timedelta(seconds=1)
    store.write(lambda w: w.release_all(later))
    assert not store.write(lambda w: w.holds(item))
    assert (
        store.write(lambda w: w.settle(delivery, Settlement(state="done", reason="200", at=later))) is False
    )
    assert [claim.id for claim in items(store, later)] == [item.id]
    assert [claim.id for claim in claim_for(store, "hook", later)] == [delivery.id]


# --------------------------------------------------------------------------- a clock that was ahead


def test_what_a_clock_that_was_set_back_had_put_off_waits_as_long_from_now(store: Store) -> None:
    """A machine that starts with the local time for UTC is hours ahead until the network puts it right."""
    ahead = NOW + timedelta(hours=9)
    raise_alerts(store, 1, now=ahead, due=ahead + timedelta(minutes=5))
    broken = ChannelState(name="hook", failures=5, retry=ahead + timedelta(minutes=1), since=ahead)
    store.write(lambda w: w.trouble(broken))
    assert store.write(lambda w: w.bring_forward(NOW)) == timedelta(hours=9)
    due = store.read.next_due(NOW, channels=("desk", "hook"))
    assert (due.poll, due.deliver) == (NOW + DAY, NOW + timedelta(minutes=5))
    (hook,) = (state for state in store.read.channels() if state.name == "hook")
    assert hook.retry == NOW + timedelta(minutes=1)
    # told once: what waits is not brought forward again
    assert store.write(lambda w: w.bring_forward(NOW)) == timedelta(0)


@pytest.mark.parametrize(
    ("hold", "waits"),
    [("brake", timedelta(hours=10)), ("roll-up", timedelta(hours=10)), ("digest", timedelta(hours=19))],
)
def test_of_what_is_held_only_what_waits_for_a_time_of_day_keeps_that_time(
    store: Store, hold: HoldReason, waits: timedelta
) -> None:
    ahead = NOW + timedelta(days=2, hours=9)
    raise_alerts(store, 1, now=ahead, hold=hold, due=ahead + timedelta(hours=10))
    store.write(lambda w: w.bring_forward(NOW))
    assert store.read.next_due(NOW).bundle == NOW + waits


def test_a_lease_held_while_the_clock_is_set_back_ends_as_long_after(store: Store) -> None:
    ahead = NOW + timedelta(hours=9)
    store.write(lambda w: w.claim_sources(ahead, limit=10, lease=LEASE))
    store.write(lambda w: w.bring_forward(NOW))
    assert store.write(lambda w: w.claim_sources(NOW + LEASE / 2, limit=10, lease=LEASE)) == ()
    assert len(store.write(lambda w: w.claim_sources(NOW + LEASE, limit=10, lease=LEASE))) == 2


def test_a_revision_told_by_a_clock_that_was_ahead_makes_the_next_wait_its_hour_and_no_longer(
    store: Store,
) -> None:
    hour = timedelta(hours=1)
    raise_alerts(store, 1, now=NOW + timedelta(hours=9), verdict="revision")
    assert store.write(lambda w: w.revisions_wait(1, NOW, hour)) == NOW + hour


def test_a_clock_put_right_by_seconds_moves_nothing(store: Store) -> None:
    poll(store, now=NOW + timedelta(seconds=50))
    assert store.write(lambda w: w.bring_forward(NOW)) == timedelta(0)
    assert store.read.next_due(NOW).poll == NOW + timedelta(seconds=50) + DAY


# --------------------------------------------------------------------------- transactions


def test_work_that_raises_leaves_nothing_and_disturbs_nobody_in_its_group(store: Store) -> None:
    start = threading.Barrier(16)

    def write(number: int) -> str:
        notice = NewDelivery(
            id=f"n{number}",
            channel="desk",
            recipient="desk",
            content=Notice(subject=f"{number}", text="", at=NOW),
            created=NOW,
            due=NOW,
        )

        def work(w: Writer) -> str:
            w.post([notice])
            if number % 3 == 0:
                message = f"fault {number}"
                raise ValueError(message)
            return notice.id

        start.wait()
        try:
            return store.write(work)
        except ValueError as error:
            return str(error)

    with ThreadPoolExecutor(16) as pool:
        results = list(pool.map(write, range(16)))
    assert results == [f"fault {n}" if n % 3 == 0 else f"n{n}" for n in range(16)]
    kept = {view.id for view in store.read.deliveries()}
    assert kept == {f"n{n}" for n in range(16) if n % 3}


def test_what_a_write_returned_others_can_read(store: Store, again: Callable[[], Store]) -> None:
    other = again()
    raise_alerts(store, 2)
    assert len(other.read.deliveries()) == 4
    assert len(other.read.alerts()) == 2


def test_one_daemon_at_a_time_and_the_next_when_it_ended(store: Store, again: Callable[[], Store]) -> None:
    store.lock()
    with pytest.raises(Running, match="already runs"):
        again().lock()
    store.close()
    again().lock()


def test_opening_a_store_again_finds_all_that_was_written(store: Store, again: Callable[[], Store]) -> None:
    owed = raise_alerts(store, 3)
    store.close()
    reopened = again()
    assert sorted(view.id for view in reopened.read.deliveries(state="due")) == sorted(owed)
    assert reopened.read.check() == ()


# --------------------------------------------------------------------------- sources and items


def test_a_source_taken_out_of_the_config_rests_and_returns_with_its_history(store: Store) -> None:
    poll(store, entry(1))
    register(store, [TIPS])
    assert [
        claim.key for claim in store.write(lambda w: w.claim_sources(NOW + 2 * DAY, limit=9, lease=LEASE))
    ] == [TIPS.key]
    assert {view.key: view.state for view in store.read.sources()}[PAPER.key] == "removed"
    register(store, [TIPS, replace(PAPER, name="The Paper")])
    (back,) = store.write(lambda w: w.claim_sources(NOW + 2 * DAY, limit=9, lease=LEASE))
    assert (back.name, back.baseline) == ("The Paper", False)
    assert back.cursor == {"etag": NOW.isoformat()}
    assert (
        store.write(
            lambda w: w.keep(back, Scan(cursor={}, entries=(entry(1),)), now=NOW, due=NOW, catch_up=DAY)
        )
        == 0
    )


def test_a_source_that_is_gone_is_asked_no_more(store: Store) -> None:
    for claim in store.write(lambda w: w.claim_sources(NOW, limit=9, lease=LEASE)):
        store.write(lambda w, c=claim: w.fail(c, "410", now=NOW, due=None))  # type: ignore[misc]
    register(store, now=NOW + DAY)
    assert store.write(lambda w: w.claim_sources(NOW + 9 * DAY, limit=9, lease=LEASE)) == ()
    assert {view.state for view in store.read.sources()} == {"gone"}


def test_failures_count_until_a_success(store: Store) -> None:
    for number in range(3):
        now = NOW + number * LEASE
        for claim in store.write(lambda w, n=now: w.claim_sources(n, limit=9, lease=LEASE)):  # type: ignore[misc]
            assert claim.failures == number
            store.write(lambda w, c=claim, n=now: w.fail(c, "503", now=n, due=n + LEASE))  # type: ignore[misc]
    assert {(view.failures, view.failing_since) for view in store.read.sources()} == {(3, NOW)}
    poll(store, now=NOW + 3 * LEASE)
    assert {(view.failures, view.failing_since, view.state) for view in store.read.sources()} == {
        (0, None, "ok")
    }


def test_a_known_entry_is_no_news_and_a_changed_one_is_its_next_judgement(store: Store) -> None:
    poll(store, entry(1), entry(2))
    for claim in items(store):
        store.write(lambda w, c=claim: article(w, c))  # type: ignore[misc]
    poll(store, entry(1), entry(2, "Report 2, and more of it."), now=NOW + DAY)
    (changed,) = items(store, NOW + DAY)
    assert (changed.entry.key, changed.judgement, changed.mode) == ("guid2", 1, "news")
    assert changed.previous is not None


def test_a_change_that_comes_while_an_item_is_judged_overtakes_it(store: Store) -> None:
    poll(store, entry(1))
    (claim,) = items(store)
    poll(store, entry(1, "Changed meanwhile."), now=NOW + DAY)
    assert not store.write(lambda w: w.holds(claim))
    (fresh,) = items(store, NOW + DAY)
    assert fresh.entry.text == "Changed meanwhile."


def test_an_item_that_is_to_be_looked_at_again_is_due_then_and_not_before(store: Store) -> None:
    poll(store, entry(1))
    (claim,) = items(store)
    look = NextLook(stage="again", due=NOW + DAY, judgement=1, looks=1)
    store.write(lambda w: w.finish(claim, article="a", next_look=look))
    assert items(store, NOW + DAY / 2) == ()
    (later,) = items(store, NOW + DAY)
    assert (later.stage, later.judgement, later.looks, later.previous) == ("again", 1, 1, "a")


# --------------------------------------------------------------------------- deliveries


def test_a_delivery_owed_twice_is_owed_once(store: Store) -> None:
    notice = NewDelivery(
        id="n",
        channel="desk",
        recipient="desk",
        content=Notice(subject="s", text="t", at=NOW),
        created=NOW,
        due=NOW,
    )
    store.write(lambda w: w.post([notice, notice]))
    store.write(lambda w: w.post([notice]))
    (claim,) = claim_for(store, "desk")
    assert claim.sequence == 1


def test_sequences_rise_by_channel_in_the_order_in_which_deliveries_are_owed(store: Store) -> None:
    raise_alerts(store, 3)
    for channel in ("desk", "hook"):
        assert [claim.sequence for claim in claim_for(store, channel)] == [1, 2, 3]


def test_later_mails_of_a_story_know_the_earlier_ones_to_their_recipient(store: Store) -> None:
    raise_alerts(store, 3)
    first, second, third = claim_for(store, "desk")
    assert first.thread_ids == ()
    assert second.thread_ids == (first.id,)
    assert third.thread_ids == (first.id, second.id)


def test_a_frozen_body_is_given_to_every_later_try(store: Store) -> None:
    raise_alerts(store, 1)
    (claim,) = claim_for(store, "hook")
    assert claim.body is None
    store.write(lambda w: w.freeze(claim, b"as first rendered"))
    due = Settlement(state="due", reason="503", at=NOW, retry=NOW + LEASE)
    store.write(lambda w: w.settle(claim, due))
    assert claim_for(store, "hook", NOW + LEASE / 2) == ()
    (later,) = claim_for(store, "hook", NOW + LEASE)
    assert (later.body, later.attempts) == (b"as first rendered", 1)


def test_waiting_for_a_channel_costs_no_attempt(store: Store) -> None:
    raise_alerts(store, 1)
    (claim,) = claim_for(store, "hook")
    waits = Settlement(state="due", reason="broken", at=NOW, retry=NOW + LEASE, counts=False)
    store.write(lambda w: w.settle(claim, waits))
    (view,) = (view for view in store.read.deliveries() if view.channel == "hook")
    assert (view.attempts, view.tries) == (0, ())


def test_dead_ones_are_tried_again_under_their_id_by_its_first_characters_or_all_together(
    store: Store,
) -> None:
    raise_alerts(store, 2)
    for claim in claim_for(store, "hook"):
        dead = Settlement(state="dead", reason="404", at=NOW)
        store.write(lambda w, c=claim, s=dead: w.settle(c, s))  # type: ignore[misc]
    first, second = store.read.deliveries(state="dead")
    assert [(attempt.outcome, attempt.detail) for attempt in first.tries] == [("dead", "404")]
    assert store.write(lambda w: w.retry(["no such id"], dead=False, now=NOW)) == 0
    assert store.write(lambda w: w.retry([first.id], dead=False, now=NOW)) == 1
    assert [claim.id for claim in claim_for(store, "hook")] == [first.id]
    assert store.write(lambda w: w.retry([], dead=True, now=NOW)) == 1
    assert [(claim.id, claim.attempts) for claim in claim_for(store, "hook")] == [(second.id, 0)]


def test_a_channel_s_breaker_is_kept(store: Store) -> None:
    state = ChannelState(name="hook", failures=5, retry=NOW, reason="503", since=NOW, probes=1)
    store.write(lambda w: w.trouble(state))
    assert {channel.name: channel for channel in store.read.channels()} == {
        "desk": ChannelState(name="desk"),
        "hook": state,
    }


def test_what_is_wrong_with_a_channel_s_template_is_kept_beside_its_breaker(store: Store) -> None:
    store.write(lambda w: w.misworded("hook", "mine.j2:2: why"))
    store.write(lambda w: w.trouble(ChannelState(name="hook", failures=1)))
    assert {each.name: each.template for each in store.read.channels()} == {
        "desk": "",
        "hook": "mine.j2:2: why",
    }
    store.write(lambda w: w.misworded("hook", ""))
    assert {each.template for each in store.read.channels()} == {""}


def test_deliveries_of_a_removed_channel_are_dead_with_that_reason_and_revive_with_its_name(
    store: Store,
) -> None:
    raise_alerts(store, 2)
    sent, _ = claim_for(store, "hook")
    store.write(lambda w: w.settle(sent, Settlement(state="done", reason="200", at=NOW)))
    register(store, channels=("desk",))
    (dead,) = store.read.deliveries(state="dead")
    assert dead.channel == "hook"
    assert "removed from the config" in dead.reason
    assert store.write(lambda w: w.retry([dead.id], dead=False, now=NOW)) == 0
    assert [state.name for state in store.read.channels()] == ["desk"]
    register(store, now=NOW + DAY)
    assert [claim.id for claim in claim_for(store, "hook", NOW + DAY)] == [dead.id]
    assert len(claim_for(store, "desk", NOW + DAY)) == 2


def test_what_is_owed_to_a_channel_after_it_was_removed_is_dead_at_once(store: Store) -> None:
    register(store, channels=("desk",))
    raise_alerts(store, 1)
    assert [view.channel for view in store.read.deliveries(state="dead")] == ["hook"]
    register(store)
    assert len(claim_for(store, "hook")) == 1


# --------------------------------------------------------------------------- bundles


def test_a_bundle_opens_at_its_time_with_all_that_waited_for_it(store: Store) -> None:
    raise_alerts(store, 3, hold="digest", due=NOW + DAY)
    assert store.read.next_due(NOW).bundle == NOW + DAY
    assert open_bundles(store, NOW + DAY / 2) == 0
    assert claim_for(store, "desk", NOW + DAY / 2) == ()
    assert open_bundles(store, NOW + DAY) == 2
    (claim,) = claim_for(store, "desk", NOW + DAY)
    assert isinstance(claim.content, Bundle)
    assert len(claim.content.alerts) == 3
    assert (claim.content.reason, claim.content.health) == ("digest", "1 of 1 feeds healthy")
    assert {view.bundle for view in store.read.deliveries(state="bundled") if view.channel == "desk"} == {
        claim.id
    }


def test_an_opened_bundle_is_fixed(store: Store, again: Callable[[], Store]) -> None:
    raise_alerts(store, 2, hold="quiet", due=NOW)
    open_bundles(store, NOW)
    (before,) = claim_for(store, "desk")
    assert open_bundles(store, NOW) == 0
    store.close()
    reopened = again()
    reopened.write(lambda w: w.release_all(NOW))
    (after,) = claim_for(reopened, "desk")
    assert (after.id, after.content) == (before.id, before.content)


def test_a_bundle_that_cannot_be_opened_leaves_everything_held(store: Store) -> None:
    raise_alerts(store, 2, hold="quiet", due=NOW)

    def fails(channel: str, bundle: Bundle) -> Sequence[Bundle]:
        if channel == "hook":
            message = "no"
            raise ValueError(message)
        return [bundle]

    with pytest.raises(ValueError, match="no"):
        store.write(lambda w: w.open_bundles(NOW, split=fails, health=""))
    assert {view.state for view in store.read.deliveries()} == {"held"}
    assert open_bundles(store, NOW) == 2


def test_a_bundle_in_parts_has_an_id_for_each_from_its_members(store: Store) -> None:
    raise_alerts(store, 4, hold="digest", due=NOW)

    def halves(_: str, bundle: Bundle) -> Sequence[Bundle]:
        return [
            replace(bundle, alerts=bundle.alerts[:2], part=1, parts=2),
            replace(bundle, alerts=bundle.alerts[2:], part=2, parts=2),
        ]

    assert store.write(lambda w: w.open_bundles(NOW, split=halves, health="")) == 4
    first, second = claim_for(store, "desk")
    assert first.id != second.id
    bundled = [view for view in store.read.deliveries(state="bundled") if view.channel == "desk"]
    assert {view.bundle for view in bundled} == {first.id, second.id}
    assert len(bundled) == 4


def test_the_brake_s_end_is_known_while_it_holds(store: Store) -> None:
    raise_alerts(store, 2, hold="brake", due=NOW + DAY)
    assert store.write(lambda w: w.braked("Defections", NOW)) == NOW + DAY
    assert store.write(lambda w: w.braked("Elections", NOW)) is None
    open_bundles(store, NOW + DAY)
    assert store.write(lambda w: w.braked("Defections", NOW + DAY)) is None


# --------------------------------------------------------------------------- keeping


def test_prune_lets_texts_and_documents_go_and_keeps_items_that_are_still_in_their_feed(store: Store) -> None:
    poll(store, entry(1), entry(2))
    for claim in items(store):
        store.write(lambda w, c=claim: article(w, c))  # type: ignore[misc]
    year = NOW + timedelta(days=500)
    poll(store, entry(2), now=year)  # guid1 has left the feed

    def prune(text_before: datetime, before: datetime) -> None:
        while store.write(lambda w: w.prune(text_before=text_before, before=before)):
            pass

    prune(NOW - DAY, NOW - DAY)
    assert all(text is not None for _, text in store.read.export())
    prune(year - 90 * DAY, NOW - DAY)
    assert {document.title: text for document, text in store.read.export()} == {
        "Report 1": None,
        "Report 2": None,
    }
    prune(year - 90 * DAY, year - 400 * DAY)
    assert [document.title for document, _ in store.read.export()] == ["Report 2"]
    # what is still in the feed is no news
    poll(store, entry(2), now=year + DAY)
    assert items(store, year + DAY) == ()
    assert store.read.check() == ()


def test_prune_keeps_what_was_given_as_known(store: Store) -> None:
    shape = fingerprint("A seed of some words that stand here to be known for ever and ever.")
    for origin in ("seed", "added"):
        made = NewDocument(
            key=origin,
            origin=origin,
            title="",
            text="text",
            shape=shape.to_bytes(),
            sample=signed(shape.sample.tolist()),
            words=5,
        )
        store.write(lambda w, d=made: w.stock(d, NOW))  # type: ignore[misc]
    far = NOW + timedelta(days=2000)
    while store.write(lambda w: w.prune(text_before=far, before=far)):
        pass
    assert [text for _, text in store.read.export()] == ["text", "text"]


def test_what_was_given_as_known_is_read_with_its_text_and_fingerprints_alone_are_not(store: Store) -> None:
    shape = fingerprint("A note of some words that stand here to be known for ever and ever.")
    given = (("seed", "one"), ("added", "two"), ("added", None), ("baseline", "three"))
    for at, (origin, text) in enumerate(given):
        made = NewDocument(
            key=f"k{at}",
            origin=origin,  # type: ignore[arg-type]
            title=f"Title {at}",
            text=text,
            shape=shape.to_bytes(),
            sample=signed(shape.sample.tolist()),
            words=5,
            article="mine" if at == 1 else None,
        )
        store.write(lambda w, d=made, now=NOW + timedelta(hours=at): w.stock(d, now))  # type: ignore[misc]
    added = list(store.read.added())
    assert [(each.title, each.text) for each in added] == [("Title 0", "one"), ("Title 1", "two")]
    assert added[1].id == "mine"
    assert [each.text for each in store.read.added(since=NOW + timedelta(hours=1))] == ["two"]


def test_the_latest_documents_that_belong_to_a_story_are_read_in_the_order_they_came(store: Store) -> None:
    shape = fingerprint("A note of some words that stand here to be known for ever and ever.")
    told = (("a", "one"), (None, "two"), ("b", "three"), ("a", None), ("c", "five"))
    for at, (story, text) in enumerate(told):
        made = NewDocument(
            key=f"k{at}",
            origin="added",
            title=f"Title {at}",
            text=text,
            shape=shape.to_bytes(),
            sample=signed(shape.sample.tolist()),
            words=5,
            published=NOW - 3 * DAY if at == 2 else None,
            story=story,
        )
        store.write(lambda w, d=made, now=NOW + timedelta(hours=at): w.stock(d, now))  # type: ignore[misc]
    read = list(store.read.told(since=NOW, limit=10))
    assert [(each.story, each.title, each.text) for each in read] == [
        ("a", "Title 0", "one"),
        ("b", "Title 2", "three"),
        ("c", "Title 4", "five"),
    ]
    assert [each.at for each in read] == [NOW, NOW - 3 * DAY, NOW + timedelta(hours=4)]
    assert [each.text for each in store.read.told(since=NOW + timedelta(hours=1), limit=10)] == [
        "three",
        "five",
    ]
    assert [each.text for each in store.read.told(since=NOW, limit=1)] == ["five"]


def test_prune_lets_go_of_the_records_that_alerted_nobody_and_of_items_that_left_their_feed(
    store: Store,
) -> None:
    raise_alerts(store, 1)  # guid0
    later = NOW + DAY
    poll(store, entry(1), entry(2), now=later)
    for claim in items(store, later):
        store.write(lambda w, c=claim: article(w, c, later))  # type: ignore[misc]
    ids = {stored.title: stored.article for stored in store.read.articles()}
    silent_gone, silent_listed = ids["Report 1"], ids["Report 2"]
    year = NOW + timedelta(days=500)
    poll(store, entry(2), now=year)

    assert prune_all(store, later - timedelta(microseconds=1)) > 0  # the text and the document of guid0
    assert all(store.read.article(id_) is not None for id_ in (silent_gone, silent_listed))
    prune_all(store, year)
    assert store.read.article(silent_gone) is None
    assert store.read.article(silent_listed) is not None
    assert [view.article for view in store.read.alerts(limit=5)] == ["a-1-0"]
    assert store.read.article("a-1-0") is not None
    assert store.read.check() == ()
    # one that its feed lists again after all that is another item, and what stayed is the same one
    poll(store, entry(1), entry(2), now=year + DAY)
    assert [claim.entry.key for claim in items(store, year + DAY)] == ["guid1"]
    assert prune_all(store, year) == 0


def prune_all(store: Store, before: datetime) -> int:
    steps = 0
    while store.write(lambda w: w.prune(text_before=before, before=before)):
        steps += 1
    return steps
