"""A retry policy: history in, delay or "give up" out, and nothing else."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime, timedelta, timezone
from random import Random

from ....core.plugin_api.retry_policy import RetryPolicy, Tries
from ....plugins.checks import POLICY_TARGETS, check_members, policy_name
from ....plugins.results import is_usable_wait
from ..calls import Said, tried
from ..cases import PolicyCase
from ..exercises import a_sweep_of_tries
from ..rules import require, rule
from ..stage import NOW

TRIES_MAX = 1000
TOTAL_MAX = timedelta(days=366)
DECISIONS_S_MAX = 1.0


@rule(
    "policy.describes_itself",
    why="the host refuses at start-up what decides about nothing",
    remedy=f"give it a `name` and `applies_to`, of {', '.join(POLICY_TARGETS)}",
)
async def describes_itself(case: PolicyCase) -> None:
    """Has a name, and decides about something there is."""
    policy = case.policy()
    seen = tried(lambda: check_members(policy, RetryPolicy))
    require(seen.raised is None, str(seen.raised))
    named = tried(lambda: policy_name(policy))
    require(named.raised is None, str(named.raised))
    is_named = isinstance(named.answer, str) and named.answer
    require(is_named and policy.applies_to, f"{named.answer!r} applies to {policy.applies_to!r}")


@rule(
    "policy.never_raises",
    why="the built-in policy decides instead, and nobody notices",
    remedy="mind tries without a status, waits of nothing and of days, and counts of any size",
)
async def never_raises(case: PolicyCase) -> None:
    """Decides about every history, whatever the status, the count or the wished wait."""
    policy = case.policy()
    for tries in a_sweep_of_tries():
        heard = _decided(policy, tries)
        require(heard.raised is None, f"{tries} ended with {heard}")


@rule(
    "policy.waits_can_be_kept",
    why="what cannot be waited for is decided by the built-in policy instead",
    remedy="answer with a timedelta from 0 to 30 days, or None",
)
async def waits_can_be_kept(case: PolicyCase) -> None:
    """Answers with a timedelta that is not negative and at most 30 days, or None."""
    policy = case.policy()
    for tries in a_sweep_of_tries():
        heard = _decided(policy, tries)
        if heard.raised is None and heard.answer is not None:
            require(is_usable_wait(heard.answer), f"{tries} gave {heard.answer!r}")


@rule(
    "policy.gives_up",
    why="what never ends fills the queue, and nobody is told that it failed",
    remedy="return None after a number of tries",
)
async def gives_up(case: PolicyCase) -> None:
    """Gives up in the end, within a year, and stays with it."""
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
    "policy.decides_the_same_again",
    why="a worker that died has its decision made again by another",
    remedy="decide from `tries`, `now` and `rng` alone",
)
async def decides_the_same_again(case: PolicyCase) -> None:
    """Decides the same about the same, also after a restart and in another order."""
    policy, other = case.policy(), case.policy()
    sweep = a_sweep_of_tries()
    once = [_decided(policy, tries).answer for tries in sweep]
    again = [_decided(policy, tries).answer for tries in sweep]
    backwards = [_decided(other, tries).answer for tries in reversed(sweep)][::-1]
    for tries, one, two, three in zip(sweep, once, again, backwards, strict=True):
        require(one == two == three, f"{tries} gave {one}, {two} and, in another order, {three}")


@rule(
    "policy.minds_no_time_zone",
    why="a naive moment raises where an aware one is, or is hours off",
    remedy="reckon with `now` as it is given, which is aware",
)
async def minds_no_time_zone(case: PolicyCase) -> None:
    """Decides the same whichever time zone the moment is written in."""
    there = NOW.astimezone(timezone(timedelta(hours=5, minutes=30)))
    for tries in a_sweep_of_tries():
        heard = _decided(case.policy(), tries)
        elsewhere = _decided(case.policy(), tries, now=there)
        is_same = heard.answer == elsewhere.answer
        require(is_same, f"{tries}: {heard} in UTC, {elsewhere} in India")


@rule(
    "policy.knows_no_season",
    why="the clock is moved in tests, and the same timetable is promised at any time",
    remedy="count waits from now; do not compare it with a moment of your own",
)
async def knows_no_season(case: PolicyCase) -> None:
    """Still waits and gives up at the far ends of the calendar, without raising."""
    policy = case.policy()
    for now in (datetime(1970, 1, 2, tzinfo=UTC), datetime(2100, 2, 28, 23, 59, tzinfo=UTC)):
        heard = _decided(policy, Tries(1, 500), now=now)
        usual = _decided(policy, Tries(1, 500))
        is_same = (heard.answer is None) == (usual.answer is None) and (
            heard.raised is None or usual.raised is not None
        )
        require(is_same, f"in {now.year} it gave {heard}, usually {usual}")


@rule(
    "policy.decides_quickly",
    why="it is asked for every delivery, in the middle of a transaction",
    remedy="compute, and do not search",
)
async def decides_quickly(case: PolicyCase) -> None:
    """Makes a thousand decisions in a second."""
    policy = case.policy()
    took_s = min(
        sum(_decided(policy, Tries(count % 9 + 1, 500)).took_s for count in range(1000))
        for _ in range(3)
    )
    require(took_s < DECISIONS_S_MAX, f"a thousand decisions took {took_s:.1f} s")


@rule(
    "policy.leaves_its_arguments_alone",
    why="the history is what is recorded",
    remedy="copy before you change",
)
async def leaves_its_arguments_alone(case: PolicyCase) -> None:
    """Changes nothing of the history."""
    policy = case.policy()
    for tries in a_sweep_of_tries():
        before = asdict(tries)
        _decided(policy, tries)
        require(asdict(tries) == before, f"the history was {before}, then {tries}")


def _decided(policy: RetryPolicy, tries: Tries, *, now: datetime = NOW) -> Said[timedelta | None]:
    return tried(lambda: policy.next_delay(tries, now=now, rng=Random(7)))
