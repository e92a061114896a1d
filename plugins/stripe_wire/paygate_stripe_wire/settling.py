"""Capture and cancel PaymentIntents."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from paygate import WireRefusal

from .call import Call
from .confirming import WAIT_S
from .errors import CODES, UNEXPECTED_STATE, StripeError
from .intents import intent_of, record_of, shown, unexpected
from .shapes import Intent, Row

REASONS = ("duplicate", "fraudulent", "requested_by_customer", "abandoned")


async def capture(call: Call) -> Any:
    """``POST /v1/payment_intents/{id}/capture``: all of the held money, or a part of it.

    What is not captured is released, unless ``final_capture`` is false.

    Raises:
        StripeError: No money is held, less than that is, or the capture failed.
    """
    call.params.only("amount_to_capture", "final_capture", "metadata")
    intent = await intent_of(call, call.place("id"))
    if not intent.is_manual or intent.payment is None:
        raise unexpected(intent, "capture")
    amount = call.params.whole("amount_to_capture", least=1)
    is_final = call.params.choice("final_capture", ("true", "false")) != "false"
    body: dict[str, Any] = {"final": is_final}
    if amount is not None:
        body["amount"] = amount
    payment = await _done(intent, intent.payment, "capture", body, call)
    after = await intent_of(call, intent.id)
    if payment["amount_captured"] == 0 and payment["substatus"] == "authorized":
        raise StripeError(400, "The capture failed: the money is still held")
    if call.params.given.get("metadata") is not None:

        def change(data: dict[str, Any]) -> None:
            data["metadata"] = call.params.metadata(data.get("metadata"))

        await call.change(await record_of(call, after), change)
        after = await intent_of(call, intent.id)
    return await shown(after, call)


async def _done(intent: Intent, payment: Row, what: str, body: Row, call: Call) -> Row:
    """Let the gateway capture or cancel a payment, and return it after that."""
    path = f"/payments/{quote(payment['id'], safe='')}/{what}"
    try:
        await call.post(path, body, step=what)
    except WireRefusal as refusal:
        if CODES.get(refusal.reason or "") == UNEXPECTED_STATE:
            raise unexpected(await intent_of(call, intent.id), what) from None
        raise
    after: Row = await call.get("/payments", payment["id"], wait=str(WAIT_S))
    return after


async def cancel(call: Call) -> Any:
    """``POST /v1/payment_intents/{id}/cancel``. Held money is released.

    Without a payment the gateway closes the order: either a payment has begun before, or none
    begins any more.

    Raises:
        StripeError: A payment is in progress or has succeeded, or it was cancelled before.
    """
    call.params.only("cancellation_reason")
    reason = call.params.choice("cancellation_reason", REASONS)
    intent = await intent_of(call, call.place("id"))
    record = await record_of(call, intent)
    before = record.data.get("canceling") or {}
    if intent.status == "canceled" and before.get("key") != call.key:
        raise unexpected(intent, "cancel")

    def note(data: dict[str, Any]) -> None:
        data["canceling"] = {"key": call.key, "reason": reason}

    payment = intent.payment
    if payment is not None and payment["status"] in {"authorized", "cancelled"}:
        record = await call.change(record, note)
        after = await _done(intent, payment, "cancel", {}, call)
        if after["substatus"] == "authorized":
            raise StripeError(400, "The cancellation failed: the money is still held")
    elif record.data.get("link") is None or intent.status in {"processing", "succeeded"}:
        raise unexpected(intent, "cancel")
    else:
        record = await call.change(record, note)
    if record.data.get("link") is not None:
        await _close(intent, record.data["link"], call)
    return await shown(await intent_of(call, intent.id), call)


async def _close(intent: Intent, link: str, call: Call) -> None:
    """Close the order, so that no payment of it begins any more."""
    path = f"/payment-links/{quote(link, safe='')}/cancel"
    try:
        await call.post(path, {"if_unused": True}, step="close")
    except WireRefusal as refusal:
        if CODES.get(refusal.reason or "") == UNEXPECTED_STATE:
            raise unexpected(await intent_of(call, intent.id), "cancel") from None
        raise
