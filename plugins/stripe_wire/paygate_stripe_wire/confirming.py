"""Confirm a PaymentIntent: pay its order with a test card."""

from __future__ import annotations

from typing import Any

from paygate import Record, WireRefusal

from .call import Call
from .cards import card_of
from .errors import CODES, FAILED, UNEXPECTED_STATE, StripeError
from .intents import ROWS_MAX, intent_of, intent_with, record_of, unexpected
from .methods import method_of
from .shapes import Intent, Row, failure, intent_object

WAIT_S = 10
"""How long a request waits for the processor, or for the question of the card's bank."""


async def confirmed(intent: Intent, method: Record | None, call: Call) -> Intent:
    """Pay the order, once for this request; return the PaymentIntent after it.

    Whether it can be paid is decided by the gateway alone: of several requests at the same
    time, one begins a payment.

    Args:
        intent: The PaymentIntent.
        method: The payment method of the request; None for the one of the PaymentIntent.
        call: The request.

    Raises:
        StripeError: The payment failed, or cannot begin.
    """
    record = await record_of(call, intent)
    before = record.data.get("confirmed") or {}
    is_repeated = before.get("key") == call.key
    if intent.status == "canceled" and not is_repeated:
        raise unexpected(intent, "confirm")
    chosen = method.id if method else record.data["payment_method"]
    id = before["method"] if is_repeated else chosen
    if id is None:
        raise StripeError(
            400,
            "You cannot confirm this PaymentIntent because it has no payment method.",
            code=UNEXPECTED_STATE,
        )
    method = await method_of(call, id)
    payment_id = await _begun(intent, method, call)
    payment = await call.get("/payments", payment_id, wait=str(WAIT_S))
    return_url = call.params.text("return_url")

    def note(data: dict[str, Any]) -> None:
        data["confirmed"] = {"key": call.key, "method": id}
        methods = {**(data.get("methods") or {}), payment_id: id}
        data["methods"] = dict(list(methods.items())[-ROWS_MAX:])
        data["return_url"] = return_url or data.get("return_url")
        if data["payment_method"] == id:
            # After a failure another one has to be chosen.
            data["payment_method"] = None

    after = await intent_with(await call.change(record, note), call)
    if payment["status"] == "failed":
        raise _declined(payment, after)
    return after


async def _begun(intent: Intent, method: Record, call: Call) -> str:
    """Begin the payment, and return its id."""
    card, data = card_of(method.data["test"]), method.data
    scenario = card.scenario
    if card.is_challenged and call.params.flag("off_session"):
        # The bank would ask the payer, who is not there.
        scenario = "authentication_failed"
    body = {
        "order_id": intent.order_id,
        "method": "card",
        "card": {
            "number": card.number,
            "expiry_month": data["exp_month"],
            "expiry_year": data["exp_year"],
        },
    }
    try:
        made = await call.post("/payments", body, step="pay", scenario=scenario)
    except WireRefusal as refusal:
        if CODES.get(refusal.reason or "") == UNEXPECTED_STATE:
            raise unexpected(await intent_of(call, intent.id), "confirm") from None
        if refusal.reason == "expired_card":
            raise StripeError(
                FAILED, "Your card has expired.", type="card_error", code="expired_card"
            ) from None
        raise
    return str(made["id"])


def _declined(payment: Row, intent: Intent) -> StripeError:
    error = failure(payment)
    more = {name: error[name] for name in error.keys() - {"type", "code", "message"}}
    return StripeError(
        FAILED,
        error["message"],
        type=error["type"],
        code=error["code"],
        more={**more, "payment_intent": intent_object(intent)},
    )
