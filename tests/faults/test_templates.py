"""Templates that would hang or bloat the daemon, in the workers that stand between."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, timedelta

import pytest

from watcher.alert import Outgoing
from watcher.message.samples import SAMPLES, outgoing
from watcher.message.wording import Misworded, Template
from watcher.model import WatcherError
from watcher.press import Press

ALERT: Outgoing = outgoing(SAMPLES["an alert"], "desk", "desk@example.org")


@pytest.fixture(scope="module")
def press() -> Iterator[Press]:
    opened = Press()
    yield opened
    opened.close()


def template(text: str) -> Template:
    return Template(name="mine.j2", text="{% block html %}\n" + text + "{% endblock %}")


HOSTILE = {
    "ten gigabytes of one letter": ('{{ "a" * 10**10 }}', "out of memory"),
    "and not before it runs": ('{% set n = 10**10 %}{{ "a" * n }}', "out of memory"),
    "padding": ("{{ subject|center(10**10) }}", "out of memory"),
    "a format": ('{{ "%10000000000d" % 1 }}', "out of memory"),
    "another format": ('{{ "{:>10000000000}".format(1) }}', "out of memory"),
    "a list": ("{{ ([0] * 10**10)|length }}", "out of memory"),
    "a filter's filling": ("{{ [1]|batch(10**10, 0)|list|length }}", "out of memory"),
    "loops within loops": (
        "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
        "mine.j2:2: takes longer than 1 s",
    ),
    "two macros that call each other": (
        "{% macro a() %}{{ b() }}{% endmacro %}{% macro b() %}{{ a() }}{{ a() }}{% endmacro %}{{ a() }}",
        "mine.j2:2:",
    ),
    "a flood": (
        "{% for a in range(99999) %}{% for b in range(99999) %}xxxx{% endfor %}{% endfor %}",
        "mine.j2:2: gives more than 1,000,000 characters",
    ),
}


@pytest.mark.parametrize(("text", "reason"), HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_template_ends_with_a_reason_and_the_next_one_works(
    press: Press, text: str, reason: str
) -> None:
    with pytest.raises(Misworded) as raised:
        press.word(template(text), "mail", ALERT, UTC)
    assert reason in str(raised.value)
    assert press.word(template("{{ type }}"), "mail", ALERT, UTC) == {"html": "alert"}


def test_what_had_to_be_killed_holds_up_one_report_and_not_each() -> None:
    press = Press(
        timeout=timedelta(seconds=0.2)
    )  # less than the CPU time it may take: the clock is what ends it
    endless = template("{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}")
    try:
        for _ in range(2):
            with pytest.raises(Misworded, match=r"mine\.j2: the worker ran out of time"):
                press.word(endless, "mail", ALERT, UTC)
        assert press._workers.lost == 1
        press.retry()
        with pytest.raises(WatcherError):
            press.word(endless, "mail", ALERT, UTC)
        assert press._workers.lost == 2
    finally:
        press.close()
