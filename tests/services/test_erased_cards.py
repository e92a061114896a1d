"""A card is stored for 15 minutes; later requests do without it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from paygate import NotSentError, Unknown
from paygate.core.payments.operation import ERASED
from paygate.core.queue.housekeeping import purge_expired
from tests.harness.apps import TestApp, running_app
from tests.harness.fakes import Fakes, ScriptedProcessor

CARD = "4111111111111111"
SEALED = "SELECT sealed FROM operations WHERE kind = 'charge'"
STATE = "SELECT state FROM operations WHERE kind = 'charge'"
DUE_NOW = "UPDATE operations SET run_at = now() - interval '1 s' WHERE lease_state = 'ready'"
SLOW = (10_000.0,)
LOST = Unknown("no answer")


@pytest.fixture
def fakes() -> Fakes:
    """Provide a processor that loses its first response, and is queried hours later."""
    processor = ScriptedProcessor(authorizations=[LOST])
    return Fakes(processor=processor, query_waits_s=SLOW)


async def lost(app: TestApp, *, minutes: int) -> str:
    """Return a card payment with an unknown outcome that was sent that long ago."""
    payment_id = await app.paid(secret=CARD)
    async with app.working():
        await app.until_value("unknown", STATE)
    await made_ago(app, minutes)
    await purge_expired(app.app.deps)
    return payment_id


async def made_ago(app: TestApp, minutes: int) -> None:
    await app.rows(
        "UPDATE operations SET created_at = created_at - make_interval(mins => $1)", minutes
    )


async def asked_again(app: TestApp, payment_id: str, status: str) -> None:
    await app.rows(DUE_NOW)
    async with app.working():
        await app.until(payment_id, status)


async def test_an_unknown_charge_is_queried_after_its_card_is_erased(app: TestApp, fakes: Fakes):
    payment_id = await lost(app, minutes=16)
    erased = await app.value(SEALED)
    await asked_again(app, payment_id, "success")

    assert erased == ERASED
    assert [name for name, *_ in fakes.processor.calls] == ["authorize", "query"]
    assert await app.value(SEALED) is None


async def test_a_charge_can_be_resent_for_15_minutes(app: TestApp, fakes: Fakes):
    payment_id = await lost(app, minutes=14)
    kept = await app.value(SEALED)
    fakes.query_waits_s = (0.0,)
    fakes.processor.queries.append(NotSentError("it never came"))
    await app.rows(DUE_NOW)
    async with app.working():
        # The payment is unknown before the query too: only the operation shows that it was made.
        await app.until_value("reserved", STATE)
    await asked_again(app, payment_id, "success")

    assert kept not in {None, ERASED}
    assert fakes.processor.secrets == [{"secret": CARD}] * 2


async def test_an_unsent_charge_without_its_card_is_declined(app: TestApp, fakes: Fakes):
    payment_id = await lost(app, minutes=16)
    fakes.processor.queries.append(NotSentError("it never came"))
    await app.rows("UPDATE operations SET run_at = now() - interval '1 s'")
    async with app.working():
        await app.until_value("reserved", STATE)
        await app.rows("UPDATE operations SET run_at = now() - interval '1 s'")
        payment = await app.until(payment_id, "failed")

    assert payment["decline_code"] == "processing_error"
    assert fakes.processor.secrets == [{"secret": CARD}]
    # The order can be paid with another try.
    assert (await app.pay(payment["order_id"], secret=CARD)).status == 201


async def test_an_operation_in_review_has_no_card_and_can_be_queried(
    database_url: str, tmp_path: Path
):
    processor = ScriptedProcessor(authorizations=[LOST], queries=[LOST, LOST])
    fakes = Fakes(processor=processor, query_waits_s=(0.0,))
    async with running_app(database_url, tmp_path, plugins=fakes.found()) as app:
        payment_id = await app.paid(secret=CARD)
        async with app.working():
            await app.until_value("needs_review", STATE)
        erased = await app.value(SEALED)
        operation_id = await app.value("SELECT id FROM operations")
        released = await app.call("POST", f"/workers/stuck/payments/{operation_id}/release")
        async with app.working():
            await app.until(payment_id, "success")

    assert (erased, released.status) == (ERASED, 200)
    assert processor.secrets == [{"secret": CARD}]


async def test_a_dead_lettered_row_has_no_card(app: TestApp, fakes: Fakes):
    await app.paid(secret=CARD)
    await app.rows("UPDATE operations SET claims = 25")
    async with app.working():
        await app.until_value("needs_review", STATE)

    assert await app.value(SEALED) == ERASED
    assert fakes.processor.secrets == []


async def test_a_card_that_was_never_sent_waits_for_its_worker(app: TestApp, fakes: Fakes):
    fakes.processor.authorizations.clear()
    payment_id = await app.paid(secret=CARD)
    await made_ago(app, 16)
    await purge_expired(app.app.deps)
    async with app.working():
        await app.until(payment_id, "success")

    assert fakes.processor.secrets == [{"secret": CARD}]


async def test_an_unqueryable_charge_without_its_card_needs_review(
    database_url: str, tmp_path: Path
):
    class Mute(ScriptedProcessor):
        query = None  # type: ignore[assignment]  # a processor that cannot be asked
        capabilities = replace(
            ScriptedProcessor.capabilities, query=False, idempotent_operations=True
        )

    processor = Mute(authorizations=[LOST])
    fakes = Fakes(processor=processor, query_waits_s=SLOW)
    async with running_app(database_url, tmp_path, plugins=fakes.found()) as app:
        await lost(app, minutes=16)
        async with app.working():
            while await app.value(STATE) != "needs_review":
                await app.rows("UPDATE operations SET run_at = now() WHERE lease_state = 'ready'")

    assert processor.secrets == [{"secret": CARD}]
