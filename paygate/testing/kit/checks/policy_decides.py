"""A retry policy returns a wait or None, and depends only on its arguments."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime, timedelta, timezone
from random import Random

from ....core.plugin_api.retry_policy import RetryPolicy, Tries
from ....plugins.checks import POLICY_TARGETS, check_members, policy_name
from ....plugins.results import is_usable_wait
from ..calls import Result, run_sync
from ..cases import PolicyCase
from ..exercises import a_sweep_of_tries
from ..rules import require, rule
from ..stage import NOW

TRIES_MAX = 1000
TOTAL_MAX = timedelta(days=366)
DECISIONS_S_MAX = 1.0


@rule(
    "policy.describes_itself",
    why="the host refuses to start with a policy that applies to nothing",
    remedy=f"give it a `name` and `applies_to`, of {', '.join(POLICY_TARGETS)}",
)
async def describes_itself(case: PolicyCase) -> None:
    """Has a name, and applies to something that exists."""
    policy = case.policy()
    seen = run_sync(lambda: check_members(policy, RetryPolicy))
    require(seen.raised is None, str(seen.raised))
    named = run_sync(lambda: policy_name(policy))
    require(named.raised is None, str(named.raised))
    is_named = isinstance(named.answer, str) and named.answer
    require(is_named and policy.applies_to, f"{named.answer!r} applies to {policy.applies_to!r}")


@rule(
    "policy.never_raises",
    why="the built-in policy decides instead, without a visible error",
    remedy="handle attempts without a status, waits of zero and of days, and any count",
)
async def never_raises(case: PolicyCase) -> None:
    """Returns a result for every history, whatever its status, count or requested wait is."""
    policy = case.policy()
    for tries in a_sweep_of_tries():
        result = _decided(policy, tries)
        require(result.raised is None, f"{tries} ended with {result}")


@rule(
    "policy.returns_valid_delays",
    why="the built-in policy replaces an invalid wait",
    remedy="return a timedelta from 0 to 30 days, or None",
)
async def returns_valid_delays(case: PolicyCase) -> None:
    """Returns a timedelta from 0 to 30 days, or None."""
    policy = case.policy()
    for tries in a_sweep_of_tries():
        result = _decided(policy, tries)
        if result.raised is None and result.answer is not None:
            require(is_usable_wait(result.answer), f"{tries} gave {result.answer!r}")


@rule(
    "policy.gives_up",
    why="endless retries fill the queue, and the failure is never reported",
    remedy="return None after a number of attempts",
)
async def gives_up(case: PolicyCase) -> None:
    """Gives up within a year, and never retries after that."""
    policy, total = case.policy(), timedelta(0)
    for count in range(1, TRIES_MAX):
        wait = _decided(policy, Tries(count, 500)).answer
        if not isinstance(wait, timedelta):
            require(wait is None, f"after {count} tries it answered {wait!r}")
            break
        total += wait
    else:
        require(False, f"after {TRIES_MAX} tries it still goes on")
    require(total <= TOTAL_MAX, f"it gives up after {total.days} days")
    after = _decided(policy, Tries(count + 1, 500)).answer
    require(after is None, f"it gave up after {count} tries, and went on with {after}")


@rule(
    "policy.decides_reproducibly",
    why="after a crash another worker makes the same decision again",
    remedy="use only `tries`, `now` and `rng`",
)
async def decides_reproducibly(case: PolicyCase) -> None:
    """Decides the same for the same history, also after a restart and in another order."""
    policy, other = case.policy(), case.policy()
    sweep = a_sweep_of_tries()
    once = [_decided(policy, tries).answer for tries in sweep]
    again = [_decided(policy, tries).answer for tries in sweep]
    backwards = [_decided(other, tries).answer for tries in reversed(sweep)][::-1]
    for tries, one, two, three in zip(sweep, once, again, backwards, strict=True):
        require(one == two == three, f"{tries} gave {one}, {two} and, in another order, {three}")


@rule(
    "policy.ignores_the_time_zone",
    why="a datetime without a time zone raises an exception, or is wrong by hours",
    remedy="calculate with `now`, which has a time zone",
)
async def ignores_the_time_zone(case: PolicyCase) -> None:
    """Decides the same in every time zone."""
    there = NOW.astimezone(timezone(timedelta(hours=5, minutes=30)))
    for tries in a_sweep_of_tries():
        result = _decided(case.policy(), tries)
        elsewhere = _decided(case.policy(), tries, now=there)
        is_same = result.answer == elsewhere.answer
        require(is_same, f"{tries}: {result} in UTC, {elsewhere} in India")


@rule(
    "policy.works_at_any_date",
    why="tests move the clock, and the schedule must be the same at any time",
    remedy="count waits from `now`; do not compare it with a fixed date",
)
async def works_at_any_date(case: PolicyCase) -> None:
    """Works at any date, from the earliest to the latest supported year."""
    policy = case.policy()
    for now in (datetime(1970, 1, 2, tzinfo=UTC), datetime(2100, 2, 28, 23, 59, tzinfo=UTC)):
        result = _decided(policy, Tries(1, 500), now=now)
        usual = _decided(policy, Tries(1, 500))
        is_same = (result.answer is None) == (usual.answer is None) and (
            result.raised is None or usual.raised is not None
        )
        require(is_same, f"in {now.year} it gave {result}, usually {usual}")


@rule(
    "policy.decides_quickly",
    why="it is called for every delivery, inside a transaction",
    remedy="calculate the result; do not search or read anything",
)
async def decides_quickly(case: PolicyCase) -> None:
    """Makes a thousand decisions in one second."""
    policy = case.policy()
    took_s = min(
        sum(_decided(policy, Tries(count % 9 + 1, 500)).took_s for count in range(1000))
        for _ in range(3)
    )
    require(took_s < DECISIONS_S_MAX, f"a thousand decisions took {took_s:.1f} s")


@rule(
    "policy.does_not_change_arguments",
    why="the recorded history would be wrong",
    remedy="copy before you change",
)
async def does_not_change_arguments(case: PolicyCase) -> None:
    """Does not change the history."""
    policy = case.policy()
    for tries in a_sweep_of_tries():
        before = asdict(tries)
        _decided(policy, tries)
        require(asdict(tries) == before, f"the history was {before}, then {tries}")


def _decided(policy: RetryPolicy, tries: Tries, *, now: datetime = NOW) -> Result[timedelta | None]:
    return run_sync(lambda: policy.next_delay(tries, now=now, rng=Random(7)))
