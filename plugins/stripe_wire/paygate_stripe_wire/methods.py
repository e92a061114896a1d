"""PaymentMethods: test cards, and the customers that they belong to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from paygate import Record, passes_luhn

from .call import Call
from .cards import BY_NUMBER, known_id
from .errors import FAILED, StripeError, missing
from .forms import Params, invalid
from .lists import records_page
from .shapes import method_object, page

KIND = "payment_method"
YEARS_VALID = 5


async def method_of(call: Call, id: str, *, param: str = "payment_method") -> Record:
    """Return a payment method; a test id becomes a new one.

    Raises:
        StripeError: There is none with that id.
    """
    known = known_id(id)
    if known is not None:
        return await _add(call, known, {})
    found = await call.stored(KIND, id)
    if found is None:
        raise missing("PaymentMethod", id, param=param)
    return found


async def method_param(call: Call, *, customer: str | None) -> Record | None:
    """Return the payment method that a request names or describes; None without one.

    Args:
        call: The request.
        customer: The customer of the PaymentIntent.

    Raises:
        StripeError: It does not exist, or belongs to another customer.
    """
    id = call.params.text("payment_method")
    if id is None:
        given = call.params.fields("payment_method_data")
        return await _described(call, Params(given)) if given else None
    method = await method_of(call, id)
    if method.data["customer"] not in {None, customer}:
        raise invalid(
            "payment_method", "The payment method belongs to another customer: name that customer"
        )
    return method


async def create(call: Call) -> Any:
    """``POST /v1/payment_methods``."""
    return method_object(await _described(call, call.params))


async def _described(call: Call, params: Params) -> Record:
    params.only("type", "card", "billing_details", "metadata", "allow_redisplay")
    if params.choice("type", ("card",)) is None:
        raise StripeError(
            400, "Missing required param: type.", code="parameter_missing", param="type"
        )
    card = Params(params.fields("card"))
    card.only("number", "exp_month", "exp_year", "cvc", "token")
    details = dict(params.fields("billing_details"))
    own: dict[str, Any] = {"billing_details": details, "metadata": params.metadata()}
    token = card.text("token")
    if token is not None:
        known = known_id(token)
        if known is None:
            raise missing("token", token, param="card[token]")
        return await _add(call, known, own)
    own |= _checked_expiry(card, call)
    return await _add(call, _checked_number(card), own)


def _checked_number(card: Params) -> str:
    number = card.required("number").replace(" ", "").replace("-", "")
    is_number = number.isascii() and number.isdigit() and passes_luhn(number)
    if not is_number:
        raise _refused("incorrect_number", "Your card number is incorrect.", "number")
    if number not in BY_NUMBER:
        raise _refused(
            "card_declined",
            "Your card was declined: paygate accepts test cards only.",
            "number",
            decline_code="test_mode_live_card",
        )
    cvc = card.text("cvc")
    if cvc is not None and not (cvc.isascii() and cvc.isdigit() and len(cvc) in {3, 4}):
        raise _refused("invalid_cvc", "Your card's security code is invalid.", "cvc")
    return BY_NUMBER[number]


def _checked_expiry(card: Params, call: Call) -> dict[str, int]:
    month, year = card.whole("exp_month", least=1), card.whole("exp_year")
    now = call.context.clock.now()
    year = year + 2000 if year is not None and year < 100 else year
    if month is None or month > 12:
        raise _refused("invalid_expiry_month", "Your card's expiration month is invalid.")
    if year is None or (year, month) < (now.year, now.month) or year > now.year + 50:
        raise _refused("invalid_expiry_year", "Your card's expiration year is invalid.")
    return {"exp_month": month, "exp_year": year}


def _refused(
    code: str, message: str, param: str | None = None, *, decline_code: str | None = None
) -> StripeError:
    more = {"decline_code": decline_code} if decline_code else None
    return StripeError(FAILED, message, type="card_error", code=code, param=param, more=more)


async def _add(call: Call, test: str, own: Mapping[str, Any]) -> Record:
    """Store a new payment method with a test card."""
    data = {
        "test": test,
        "exp_month": 12,
        "exp_year": call.context.clock.now().year + YEARS_VALID,
        "customer": None,
        "billing_details": {},
        "metadata": {},
        **own,
    }
    return await call.add(KIND, call.new_id("pm_", 24), data)


async def show(call: Call) -> Any:
    """``GET /v1/payment_methods/{id}``."""
    call.params.only()
    found = await call.stored(KIND, call.place("id"))
    if found is None:
        raise missing("PaymentMethod", call.place("id"))
    return method_object(found)


async def index(call: Call) -> Any:
    """``GET /v1/payment_methods?customer=``, the newest first."""
    call.params.only("limit", "starting_after", "customer", "type")
    call.params.choice("type", ("card",))
    return await _page(call, call.params.required("customer"), "/v1/payment_methods")


async def of_customer(call: Call) -> Any:
    """``GET /v1/customers/{id}/payment_methods``, the newest first."""
    call.params.only("limit", "starting_after", "type")
    customer = call.place("id")
    return await _page(call, customer, f"/v1/customers/{customer}/payment_methods")


async def _page(call: Call, customer: str, path: str) -> Any:
    rows, has_more = await records_page(
        call, KIND, "PaymentMethod", lambda data: data["customer"] == customer
    )
    return page(path, [method_object(row) for row in rows], has_more=has_more)


async def attach(call: Call) -> Any:
    """``POST /v1/payment_methods/{id}/attach``."""
    call.params.only("customer")
    customer = call.params.required("customer")
    found = await call.stored("customer", customer)
    if found is None or found.data.get("deleted"):
        raise missing("customer", customer, param="customer")
    method = await method_of(call, call.place("id"), param="id")
    if method.data["customer"] not in {None, customer}:
        raise invalid("payment_method", "The payment method belongs to another customer")

    def change(data: dict[str, Any]) -> None:
        data["customer"] = customer

    return method_object(await call.change(method, change))


async def detach(call: Call) -> Any:
    """``POST /v1/payment_methods/{id}/detach``."""
    call.params.only()
    found = await call.stored(KIND, call.place("id"))
    if found is None:
        raise missing("PaymentMethod", call.place("id"))

    def change(data: dict[str, Any]) -> None:
        data["customer"] = None

    return method_object(await call.change(found, change))
