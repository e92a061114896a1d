"""What one process shows of a clock that tests move."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest

from paygate.adapters.clock.virtual import VirtualClock
from paygate.core.clock import ClockState, format_shift

from .samples import NOW

SECOND, DAY = timedelta(seconds=1), timedelta(days=1)


@dataclass
class Real:
    """The real time, as far as a test lets it pass."""

    at: datetime = NOW

    def now(self) -> datetime:
        return self.at


def test_a_running_clock_keeps_its_shift():
    real = Real()
    clock = VirtualClock(real)
    clock.follow(ClockState(1, resumed_from=NOW + DAY, resumed_at=NOW))
    real.at += SECOND

    assert clock.now() == NOW + DAY + SECOND
    assert (clock.is_held, clock.is_moved, clock.shift) == (False, True, DAY)


def test_a_clock_is_held_while_it_is_being_moved():
    real = Real()
    clock = VirtualClock(real)
    clock.follow(ClockState(1, is_passing=True))
    real.at += SECOND
    stopped = (clock.now(), clock.is_held)
    clock.follow(ClockState(2, held_at=NOW + DAY, is_passing=True))
    moved = clock.now()

    assert stopped == (NOW, True)
    assert moved == NOW + DAY


def test_an_older_state_changes_nothing():
    real = Real()
    clock = VirtualClock(real)
    clock.follow(ClockState(2, held_at=NOW + DAY))
    clock.follow(ClockState(1, is_passing=True))

    assert clock.now() == NOW + DAY


@pytest.mark.parametrize(
    ("shift", "words"),
    [
        (DAY * 3, "3 days, 0:00:00 ahead of the real time"),
        (timedelta(seconds=3599.95), "1:00:00 ahead of the real time"),
        (-DAY, "1 day, 0:00:00 behind the real time"),
    ],
)
def test_a_shift_is_formatted_in_words(shift: timedelta, words: str):
    assert format_shift(shift) == words
