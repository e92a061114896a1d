"""A gateway with one thing wrong fails the clause about it, and no other.

Most of a grading is waiting. All are started with the first test, and each test awaits its own.
"""

from __future__ import annotations

import asyncio
from asyncio import Semaphore, Task
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

import pytest
import pytest_asyncio

from paygate.grade.clauses import CLAUSES
from paygate.grade.gateway import Keys, Target
from paygate.grade.report import GradeReport, Result, Verdict
from paygate.grade.run import GradeOptions, grade
from tests.grade.faults import FAULTS
from tests.grade.small_gateway import WAITS_S, Fault, SmallGateway, serve

CHECKED = [each.id for each in CLAUSES if each.check is not None]
# It takes five seconds, whatever else is wrong.
SLOW = "K18"
AT_ONCE = 8
GATEWAYS_AT_ONCE = 8
# A payment is seen while it is pending, also on a busy machine.
PENDING_S = 3.0
SECRETS = ("secret_small", "secret_second", "whsec_small")
TIMETABLES = {
    "right": WAITS_S,
    "four attempts": WAITS_S[:3],
    "six attempts": (*WAITS_S, 1),
    "a third retry that is early": (5, 10, 1, 20),
}


def target_of(gateway: SmallGateway, url: str) -> Target:
    own, other = (
        Keys(f"as {merchant.key}", merchant.key, merchant.secret)
        for merchant in (gateway.own, gateway.other)
    )
    return Target(url, own, other, timedelta(seconds=30))


async def graded(fault: Fault, *, is_slow: bool, delay_s: float = 0.2) -> GradeReport:
    chosen = [each for each in CLAUSES if is_slow or each.id != SLOW]
    async with serve(fault, delay_s) as (gateway, url):
        report = await grade(target_of(gateway, url), GradeOptions(chosen, at_once=AT_ONCE))
        assert gateway.own.url is None, "the former webhook URL was not restored"
        return report


async def graded_with(name: str, place: Semaphore) -> GradeReport:
    clause, fault = FAULTS[name]
    delay_s = PENDING_S if "pending payment" in name else 0.2
    async with place:
        return await graded(fault, is_slow=clause == SLOW, delay_s=delay_s)


async def fully_checked(waits_s: Sequence[float]) -> Verdict:
    """Check every retry of a gateway with this timetable, which takes as long as all of them."""
    chosen = [each for each in CLAUSES if each.id == SLOW]
    async with serve(Fault(waits_s=waits_s)) as (gateway, url):
        options = GradeOptions(chosen, is_full=True)
        (result,) = (await grade(target_of(gateway, url), options)).results
        assert "attempts after the second" not in str(result.not_checked)
        return result.verdict


@dataclass(frozen=True)
class Gradings:
    """Gradings under way: of each wrong gateway, by its name, and of each timetable."""

    wrong: Mapping[str, Task[GradeReport]]
    timetables: Mapping[str, Task[Verdict]]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def gradings() -> AsyncIterator[Gradings]:
    place = Semaphore(GATEWAYS_AT_ONCE)
    started = Gradings(
        {name: asyncio.create_task(graded_with(name, place)) for name in FAULTS},
        {name: asyncio.create_task(fully_checked(waits_s)) for name, waits_s in TIMETABLES.items()},
    )
    yield started
    for task in (*started.wrong.values(), *started.timetables.values()):
        task.cancel()
        with suppress(asyncio.CancelledError, Exception):
            await task


def failures(report: GradeReport) -> list[Result]:
    return [result for result in report.results if result.verdict is Verdict.FAILED]


async def test_a_gateway_that_keeps_the_contract_passes():
    report = await graded(Fault(), is_slow=True)

    verdicts = {result.clause.id: result.verdict for result in report.results}
    assert verdicts.pop("K20") is Verdict.NOT_CHECKED
    assert verdicts == dict.fromkeys(CHECKED, Verdict.PASSED), report.as_text()
    assert report.is_right


@pytest.mark.parametrize("clause", CHECKED)
async def test_one_wrong_thing_fails_its_clause_only(clause: str, gradings: Gradings):
    names = [name for name, (broken, _) in FAULTS.items() if broken == clause]
    reports = [await gradings.wrong[name] for name in names]

    assert names, "no gateway breaks it"
    for name, report in zip(names, reports, strict=True):
        found = failures(report)
        assert [result.clause.id for result in found] == [clause], f"{name}\n{report.as_text()}"
        (evidence,) = [result.evidence for result in found]
        assert evidence is not None
        assert all([found[0].problem, evidence.sent, evidence.expected, evidence.came])
        assert not any(secret in report.as_text() for secret in SECRETS)
        assert not report.is_right


async def test_with_full_every_retry_is_checked(gradings: Gradings):
    found = {name: await task for name, task in gradings.timetables.items()}

    assert found == {
        name: Verdict.PASSED if name == "right" else Verdict.FAILED for name in TIMETABLES
    }
