"""PaymentIntents: create, show, list and update."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .call import Call
from .confirming import confirmed
from .customers import customer_of
from .errors import StripeError
from .forms import AMOUNT_MAX, Params, invalid
from .intents import KIND, intent_of, intent_with, record_of, shown, unexpected
from .lists import records_page
from .methods import method_param
from .shapes import Intent, page

TEXTS = (
    "description",
    "receipt_email",
    "statement_descriptor",
    "statement_descriptor_suffix",
    "setup_future_usage",
)
KEPT = (*TEXTS, "shipping", "metadata", "customer")
CONFIRMING = ("payment_method", "payment_method_data", "return_url", "off_session")
# They choose among methods, or say things that a simulated payment does not need.
WITHOUT_EFFECT = (
    "payment_method_options",
    "payment_method_types",
    "automatic_payment_methods",
    "use_stripe_sdk",
    "mandate_data",
    "radar_options",
)
CAPTURE_METHODS = ("automatic", "automatic_async", "manual")


async def create(call: Call) -> Any:
    """``POST /v1/payment_intents``."""
    params = call.params
    params.only(
        *("amount", "currency", "capture_method", "confirm", "confirmation_method"),
        *(*KEPT, *CONFIRMING, *WITHOUT_EFFECT),
    )
    params.choice("confirmation_method", ("automatic",))
    _check_types(params)
    amount, currency = _amount(params), params.required("currency")
    capture_method = params.choice("capture_method", CAPTURE_METHODS) or "automatic_async"
    data: dict[str, Any] = {"payment_method": None, "capture_method": capture_method}
    await _change(data, params, call)
    if params.given.get("automatic_payment_methods"):
        data["automatic_payment_methods"] = {"allow_redirects": "always", "enabled": True}
    method = await method_param(call, customer=data.get("customer"))
    confirms = params.flag("confirm")
    if method is not None and not confirms:
        data["payment_method"] = method.id
    link = await call.post(
        "/payment-links",
        {
            "amount": amount,
            "currency": currency.upper(),
            "capture": "manual" if capture_method == "manual" else "automatic",
            "description": (data.get("description") or "")[:255] or None,
            "notes": data.get("metadata") or None,
        },
        step="create",
    )
    id = f"pi_{link['order_id'].removeprefix('order_')}"
    made = {"link": link["id"], "created_at": link["created_at"]}
    record = await call.add(KIND, id, {**data, **made})
    intent = await intent_with(record, call)
    if confirms:
        intent = await confirmed(intent, method, call)
    return await shown(intent, call)


def _amount(params: Params) -> int:
    amount = params.whole("amount", least=1)
    if amount is None:
        raise StripeError(
            400, "Missing required param: amount.", code="parameter_missing", param="amount"
        )
    return min(amount, AMOUNT_MAX)


def _check_types(params: Params) -> None:
    types = params.given.get("payment_method_types") or ["card"]
    if types != ["card"]:
        raise invalid("payment_method_types", "paygate supports the payment method type card only")


async def _change(data: dict[str, Any], params: Params, call: Call) -> None:
    """Apply the parameters that only the dialect keeps; an empty text removes one."""
    for name in TEXTS:
        if name in params.given:
            data[name] = params.text(name)
    if "shipping" in params.given:
        data["shipping"] = dict(params.fields("shipping")) or None
    if "metadata" in params.given:
        data["metadata"] = params.metadata(data.get("metadata"))
    if "customer" in params.given:
        customer = params.text("customer")
        if customer is not None:
            await customer_of(call, customer, param="customer")
        data["customer"] = customer


async def show(call: Call) -> Any:
    """``GET /v1/payment_intents/{id}``."""
    # A client secret, as pages of shoppers send it, changes nothing for the merchant.
    call.params.only("client_secret")
    return await shown(await intent_of(call, call.place("id")), call)


async def index(call: Call) -> Any:
    """``GET /v1/payment_intents``, the newest first: those that were created here."""
    call.params.only("limit", "starting_after", "customer")
    customer = call.params.text("customer")
    rows, has_more = await records_page(
        call, KIND, "payment_intent", lambda data: customer in {None, data.get("customer")}
    )
    found = [await shown(await intent_with(row, call), call, prefix="data.") for row in rows]
    return page("/v1/payment_intents", found, has_more=has_more)


async def update(call: Call) -> Any:
    """``POST /v1/payment_intents/{id}``. The amount of an order cannot change.

    Raises:
        StripeError: The status does not allow it.
    """
    params = call.params
    names = ("payment_method", "payment_method_data", "payment_method_options")
    params.only(*KEPT, *names, "payment_method_types", "amount", "currency")
    _check_types(params)
    intent = await intent_of(call, call.place("id"))
    _check_unchanged(intent, params)
    if intent.status in {"succeeded", "canceled"} and params.given.keys() - {
        "metadata",
        "description",
        "receipt_email",
        "expand",
    }:
        raise unexpected(intent, "update")
    record = await record_of(call, intent)
    changes: dict[str, Any] = {}
    await _change(changes, params, call)
    customer = changes.get("customer", record.data.get("customer"))
    if (method := await method_param(call, customer=customer)) is not None:
        if intent.status in {"processing", "requires_capture"}:
            raise unexpected(intent, "change the payment method of")
        changes["payment_method"] = method.id

    def apply(data: dict[str, Any]) -> None:
        before: Mapping[str, str] | None = data.get("metadata")
        data.update(changes)
        if "metadata" in changes:
            data["metadata"] = params.metadata(before)

    return await shown(await intent_with(await call.change(record, apply), call), call)


def _check_unchanged(intent: Intent, params: Params) -> None:
    amount, currency = params.whole("amount"), params.text("currency")
    if amount not in {None, intent.amount}:
        raise invalid("amount", "paygate does not change an amount: create another PaymentIntent")
    if (currency or intent.currency).upper() != intent.currency:
        raise invalid("currency", "The currency of a PaymentIntent cannot change")


async def confirm(call: Call) -> Any:
    """``POST /v1/payment_intents/{id}/confirm``."""
    call.params.only(*CONFIRMING, *WITHOUT_EFFECT)
    _check_types(call.params)
    intent = await intent_of(call, call.place("id"))
    method = await method_param(call, customer=intent.data.get("customer"))
    return await shown(await confirmed(intent, method, call), call)
