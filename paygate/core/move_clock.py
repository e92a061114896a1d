"""Moving the app's time, for every process at once. Never in production.

To advance is not to jump. Work that falls due on the way is done on the way, each
piece at its own moment::

    now ──► due ──► due ─────────► due ──► target
            done    done           done

A clock that ran runs on from the target; one that was stopped stays stopped there.
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
from .limits import WORKER_GONE_AFTER

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
LATEST = datetime(2200, 1, 1, tzinfo=UTC)
"""Every date that a story needs, and none that a due time in it could overflow."""

# All of an advance, so that a client with the usual timeout sees the answer.
STEPPING_MAX_S = 10.0

# A worker that was started a moment ago has this long to say that it lives.
NO_WORKER_AFTER_S = 0.5

# A process that does not see a move by then is hanging; the others go on.
SEEN_WITHIN_S = 1.0

# Several advances one after the other.
TURN_WITHIN_S = 30.0
POLL_S = 0.004
TURN_POLL_S = 0.02
HOLD_LEAD = timedelta(milliseconds=50)
"""A clock that runs is held a little ahead of where the processes have stopped it: they read
the real time some milliseconds apart, and for none of them does time go backwards."""


@dataclass(frozen=True, slots=True)
class HoldClock:
    """Stop the clock at that moment, in UTC; None is where it is."""

    at: datetime | None


@dataclass(frozen=True, slots=True)
class AdvanceClock:
    """Move the clock on.

    Args:
        by: How far; None is to the moment the next work falls due.
        hold: Whether it stands still afterwards; None is as before.
    """

    by: timedelta | None
    hold: bool | None = None


@dataclass(frozen=True, slots=True)
class AdvanceResult:
    """What an advance came to.

    Args:
        steps: Moments on the way at which work was due.
        is_idle: All of it was done, each at its moment.
    """

    steps: int
    is_idle: bool


async def hold_clock(command: HoldClock, deps: Deps) -> None:
    """Stop the clock at a moment, without the work in between.

    Raises:
        InvalidInputError: It was moved to a later moment, or the moment is no sane one.
    """
    if command.at is not None:
        _check_range(command.at, field="at")
    async with _turn(deps) as clock:
        shown = clock.shown.now()
        if command.at is not None and clock.shown.is_moved and command.at < shown:
            raise InvalidInputError(
                f"at is before {shown.isoformat()}, which the clock shows, and time "
                "does not run backwards; release the clock first",
                field="at",
            )
        await _hold(command.at or await _stopped(clock), clock)
        await _until_seen(clock)


async def release_clock(deps: Deps) -> None:
    """Show the real time again."""
    async with _turn(deps) as clock:
        clock.shown.follow(await clock.moves.release())
        await _until_seen(clock)


async def advance_clock(command: AdvanceClock, deps: Deps) -> AdvanceResult:
    """Move the clock on, stopping wherever work falls due until that is done.

    It comes to its end in any case, after ten seconds or when nobody works; then
    what was due on the way is done there.

    Raises:
        InvalidInputError: The end is no sane moment.
    """
    async with _turn(deps) as clock:
        holds = clock.shown.is_held if command.hold is None else command.hold
        if command.by is not None:
            _check_range(clock.shown.now() + command.by, field="seconds")
        start = await _stopped(clock)
        target = None if command.by is None else start + command.by
        await _hold(start, clock, is_passing=not holds)
        await _until_seen(clock)
        deadline_s = _steady_s() + STEPPING_MAX_S
        journey = _Advance(clock, deps, deadline_s, is_passing=not holds)
        advanced = await (journey.to_next() if target is None else journey.to(target))
        if not holds:
            _follow(await clock.moves.resume(), clock)
        await _until_seen(clock)
        return advanced


@dataclass(slots=True)
class _Advance:
    clock: TestClock
    deps: Deps
    deadline_s: float
    is_passing: bool
    steps: int = 0

    async def to(self, target: datetime) -> AdvanceResult:
        """Everything up to there, in order."""
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
        """What is due next, and no further."""
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
        """Wait until no work is due any more; False if that takes too long."""
        began_s = _steady_s()
        while (await self.clock.moves.due_work(self.clock.shown.now())).is_due:
            now_s = _steady_s()
            if now_s > self.deadline_s:
                return False
            if now_s > began_s + NO_WORKER_AFTER_S and not await self._is_worked_on():
                return False
            await asyncio.sleep(POLL_S)
        return True

    async def _is_worked_on(self) -> bool:
        return await self.deps.storage.workers.alive(within=WORKER_GONE_AFTER) > 0


@asynccontextmanager
async def _turn(deps: Deps) -> AsyncIterator[TestClock]:
    """Be the only one in the whole stack who moves the clock."""
    clock = deps.test_clock
    assert clock is not None, "production serves no route that leads here"
    deadline_s = _steady_s() + TURN_WITHIN_S
    while _steady_s() < deadline_s:
        async with clock.moves.lock() as is_ours:
            if is_ours:
                state = await clock.moves.find()
                if state.is_passing:
                    # Whoever moved it before us died on the way.
                    _follow(await clock.moves.resume(), clock)
                clock.shown.follow(state)
                yield clock
                return
        # No connection is held meanwhile, or the waiters would empty the pool.
        await asyncio.sleep(TURN_POLL_S)
    raise InfrastructureError("the clock is being moved by others all the time")


async def _stopped(clock: TestClock) -> datetime:
    """Stop the clock where it is; a moment that no process has shown yet."""
    if clock.shown.is_held:
        return clock.shown.now()
    began_s = _steady_s()
    _follow(await clock.moves.stop(), clock)
    await _until_seen(clock)
    return clock.shown.now() + timedelta(seconds=_steady_s() - began_s) + HOLD_LEAD


async def _hold(at: datetime, clock: TestClock, *, is_passing: bool = False) -> None:
    _follow(await clock.moves.hold(at, is_passing=is_passing), clock)


def _follow(state: ClockState | None, clock: TestClock) -> None:
    if state is None:
        raise InfrastructureError("our turn to move the clock was lost with its connection")
    clock.shown.follow(state)


async def _until_seen(clock: TestClock) -> None:
    version = (await clock.moves.find()).version
    deadline_s = _steady_s() + SEEN_WITHIN_S
    while await clock.moves.count_behind(version):
        if _steady_s() > deadline_s:
            return
        await asyncio.sleep(POLL_S)


def _steady_s() -> float:
    """Seconds that pass whatever a test does to the process's clocks."""
    return asyncio.get_running_loop().time()


def _check_range(at: datetime, *, field: str) -> None:
    if not EARLIEST <= at <= LATEST:
        raise InvalidInputError(
            f"{field} must not lead out of the years {EARLIEST.year} to {LATEST.year}",
            field=field,
        )
