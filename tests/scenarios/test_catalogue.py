"""Every scenario of the catalogue, played to its end."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from paygate.simulator.book import Book
from paygate.simulator.scenario import built_in
from tests.harness.audit import differences
from tests.harness.playing import BOOK, PlayedApp

OPENED = ["payment.created", "payment.pending"]
PAID = [*OPENED, "payment.success"]
PARTLY = [*OPENED, "payment.failed", "refund.created", "refund.processed"]
FAILED = [*OPENED, "payment.failed"]
LATE = [*FAILED, "payment.success"]


@dataclass(frozen=True)
class Ending:
    """How a payment that plays a scenario ends, and what is known of it.

    Args:
        substatus: Of the payment.
        events: All of them, in order.
        effects: What became of callbacks, in the order they came.
        code: Why it was declined.
        charged: Whether the processor's own book has it charged.
        captured: How much was taken of 500.00.
    """

    substatus: str
    events: list[str]
    effects: list[str] = field(default_factory=list)
    code: str | None = None
    charged: bool = True
    captured: int = 50_000


def paid(*effects: str) -> Ending:
    return Ending("success", PAID, list(effects))


def declined(code: str, *effects: str) -> Ending:
    return Ending("failed", FAILED, list(effects), code, charged=False, captured=0)


def undecided(*effects: str) -> Ending:
    return Ending("unknown", OPENED, list(effects), charged=False, captured=0)


ENDINGS = {
    "approve": paid(),
    "approve_slowly": paid(),
    "approve_partly": Ending("failed", PARTLY, code="partly_approved", captured=30_000),
    "decline": declined("declined"),
    "insufficient_funds": declined("insufficient_funds"),
    "expired_instrument": declined("expired_instrument"),
    "invalid_instrument": declined("invalid_instrument"),
    "blocked_instrument": declined("blocked_instrument"),
    "limit_exceeded": declined("limit_exceeded"),
    "authentication_failed": declined("authentication_failed"),
    "suspected_fraud": declined("suspected_fraud"),
    "payer_rejected": declined("payer_rejected"),
    "issuer_unavailable": declined("issuer_unavailable"),
    "decline_slowly": declined("processing_error"),
    "unknown_then_approved": paid(),
    "unknown_then_declined": declined("declined"),
    "unknown_for_ever": undecided(),
    "unknown_pending_approved": paid("applied", "duplicate"),
    "hang_then_approved": paid(),
    "hang_then_declined": declined("declined"),
    "crash_after_charge": paid(),
    "late_answer": paid(),
    "flaky": paid(),
    "down": undecided(),
    "junk": paid(),
    "wrong_amount": paid(),
    "wrong_currency": paid(),
    "raise": declined("declined"),
    "wrong_operation": paid(),
    "approved_by_callback": paid("applied"),
    "declined_by_callback": declined("declined", "applied"),
    "duplicate_callbacks": paid("applied", *["duplicate"] * 19),
    "reordered_callbacks": paid("applied", "no_effect"),
    "unsigned_callback": paid("refused"),
    "callback_of_another_amount": paid("quarantined"),
    "callback_about_nothing": paid("quarantined"),
    "contradicting_callback": paid("conflict"),
    "late_success": Ending("success", LATE, ["applied"]),
    "late_success_after_three_days": Ending("success", LATE, ["applied"]),
    "three_ds": declined("payer_timed_out"),
    "three_ds_approved": paid(),
    "three_ds_failed": declined("authentication_failed"),
    "otp": declined("payer_timed_out"),
    "collect": declined("payer_timed_out"),
    "collect_approved": paid("applied"),
    "collect_rejected": declined("payer_rejected"),
    "refund_declined": paid(),
    "refund_slow": paid(),
    "refund_unknown_then_approved": paid(),
    "refund_by_callback": paid(),
    "capture_declined": paid(),
    "capture_unknown_then_approved": paid(),
    "void_declined": paid(),
    "latency_fixed": paid(),
    "latency_uniform": paid(),
    "latency_lognormal": paid(),
}


def test_every_scenario_has_an_expected_result():
    assert {scenario.name for scenario in built_in()} == set(ENDINGS)
    assert len(ENDINGS) >= 40


@pytest.mark.parametrize("name", sorted(ENDINGS))
async def test_each_scenario_has_its_expected_result(stage: PlayedApp, name: str):
    scenario = next(each for each in built_in() if each.name == name)
    ending = ENDINGS[name]
    method = "card" if scenario.methods == {"card"} else "upi"
    await stage.webhook_url("http://127.0.0.1:9/nobody-listens")
    payment = await stage.play(name, method)

    assert (payment["substatus"], payment["decline_code"]) == (ending.substatus, ending.code)
    assert payment["amount_captured"] == ending.captured
    assert payment["next_action"] is None
    assert await stage.events(payment["id"]) == ending.events
    assert await stage.effects() == ending.effects
    await the_books_agree(stage, payment["id"], ending)
    await the_story_is_whole(stage, payment["id"])


async def the_books_agree(stage: PlayedApp, payment_id: str, ending: Ending) -> None:
    """Check that the processor's record contains at most one charge."""
    book = Book(stage.home / BOOK)
    charges = {
        charge.operation_id: charge for charge in book.charges() if charge.payment_id == payment_id
    }

    assert len(charges) <= 1
    approved = [each for each in charges.values() if each.decision and each.decision.is_approved]
    assert [charge.amount.minor for charge in approved] == [ending.captured] * ending.charged
    assert await differences(book, stage.rows) == []


async def the_story_is_whole(stage: PlayedApp, payment_id: str) -> None:
    """Versions without gaps, one event for each final status, a body for every event."""
    (row,) = await stage.rows(
        "SELECT version, last_seq, amount, amount_captured, amount_refunded, status "
        "FROM payments WHERE id = $1",
        payment_id,
    )
    seqs = await stage.rows("SELECT seq FROM events WHERE payment_id = $1 ORDER BY seq", payment_id)
    sql = "SELECT status, attempts FROM webhook_logs WHERE payment_id = $1"
    logged = await stage.rows(sql, payment_id)

    assert [each["seq"] for each in seqs] == list(range(1, row["last_seq"] + 1))
    # Nothing listens there: each delivery has used all its attempts and failed.
    assert [tuple(each.values()) for each in logged] == [("failed", 5)] * row["last_seq"]
    assert row["amount_refunded"] <= row["amount_captured"] <= row["amount"]
