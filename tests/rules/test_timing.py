"""When to try again: every status, every reply, every form of Retry-After, as tables."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watcher.timing import (
    BREAKER_FAILURES,
    BREAKER_STEPS,
    LONGEST_BACKOFF,
    LONGEST_WAIT,
    SMTP_LONGEST,
    WEBHOOK_SCHEDULE,
    Breaker,
    breaker_probing,
    breaker_step,
    fraction,
    next_poll,
    retry_after,
    smtp_decision,
    smtp_retry,
    webhook_retry,
)

NOW = datetime(2026, 11, 21, 12, 0, 0, tzinfo=UTC)
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)


# --------------------------------------------------------------------------- Retry-After


@pytest.mark.parametrize(
    ("value", "wait"),
    [
        ("120", 120 * SECOND),
        (" 0 ", timedelta(0)),
        ("86400", LONGEST_WAIT),
        ("86401", LONGEST_WAIT),
        ("9" * 50, LONGEST_WAIT),
        ("Sat, 21 Nov 2026 12:05:00 GMT", 5 * MINUTE),
        ("Saturday, 21-Nov-26 12:05:00 GMT", 5 * MINUTE),
        ("Sat Nov 21 12:05:00 2026", 5 * MINUTE),
        ("Sat, 21 Nov 2026 21:05:00 +0900", 5 * MINUTE),
        ("Sat, 21 Nov 2026 11:00:00 GMT", timedelta(0)),
        ("Sat, 21 Nov 2099 12:00:00 GMT", LONGEST_WAIT),
        ("Sat, 21 Nov 99999 12:00:00 GMT", None),
        ("", None),
        ("-5", None),
        ("1.5", None),
        ("soon", None),
        ("١٢٠", None),
        ("²", None),
        ("1" * 100, None),
        ("x" * 100_000, None),
    ],
)
def test_retry_after_is_read_in_both_forms_and_clamped_to_a_day(value, wait):
    assert retry_after(value, NOW) == wait


@given(st.text(max_size=80))
@settings(max_examples=150, deadline=None)
def test_no_retry_after_raises_or_leaves_its_bounds(value):
    wait = retry_after(value, NOW)
    assert wait is None or timedelta(0) <= wait <= LONGEST_WAIT


# --------------------------------------------------------------------------- polls


def interval(**how) -> timedelta:
    return next_poll(now=NOW, **{"every": 15 * MINUTE, "seed": "a feed"} | how) - NOW


@pytest.mark.parametrize(
    ("failures", "nominal"),
    [(0, 15), (1, 15), (2, 30), (3, 60), (4, 120), (5, 240), (6, 360), (7, 360), (1000, 360)],
)
def test_a_failing_feed_is_asked_ever_more_rarely_but_four_times_a_day(failures, nominal):
    wait = interval(failures=failures)
    assert 0.9 * nominal * MINUTE <= wait <= 1.1 * nominal * MINUTE


def test_a_folder_that_fails_is_looked_at_again_within_three_minutes():
    assert next_poll(every=5 * SECOND, now=NOW, failures=1000, seed="inbox") - NOW <= 3 * MINUTE


def test_an_interval_longer_than_the_back_off_stays():
    assert interval(every=timedelta(days=2), failures=9) > LONGEST_BACKOFF


@pytest.mark.parametrize("floor", [20 * MINUTE, 2 * HOUR, LONGEST_WAIT])
def test_a_floor_is_never_undercut(floor):
    waits = [interval(floor=floor, seed=str(seed), failures=f) for seed in range(50) for f in (0, 3)]
    assert min(waits) >= floor
    assert max(waits) <= max(floor * 1.06, 66 * MINUTE)
    assert len(set(waits)) > 50


def test_a_floor_below_the_interval_changes_nothing():
    assert interval(floor=MINUTE) == interval()


def test_entries_that_went_by_unseen_halve_the_interval_but_not_the_floor():
    assert interval(missed=True) == interval() / 2
    assert interval(missed=True, floor=14 * MINUTE) >= 14 * MINUTE


def test_feeds_of_one_interval_do_not_come_due_together():
    waits = {interval(seed=f"feed {number}") for number in range(200)}
    assert len(waits) == 200
    assert max(waits) - min(waits) > 2 * MINUTE


def test_the_same_seed_gives_the_same_time():
    assert interval(seed="x") == interval(seed="x") != interval(seed="y")
    assert fraction("x") == fraction("x")
    assert 0.45 < sum(fraction(str(n)) for n in range(1000)) / 1000 < 0.55


# --------------------------------------------------------------------------- webhooks

WHOLE, THREE, DEAD, DONE, OFF = "whole schedule", "three tries", "dead", "delivered", "disables"


def webhook_rule(status: int | None) -> str:
    if status is not None and 200 <= status <= 299:
        return DONE
    if status == 410:
        return OFF
    if status is None or status in {408, 425, 429} or 500 <= status <= 599:
        return WHOLE
    return THREE


@pytest.mark.parametrize("status", [None, *range(100, 600)])
def test_every_status_has_its_rule(status):
    tries = {DONE: 0, OFF: 0, THREE: 3, WHOLE: 10}[webhook_rule(status)]
    decisions = [webhook_retry(attempt, status=status, seed="d") for attempt in range(1, 13)]
    assert sum(decision.after is not None for decision in decisions) == max(0, tries - 1)
    assert all(decision.delivered == (webhook_rule(status) == DONE) for decision in decisions)
    assert all(decision.disable == (status == 410) for decision in decisions)
    assert all(decision.reason for decision in decisions)
    assert decisions[-1].dead == (webhook_rule(status) != DONE)


@pytest.mark.parametrize(
    ("status", "rule"),
    [
        (200, DONE), (204, DONE), (299, DONE), (300, THREE), (301, THREE), (308, THREE), (400, THREE),
        (401, THREE), (404, THREE), (408, WHOLE), (410, OFF), (413, THREE), (425, WHOLE), (429, WHOLE),
        (500, WHOLE), (503, WHOLE), (599, WHOLE), (None, WHOLE), (100, THREE),
    ],
)  # fmt: skip
def test_the_rules_of_single_statuses(status, rule):
    assert webhook_rule(status) == rule


@pytest.mark.parametrize(
    ("attempt", "wait"),
    list(
        enumerate(
            (
                5 * SECOND,
                5 * MINUTE,
                30 * MINUTE,
                2 * HOUR,
                5 * HOUR,
                10 * HOUR,
                14 * HOUR,
                20 * HOUR,
                24 * HOUR,
            ),
            start=1,
        )
    ),
)
def test_waits_follow_the_standard_schedule_within_a_fifth(attempt, wait):
    waits = [webhook_retry(attempt, status=500, seed=str(seed)).after for seed in range(300)]
    assert all(wait * 0.8 <= found <= wait * 1.2 for found in waits)
    assert min(waits) < wait * 0.85
    assert max(waits) > wait * 1.15


def test_the_tenth_failure_is_the_last():
    assert len(WEBHOOK_SCHEDULE) == 10
    assert webhook_retry(9, status=503, seed="d").after is not None
    assert webhook_retry(10, status=503, seed="d").dead


def test_retry_after_lengthens_a_wait_and_never_shortens_it():
    assert webhook_retry(1, status=429, retry_after=10 * MINUTE, seed="d").after == 10 * MINUTE
    assert webhook_retry(5, status=429, retry_after=SECOND, seed="d").after > HOUR
    assert webhook_retry(1, status=429, retry_after=timedelta(days=30), seed="d").after == LONGEST_WAIT


def test_retry_after_gives_no_more_tries():
    assert webhook_retry(10, status=429, retry_after=SECOND).dead
    assert webhook_retry(3, status=404, retry_after=SECOND).dead


# --------------------------------------------------------------------------- mail


@pytest.mark.parametrize("code", [None, *range(100, 600)])
def test_every_smtp_reply_has_its_rule(code):
    decision = smtp_decision(1, code=code, age=timedelta(0))
    if code is not None and 200 <= code <= 299:
        assert decision.delivered
    elif code is not None and code >= 500:
        assert decision.dead
    else:
        assert decision.after == MINUTE
    assert not decision.disable


@pytest.mark.parametrize("code", [None, 421, 450, 451, 452])
def test_mail_waits_1_5_15_30_minutes_then_hourly_to_five_days(code):
    age, waits = timedelta(0), []
    for attempt in range(1, 1000):
        wait = smtp_retry(attempt, code=code, age=age)
        if wait is None:
            break
        waits.append(wait)
        age += wait
    assert waits[:6] == [MINUTE, 5 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR, HOUR]
    assert set(waits[4:]) == {HOUR}
    assert SMTP_LONGEST - HOUR < age <= SMTP_LONGEST


# --------------------------------------------------------------------------- the breaker


def broken(breaker: Breaker, times: int, now: datetime = NOW) -> tuple[Breaker, list[str]]:
    told = []
    for _ in range(times):
        breaker, news = breaker_step(breaker, succeeded=False, now=now)
        if news:
            told.append(news)
    return breaker, told


def test_four_failures_in_a_row_close_nothing():
    breaker, told = broken(Breaker(), BREAKER_FAILURES - 1)
    assert breaker.allows(NOW)
    assert told == []


def test_a_success_between_starts_the_count_again():
    breaker, _ = broken(Breaker(), 4)
    breaker, news = breaker_step(breaker, succeeded=True, now=NOW)
    assert news is None
    breaker, told = broken(breaker, 4)
    assert breaker.allows(NOW)
    assert told == []


def test_the_fifth_failure_opens_it_and_that_is_told_once():
    breaker, told = broken(Breaker(), 9)
    assert told == ["opened"]
    assert breaker.opened == NOW
    assert not breaker.allows(NOW)


def test_one_probe_a_step_and_the_steps_grow_to_an_hour():
    breaker, _ = broken(Breaker(), 5)
    now, waits = NOW, []
    for _ in range(7):
        waits.append(breaker.probe_at - now)
        now = breaker.probe_at
        assert not breaker.allows(now - SECOND)
        assert breaker.allows(now)
        assert not breaker_probing(breaker, now).allows(now + SECOND)
        breaker, news = breaker_step(breaker, succeeded=False, now=now)
        assert news is None
    assert waits == [*BREAKER_STEPS, HOUR, HOUR]


def test_a_probe_that_gets_through_closes_it_and_that_is_told():
    breaker, _ = broken(Breaker(), 6)
    breaker, news = breaker_step(breaker, succeeded=True, now=NOW + HOUR)
    assert news == "closed"
    assert breaker == Breaker()


def test_an_open_breaker_waits_as_long_as_the_receiver_asks():
    breaker, _ = broken(Breaker(), 4)
    breaker, _ = breaker_step(breaker, succeeded=False, now=NOW, retry_after=2 * HOUR)
    assert breaker.probe_at == NOW + 2 * HOUR


def test_a_probe_that_never_settles_does_not_block_for_ever():
    breaker, _ = broken(Breaker(), 5)
    assert breaker_probing(breaker, breaker.probe_at).allows(breaker.probe_at + HOUR)
