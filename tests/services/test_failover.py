"""Failover: a charge that was certainly never sent goes to the next processor, and no other."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from paygate import Approved, DeclineCode, Declined, Released, Unknown
from paygate.core.limits import PROCESSOR_FAILURES_MAX
from paygate.core.money import Money
from paygate.core.payments.breaker import ProcessorBreakers, ProcessorShares
from paygate.core.payments.callbacks import receive_from_call
from paygate.core.payments.conclude import apply_update
from paygate.core.payments.process import Job, OperationWork
from paygate.core.plugin_api.processor import Update
from paygate.core.queue.work import Finished
from paygate.core.queue.worker import KINDS
from tests.harness.advisers import Advice, OtherProcessor, ScriptedRouter
from tests.harness.apps import TestApp, running_app
from tests.harness.databases import Databases
from tests.harness.fakes import Fakes, ScriptedProcessor, not_sent
from tests.harness.shared import Shared, shared_by_tests

CARD = "4111111111111111"
CHARGES = "SELECT processor, state FROM operations WHERE kind = 'charge' ORDER BY state"
PRESENT = "SELECT processor FROM payments"


class Site:
    """An app with two processors; ``scripted`` is ranked first, ``other`` second."""

    def __init__(self, app: TestApp, fakes: Fakes, other: ScriptedProcessor) -> None:
        self.app, self.first, self.second = app, fakes.processor, other

    async def charges(self) -> dict[str, str]:
        return {each["processor"]: each["state"] for each in await self.app.rows(CHARGES)}

    async def charge_of(self, processor: str) -> str:
        sql = "SELECT id FROM operations WHERE kind = 'charge' AND processor = $1"
        return str(await self.app.value(sql, processor))

    async def answer_late(self, processor: str, outcome: Any) -> tuple[str, str]:
        """Apply an answer of a processor about its charge, as a callback does."""
        deps = self.app.app.deps
        update = Update(await self.charge_of(processor), outcome)
        result = await apply_update(update, deps.registry.processors[processor], deps)
        return result.effect, result.reason

    def work(self, name: str, breakers: ProcessorBreakers | None = None) -> OperationWork:
        deps = self.app.app.deps
        rows = deps.storage.operations.only(KINDS["payments"], deps.registry.processors)
        shares = ProcessorShares(breakers or ProcessorBreakers(), 10)
        return OperationWork(deps, name, rows, receive_from_call, shares)

    async def lose_leases(self) -> None:
        await self.app.rows("UPDATE operations SET lease_until = now() - interval '1 hour'")


@pytest.fixture(scope="module")
def router() -> ScriptedRouter:
    return ScriptedRouter(None)


@pytest.fixture(scope="module")
def second() -> OtherProcessor:
    return OtherProcessor()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(
    databases: Databases,
    new_home: Callable[[], Path],
    shared_fakes: Fakes,
    router: ScriptedRouter,
    second: OtherProcessor,
) -> AsyncIterator[Shared[TestApp]]:
    plugins = [*shared_fakes.found(), Advice(routers=[router], other=second).found()]

    def opening(url: str, home: Path) -> AbstractAsyncContextManager[TestApp]:
        return running_app(url, home, plugins=plugins)

    async with shared_by_tests(databases, new_home, opening) as shared:
        yield shared


@pytest.fixture
async def site(
    shared: Shared[TestApp], shared_fakes: Fakes, router: ScriptedRouter, second: OtherProcessor
) -> AsyncIterator[Site]:
    router.answers = ["scripted", "other"]
    shared_fakes.forget()
    vars(second).update(vars(OtherProcessor()))
    async with shared.lent() as app:
        yield Site(app, shared_fakes, second)


def shut(processor: str) -> ProcessorBreakers:
    """Return breakers whose time stands still; that of the processor is open."""
    breakers = ProcessorBreakers(now_s=lambda: 0.0)
    for number in range(PROCESSOR_FAILURES_MAX):
        breakers.failed(processor, f"op_{number}", "no answer")
    return breakers


def names(processor: ScriptedProcessor) -> list[str]:
    return [name for name, *_ in processor.calls]


async def test_a_charge_that_was_not_sent_goes_to_the_next_processor(site: Site):
    app = site.app
    site.first.authorizations = [not_sent()]
    payment_id = await app.paid(secret=CARD)
    async with app.working():
        await app.until(payment_id, "success")
        refund = await app.call("POST", f"/payments/{payment_id}/refunds", json={"amount": 100})
        assert refund.status == 201, refund
        await app.until_value("processed", "SELECT status FROM refunds")
    story = (await app.call("GET", f"/payments/{payment_id}/timeline")).json["data"]
    decisions = [each for each in story if each["kind"] == "decision"]

    assert (names(site.first), names(site.second)) == (["authorize"], ["authorize", "refund"])
    assert await site.charges() == {"scripted": "failed", "other": "succeeded"}
    assert await app.value(PRESENT) == "other"
    assert site.second.secrets == [{"secret": CARD}]
    # The refund is about the charge of its own processor.
    (refunded,) = site.second.refund_requests
    assert refunded.operation_id == await site.charge_of("other")
    assert [each["data"]["decision"] for each in decisions] == ["route", "failover"]
    assert decisions[1]["what"] == "other takes over from scripted"
    assert decisions[1]["note"] == "the line is down"
    assert await app.value("SELECT count(*) FROM operations WHERE sealed IS NOT NULL") == 0


async def test_each_processor_is_tried_once_and_the_last_one_again(site: Site):
    site.first.authorizations, site.second.authorizations = [not_sent()], [not_sent(), not_sent()]
    payment_id = await site.app.paid()
    async with site.app.working():
        await site.app.until(payment_id, "success")

    assert (names(site.first), names(site.second)) == (["authorize"], ["authorize"] * 3)
    assert await site.app.value("SELECT count(*) FROM operations") == 2


async def test_a_processor_that_no_router_has_named_gets_nothing(
    site: Site, router: ScriptedRouter
):
    router.answers = ["scripted"]
    site.first.authorizations = [not_sent()]
    payment_id = await site.app.paid()
    async with site.app.working():
        await site.app.until(payment_id, "success")

    assert (names(site.first), names(site.second)) == (["authorize"] * 2, [])


@pytest.mark.parametrize(
    "answer",
    [Unknown("no answer"), Declined(DeclineCode.DECLINED, "other_processor")],
    ids=["unknown", "declined"],
)
async def test_a_charge_that_may_have_arrived_stays_at_its_processor(site: Site, answer: Any):
    # Sent, perhaps lost; not found when it is queried; then it cannot be sent; then it arrives.
    site.first.authorizations = [answer, not_sent()]
    site.first.queries = [not_sent()]
    payment_id = await site.app.paid()
    ending = "failed" if isinstance(answer, Declined) else "success"
    async with site.app.working():
        await site.app.until(payment_id, ending)

    assert names(site.second) == []
    assert list(await site.charges()) == ["scripted"]


async def test_charges_that_wait_for_an_open_breaker_go_to_the_next_processor(site: Site):
    app = site.app
    waiting = [await app.paid() for _ in range(3)]
    work = site.work("one", shut("scripted"))
    jobs = await work.claim(10)
    await work.record([Finished(job, await work.perform(job)) for job in jobs])
    statuses = {(await app.payment(each))["substatus"] for each in waiting}
    reasons = await app.rows("SELECT DISTINCT note FROM operations WHERE note IS NOT NULL")
    async with app.working():
        for each in waiting:
            await app.until(each, "success")

    assert statuses == {"pending"}
    assert (names(site.first), names(site.second)) == ([], ["authorize"] * 3)
    note = "never sent (the breaker of scripted is open: no answer); other takes over"
    assert reasons == [{"note": note}]


async def test_a_processor_whose_breaker_is_open_is_no_fallback(site: Site):
    site.first.authorizations = [not_sent(), not_sent()]
    await site.app.paid()
    await perform_one(site.work("one", shut("other")))

    assert await site.charges() == {"scripted": "reserved"}

    await site.app.rows("UPDATE operations SET run_at = now() - interval '1 s'")
    await perform_one(site.work("two"))

    assert await site.charges() == {"scripted": "failed", "other": "reserved"}


async def perform_one(work: OperationWork) -> Finished[Job, Any]:
    """Claim one operation, call its processor, and record the result."""
    (job,) = await work.claim(10)
    finished = Finished(job, await work.perform(job))
    await work.record([finished])
    return finished


async def test_a_worker_that_dies_after_the_failover_leaves_one_charge_to_send(site: Site):
    site.first.authorizations = [not_sent()]
    payment_id = await site.app.paid()
    await perform_one(site.work("dies"))

    assert await site.charges() == {"scripted": "failed", "other": "reserved"}

    async with site.app.working():
        await site.app.until(payment_id, "success")

    assert (names(site.first), names(site.second)) == (["authorize"], ["authorize"])


async def test_a_worker_that_dies_before_it_records_keeps_the_charge_at_its_processor(site: Site):
    # No one else knows that nothing was sent. The next worker queries, and sends again only to
    # the same processor, whatever else happens.
    site.first.authorizations, site.first.queries = [not_sent(), not_sent()], [not_sent()]
    payment_id = await site.app.paid()
    suspended = site.work("suspended")
    (job,) = await suspended.claim(10)
    late = Finished(job, await suspended.perform(job))
    assert late.result.failover is not None
    await site.lose_leases()
    async with site.app.working():
        await site.app.until(payment_id, "success")
    await suspended.record([late])

    assert await site.charges() == {"scripted": "succeeded"}
    assert names(site.second) == []


async def test_of_two_workers_with_one_failover_one_records_it(site: Site):
    site.first.authorizations = [not_sent()]
    payment_id = await site.app.paid()
    work = site.work("one")
    (job,) = await work.claim(10)
    finished = Finished(job, await work.perform(job))
    await work.record([finished])
    # Its copy has the same token, and the lease has ended.
    await work.record([finished])
    other_lease = replace(
        job.claimed, lease=replace(job.lease, token=job.claimed.payment.merchant_id)
    )
    await work.record([replace(finished, claim=replace(job, claimed=other_lease))])

    assert await site.charges() == {"scripted": "failed", "other": "reserved"}
    decisions = "SELECT count(*) FROM payment_decisions WHERE kind = 'failover'"
    assert await site.app.value(decisions) == 1
    async with site.app.working():
        await site.app.until(payment_id, "success")
    assert names(site.second) == ["authorize"]


async def test_a_callback_that_comes_first_keeps_the_charge(site: Site):
    site.first.authorizations = [not_sent()]
    await site.app.paid()
    work = site.work("late")
    (job,) = await work.claim(10)
    finished = Finished(job, await work.perform(job))
    approved = await site.answer_late("scripted", Approved("ref", Money(50_000, "INR")))
    await work.record([finished])

    assert approved[0] == "applied"
    assert await site.charges() == {"scripted": "succeeded"}


async def test_an_approval_of_the_first_processor_after_the_failover_needs_a_person(site: Site):
    site.first.authorizations = [not_sent()]
    await site.app.paid()
    await perform_one(site.work("one"))
    approved = Approved("ref", Money(50_000, "INR"))

    effect, reason = await site.answer_late("scripted", approved)
    conflicts = await site.app.value("SELECT count(*) FROM answer_conflicts")

    assert (effect, conflicts) == ("conflict", 1)
    assert "other" in reason
    assert await site.charges() == {"scripted": "failed", "other": "reserved"}


async def test_the_first_processor_cannot_end_the_hold_of_the_second(site: Site):
    app = site.app
    site.first.authorizations = [not_sent()]
    order = await app.order(capture="manual")
    payment_id = (await app.pay(order)).json["id"]
    async with app.working():
        await app.until(payment_id, "authorized")

    effect, _ = await site.answer_late("scripted", Released("the hold has expired"))

    assert effect == "no_effect"
    assert (await app.payment(payment_id))["status"] == "authorized"


async def test_late_money_of_the_first_processor_is_refunded_by_it(site: Site):
    site.first.authorizations = [not_sent()]
    site.second.authorizations = [Declined(DeclineCode.DECLINED)]
    payment_id = await site.app.paid()
    async with site.app.working():
        await site.app.until(payment_id, "failed")
        effect, _ = await site.answer_late("scripted", Approved("ref", Money(50_000, "INR")))
        await site.app.until_value("processed", "SELECT status FROM refunds")

    assert effect == "applied"
    (refunded,) = site.first.refund_requests
    assert refunded.operation_id == await site.charge_of("scripted")
    assert site.second.refund_requests == []


async def test_an_erased_card_goes_nowhere(site: Site):
    site.first.authorizations = [not_sent(), not_sent()]
    await site.app.paid(secret=CARD)
    work = site.work("one")
    (job,) = await work.claim(10)
    finished = Finished(job, await work.perform(job))
    assert finished.result.failover is not None
    await site.app.rows("UPDATE operations SET sealed = 'erased'")
    await work.record([finished])

    assert await site.charges() == {"scripted": "reserved"}
