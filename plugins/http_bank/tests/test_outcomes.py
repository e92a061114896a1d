"""What each answer of the bank means: declined, not sent or unknown."""

import json
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

import pytest

from paygate import (
    ActionRequired,
    Approved,
    AuthorizeRequest,
    CallContext,
    DeclineCode,
    Declined,
    FollowUp,
    HttpResponse,
    Instrument,
    Money,
    NotSentError,
    OperationKind,
    Pending,
    Released,
    Unknown,
)
from paygate.bank.wire import RESPONSE_CODES
from paygate.testing.kit.stage import ListLog, ManualClock, RecordingClient, fails_with
from paygate_http_bank import HttpBank, HttpBankSettings, samples
from paygate_http_bank.outcomes import call_outcome, operation_outcome, query_outcome

SUM = Money(500, "INR")
AT = datetime(2026, 1, 15, 10, 35, tzinfo=UTC)
CARD = {"number": "4111111111111111", "expiry_month": "12", "expiry_year": "2030"}


def answer(status: int, content: Any, *, is_truncated: bool = False) -> HttpResponse:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return HttpResponse(status, {}, body, is_truncated=is_truncated)


def refusal(code: str) -> Any:
    return {"error": {"code": code, "message": "", "field": None}}


APPROVAL = samples.approval("op_1", SUM)


def test_an_approval_has_the_amount_and_the_operation_that_the_bank_names():
    outcome = call_outcome(answer(200, {**APPROVAL, "amount": 300}), "op_1")

    assert outcome == Approved("bank_op_1", Money(300, "INR"), operation_id="op_1")


@pytest.mark.parametrize("code", sorted(RESPONSE_CODES.values()))
def test_every_response_code_of_the_bank_is_a_decline_code(code: str):
    codes = {number: decline for decline, number in RESPONSE_CODES.items()}
    declined = {**APPROVAL, "status": "declined", "response_code": code}
    outcome = call_outcome(answer(200, declined), "op_1")

    assert isinstance(outcome, Declined)
    assert (outcome.code, outcome.processor_code) == (codes[code], code)


def test_an_unknown_response_code_is_a_plain_decline():
    outcome = operation_outcome({"status": "declined", "response_code": "Z9"})

    assert outcome == Declined(DeclineCode.DECLINED, processor_code="Z9")


@pytest.mark.parametrize(
    ("operation", "outcome"),
    [
        ({"status": "pending", "check_after_s": 8}, Pending(timedelta(seconds=8))),
        (
            {
                "status": "action_required",
                "action": "three_ds",
                "expires_at": AT.isoformat(),
                "check_after_s": 2.5,
            },
            ActionRequired("three_ds", AT, resolve_after=timedelta(seconds=2.5)),
        ),
    ],
)
def test_an_undecided_operation_is_not_final(operation: Any, outcome: Any):
    assert call_outcome(answer(200, {**APPROVAL, **operation}), "op_1") == outcome


def test_an_expired_hold_is_released():
    assert isinstance(operation_outcome({"status": "expired"}), Released)


@pytest.mark.parametrize(
    ("status", "content"),
    [
        (200, {}),
        (200, []),
        (200, b"<html>]]"),
        (200, b"[" * 100_000),
        (200, {**APPROVAL, "reference": "op_2"}),
        (200, {**APPROVAL, "status": "unknown"}),
        (200, {**APPROVAL, "status": "pending"}),
        (200, {**APPROVAL, "id": 5}),
        (202, APPROVAL),
        (302, b""),
        (401, refusal("unauthorized")),
        (404, b"<html>no such page</html>"),
        (404, refusal("not_found")),
        (422, refusal("key_reused")),
        (422, b"<html>a proxy"),
        (429, b""),
        (500, refusal("internal_error")),
        (502, b"<html>Bad gateway"),
    ],
)
def test_any_other_answer_to_a_charge_is_unknown(status: int, content: Any):
    assert isinstance(call_outcome(answer(status, content), "op_1"), Unknown)


def test_an_incomplete_answer_is_unknown():
    assert isinstance(call_outcome(answer(200, APPROVAL, is_truncated=True), "op_1"), Unknown)


@pytest.mark.parametrize("code", ["invalid_request", "amount_too_large"])
def test_a_refused_request_is_declined(code: str):
    outcome = call_outcome(answer(422, refusal(code)), "op_1")

    assert outcome == Declined(DeclineCode.PROCESSING_ERROR, processor_code=code)


def test_only_the_bank_itself_says_that_an_operation_was_not_sent():
    with pytest.raises(NotSentError):
        query_outcome(answer(404, refusal("not_found")), "op_1")
    for status, content in ((404, b"<html>"), (404, refusal("no_route")), (500, {})):
        assert isinstance(query_outcome(answer(status, content), "op_1"), Unknown)


def context(kind: str) -> CallContext:
    """Return a context whose requests fail."""
    return CallContext(
        merchant_id=UUID(int=1),
        operation_id="op_1",
        deadline=timedelta(seconds=2),
        clock=ManualClock(),
        rng=Random(1),
        http=RecordingClient(fails_with(kind)),
        logger=ListLog(),
    )


BANK = HttpBank(HttpBankSettings(url="https://b.example", api_key="k", callback_secret="s"))
INSTRUMENT = Instrument("card", "frictionless", {}, CARD)
CHARGE = AuthorizeRequest("pay_1", SUM, INSTRUMENT)
QUERY = FollowUp("pay_1", "op_1", SUM, INSTRUMENT, asked_at=AT)


@pytest.mark.parametrize("kind", ["refused_address", "invalid_url", "invalid_certificate"])
async def test_a_request_that_never_left_was_not_sent(kind: str):
    with pytest.raises(NotSentError):
        await BANK.authorize(CHARGE, context(kind))


@pytest.mark.parametrize("kind", ["timeout", "connection", "tls", "protocol"])
async def test_a_request_without_an_answer_is_unknown(kind: str):
    assert isinstance(await BANK.authorize(CHARGE, context(kind)), Unknown)


@pytest.mark.parametrize("kind", ["refused_address", "invalid_url", "timeout", "connection"])
async def test_a_query_that_fails_does_not_say_that_the_charge_was_not_sent(kind: str):
    outcome = await BANK.query(OperationKind.CHARGE, QUERY, context(kind))

    assert isinstance(outcome, Unknown)
