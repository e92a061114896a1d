"""Move the app's clock for every process at once. Never in production.

An advance is not a jump. It stops at each due time on the way until the work that is
due then is done::

    now ──► due ──► due ─────────► due ──► target
            done    done           done

A clock that ran continues from the target; one that was held is held there.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from .clock import ClockState
from .deps import Deps, TestClock
from .errors import InfrastructureError, InvalidInputError
from .limits import WORKER_DEAD_AFTER

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
LATEST = datetime(2200, 1, 1, tzinfo=UTC)
"""The range that tests need; no due time in it can overflow."""

# The whole advance, so that a client with the usual timeout receives the response.
STEPPING_MAX_S = 10.0

# A worker that has just started has this long to send its first heartbeat.
NO_WORKER_AFTER_S = 0.5

# A process that has not applied a state by then hangs; the others continue.
APPLIED_WITHIN_S = 1.0

# Covers several advances that wait for each other.
LOCK_WITHIN_S = 30.0
POLL_S = 0.004
LOCK_POLL_S = 0.02
HOLD_LEAD = timedelta(milliseconds=50)
"""A running clock is held a little after the time at which the processes stopped it. They
read the real time some milliseconds apart, and time must not go backwards in any of them."""


@dataclass(frozen=True, slots=True)
class HoldClock:
    """Hold the clock at a time in UTC; None is the current time."""

    at: datetime | None


@dataclass(frozen=True, slots=True)
class AdvanceClock:
    """Advance the clock.

    Args:
        by: How far; None is until the next work becomes due.
        hold: Whether to hold it afterwards; None keeps the state before the advance.
    """

    by: timedelta | None
    hold: bool | None = None


@dataclass(frozen=True, slots=True)
class AdvanceResult:
    """The result of an advance.

    Args:
        steps: Number of due times on the way.
        is_idle: All work was done, each at its due time.
    """

    steps: int
    is_idle: bool


async def hold_clock(command: HoldClock, deps: Deps) -> None:
    """Hold the clock at a time, without doing the work in between.

    Raises:
        InvalidInputError: The clock shows a later time, or the time is out of range.
    """
    if command.at is not None:
        _check_range(command.at, field="at")
    async with _lock_clock(deps) as clock:
        shown = clock.shown.now()
        if command.at is not None and clock.shown.is_moved and command.at < shown:
            raise InvalidInputError(
                f"at is before {shown.isoformat()}, the current time of the clock. "
                "Time cannot go backwards; release the clock first",
                field="at",
            )
        await _hold(command.at or await _hold_current(clock), clock)
        await _until_applied(clock)


async def release_clock(deps: Deps) -> None:
    """Show the real time again."""
    async with _lock_clock(deps) as clock:
        clock.shown.follow(await clock.moves.release())
        await _until_applied(clock)


async def advance_clock(command: AdvanceClock, deps: Deps) -> AdvanceResult:
    """Advance the clock, and stop at each due time until its work is done.

    It always reaches the target, at the latest after ten seconds. Without a live worker
    it does not wait. Work that was not done on the way is done at the target.

    Raises:
        InvalidInputError: The target is out of range.
    """
    async with _lock_clock(deps) as clock:
        holds = clock.shown.is_held if command.hold is None else command.hold
        if command.by is not None:
            _check_range(clock.shown.now() + command.by, field="seconds")
        start = await _hold_current(clock)
        target = None if command.by is None else start + command.by
        await _hold(start, clock, is_passing=not holds)
        await _until_applied(clock)
        deadline_s = _steady_s() + STEPPING_MAX_S
        advance = _Advance(clock, deps, deadline_s, is_passing=not holds)
        advanced = await (advance.to_next() if target is None else advance.to(target))
        if not holds:
            _follow(await clock.moves.resume(), clock)
        await _until_applied(clock)
        return advanced


@dataclass(slots=True)
class _Advance:
    clock: TestClock
    deps: Deps
    deadline_s: float
    is_passing: bool
    steps: int = 0

    async def to(self, target: datetime) -> AdvanceResult:
        """Advance to the target, and stop at every due time."""
        is_idle = await self._is_done()
        while is_idle:
            due_at = await self._next_at()
            if due_at is None or due_at > target:
                break
            is_idle = await self._step(due_at)
        if self.clock.shown.now() < target:
            await self._move(target)
            is_idle = is_idle and await self._is_done()
        return AdvanceResult(self.steps, is_idle)

    async def to_next(self) -> AdvanceResult:
        """Advance to the next due time."""
        is_idle = await self._is_done()
        due_at = await self._next_at()
        if due_at is not None and due_at <= LATEST:
            is_idle = await self._step(due_at) and is_idle
        return AdvanceResult(self.steps, is_idle)

    async def _next_at(self) -> datetime | None:
        return (await self.clock.moves.due_work(self.clock.shown.now())).next_at

    async def _step(self, due_at: datetime) -> bool:
        self.steps += 1
        await self._move(due_at)
        return await self._is_done()

    async def _move(self, at: datetime) -> None:
        await _hold(at, self.clock, is_passing=self.is_passing)

    async def _is_done(self) -> bool:
        """Wait until no work is due; return False if that takes too long."""
        began_s = _steady_s()
        while (await self.clock.moves.due_work(self.clock.shown.now())).is_due:
            now_s = _steady_s()
            if now_s > self.deadline_s:
                return False
            if now_s > began_s + NO_WORKER_AFTER_S and not await self._has_worker():
                return False
            await asyncio.sleep(POLL_S)
        return True

    async def _has_worker(self) -> bool:
        return await self.deps.storage.workers.alive(within=WORKER_DEAD_AFTER) > 0


@asynccontextmanager
async def _lock_clock(deps: Deps) -> AsyncIterator[TestClock]:
    """Lock the clock for this process."""
    clock = deps.test_clock
    assert clock is not None, "production serves no route that moves the clock"
    deadline_s = _steady_s() + LOCK_WITHIN_S
    while _steady_s() < deadline_s:
        async with clock.moves.lock() as is_locked:
            if is_locked:
                state = await clock.moves.find()
                if state.is_passing:
                    # The process that moved the clock before died during its advance.
                    _follow(await clock.moves.resume(), clock)
                clock.shown.follow(state)
                yield clock
                return
        # Hold no connection while waiting, or the waiting requests would exhaust the pool.
        await asyncio.sleep(LOCK_POLL_S)
    raise InfrastructureError("the clock is in use by other requests; try again later")


async def _hold_current(clock: TestClock) -> datetime:
    """Hold the clock where it is; return a time that no process has shown yet."""
    if clock.shown.is_held:
        return clock.shown.now()
    began_s = _steady_s()
    _follow(await clock.moves.stop(), clock)
    await _until_applied(clock)
    return clock.shown.now() + timedelta(seconds=_steady_s() - began_s) + HOLD_LEAD


async def _hold(at: datetime, clock: TestClock, *, is_passing: bool = False) -> None:
    _follow(await clock.moves.hold(at, is_passing=is_passing), clock)


def _follow(state: ClockState | None, clock: TestClock) -> None:
    if state is None:
        raise InfrastructureError("the lock on the clock was lost with its connection")
    clock.shown.follow(state)


async def _until_applied(clock: TestClock) -> None:
    version = (await clock.moves.find()).version
    deadline_s = _steady_s() + APPLIED_WITHIN_S
    while await clock.moves.count_behind(version):
        if _steady_s() > deadline_s:
            return
        await asyncio.sleep(POLL_S)


def _steady_s() -> float:
    """Return monotonic seconds that no test changes."""
    return asyncio.get_running_loop().time()


def _check_range(at: datetime, *, field: str) -> None:
    if not EARLIEST <= at <= LATEST:
        raise InvalidInputError(
            f"{field} must be between {EARLIEST:%Y-%m-%d} and {LATEST:%Y-%m-%d}",
            field=field,
        )
