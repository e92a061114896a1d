"""Refunds and Charges."""

from __future__ import annotations

from typing import Any

from paygate import WireRefusal

from .call import REPLY, Call
from .errors import NOT_FOUND, StripeError, missing
from .intents import KIND as INTENT
from .intents import WITHOUT_RECORD, intent_of
from .lists import gateway_page
from .shapes import (
    REASONS,
    Row,
    charge_object,
    intent_id,
    intent_object,
    page,
    refund_id,
    refund_object,
)

KIND = "refund"


async def _found(call: Call, path: str, id: str, thing: str, *, param: str = "id") -> Row:
    """Return a payment or a refund of the gateway by the dialect's id."""
    prefix, ours = {"charge": ("ch_", "pay_"), "refund": ("re_", "rfnd_")}[thing]
    if not id.startswith(prefix):
        raise missing(thing, id, param=param)
    try:
        found: Row = await call.get(path, ours + id.removeprefix(prefix))
    except WireRefusal as refusal:
        if refusal.status == NOT_FOUND:
            raise missing(thing, id, param=param) from None
        raise
    return found


async def _payment_param(call: Call) -> Row | None:
    """Return the payment of ``charge`` or ``payment_intent``; None without both."""
    charge, intent_param = call.params.text("charge"), call.params.text("payment_intent")
    if charge is not None:
        return await _found(call, "/payments", charge, "charge", param="charge")
    if intent_param is None:
        return None
    intent = await intent_of(call, intent_param, param="payment_intent")
    taken = [row for row in intent.payments if row["amount_captured"]]
    if not taken:
        raise StripeError(400, "This PaymentIntent does not have a successful charge to refund.")
    return taken[0]


async def create(call: Call) -> Any:
    """``POST /v1/refunds``: without ``amount``, of all that is left.

    Raises:
        StripeError: Nothing was captured, or less than that is left.
    """
    call.params.only("charge", "payment_intent", "amount", "reason", "metadata")
    payment = await _payment_param(call)
    if payment is None:
        raise StripeError(
            400,
            "One of the following params should be provided: payment_intent or charge.",
            code="parameter_missing",
        )
    metadata, reason = call.params.metadata(), call.params.choice("reason", REASONS)
    amount = call.params.whole("amount", least=1)
    if amount is None:
        amount = await _all_that_is_left(payment, call)
    body = {"payment_id": payment["id"], "amount": amount, "reason": reason}
    try:
        refund = await call.post("/refunds", body, step="refund")
    except WireRefusal as refusal:
        if refusal.reason == "refund_exceeds_captured_amount":
            left = payment["amount_captured"] - payment["amount_refunded"]
            message = f"Refund amount ({amount}) is greater than unrefunded amount ({left})"
            raise StripeError(400, message, param="amount") from None
        raise
    if metadata:
        await call.add(KIND, refund_id(refund["id"]), {"metadata": metadata})
    return await _shown(refund, payment, call)


async def _all_that_is_left(payment: Row, call: Call) -> int:
    """Return what can be refunded: for a repeated request, what could be the first time."""
    left = payment["amount_captured"] - payment["amount_refunded"]
    if call.has_key:
        pinned = await call.stored(REPLY, f"{call.key} amount")
        if pinned is None and left > 0:
            pinned = await call.add(REPLY, f"{call.key} amount", {"amount": left})
        left = pinned.data["amount"] if pinned else left
    if left <= 0:
        raise StripeError(
            400, "The charge has already been refunded.", code="charge_already_refunded"
        )
    return int(left)


async def show(call: Call) -> Any:
    """``GET /v1/refunds/{id}``."""
    call.params.only()
    refund = await _found(call, "/refunds", call.place("id"), "refund")
    return await _shown(refund, await call.get("/payments", refund["payment_id"]), call)


async def index(call: Call) -> Any:
    """``GET /v1/refunds``, the newest first."""
    call.params.only("limit", "starting_after", "charge", "payment_intent")
    query, after = {}, None
    if call.params.text("charge") or call.params.text("payment_intent"):
        try:
            payment = await _payment_param(call)
        except StripeError as error:
            if error.error.get("code") == "resource_missing":
                raise
            return page("/v1/refunds", [], has_more=False)
        if payment is not None:
            query["payment_id"] = payment["id"]
    if (start := call.params.text("starting_after")) is not None:
        after = await _found(call, "/refunds", start, "refund", param="starting_after")
    rows, has_more = await gateway_page(call, "/refunds", query, after)
    ids = {row["payment_id"] for row in rows}
    payments = {id: await call.get("/payments", id) for id in ids}
    found = [await _shown(row, payments[row["payment_id"]], call, "data.") for row in rows]
    return page("/v1/refunds", found, has_more=has_more)


async def _shown(refund: Row, payment: Row, call: Call, prefix: str = "") -> dict[str, Any]:
    record = await call.stored(KIND, refund_id(refund["id"]))
    body = refund_object(refund, payment, record.data["metadata"] if record else {})
    for name in call.params.expanded():
        if name == f"{prefix}charge":
            body["charge"] = charge_object(payment, await _data_of(payment, call))
        elif name == f"{prefix}payment_intent":
            body["payment_intent"] = intent_object(await intent_of(call, body["payment_intent"]))
        else:
            raise StripeError(400, f"This property cannot be expanded ({name[:100]})")
    return body


async def _data_of(payment: Row, call: Call) -> Row:
    record = await call.stored(INTENT, intent_id(payment["order_id"]))
    return record.data if record else WITHOUT_RECORD


async def show_charge(call: Call) -> Any:
    """``GET /v1/charges/{id}``."""
    call.params.only()
    payment = await _found(call, "/payments", call.place("id"), "charge")
    return charge_object(payment, await _data_of(payment, call))


async def charges(call: Call) -> Any:
    """``GET /v1/charges``, the newest first; ``payment_intent`` shows those of one."""
    call.params.only("limit", "starting_after", "payment_intent")
    # With a limit, the gateway returns a page and not an array.
    query, after = {}, None
    if (id := call.params.text("payment_intent")) is not None:
        query["order_id"] = (await intent_of(call, id, param="payment_intent")).order_id
    if (start := call.params.text("starting_after")) is not None:
        after = await _found(call, "/payments", start, "charge", param="starting_after")
    rows, has_more = await gateway_page(call, "/payments", query, after)
    found = [charge_object(row, await _data_of(row, call)) for row in rows]
    return page("/v1/charges", found, has_more=has_more)
