"""The kill campaign in small: some twenty kills lose nothing, and with the transaction split the same ones lose.

`make faults` runs it at length (`tests/faults/campaign.py`).
"""

from __future__ import annotations

from tests.faults.campaign import Tally, at_points, at_times, campaign

POINTS = 14
TIMES = 6
SPLITS = 3


def test_killed_at_points_and_at_random_times_nothing_is_lost_and_the_control_loses():
    with campaign(lanes=2) as made:
        points, seconds = made.trace()
        kinds = {point.partition(",")[0] for point in points}
        assert kinds >= {"write", "sync", "fsync", "rename", "send mail", "receive mail", "send body"}
        killed = made.each(Tally("points"), at_points(len(points), POINTS))
        made.each(killed, at_times(seconds, TIMES, seed=1))
        assert killed.clean, killed.faults
        assert killed.kills >= POINTS // 2  # some points of a recovery are not reached
        # the guard of the guard: kills between the two halves of a split transaction must be seen
        split = [[{"at": n, "name": "split"}] for n in range(1, SPLITS + 1)]
        control = made.each(Tally("control"), split, split=True)
        assert control.kills == SPLITS
        assert control.lost >= SPLITS
