"""What a test does to an app, in a line each."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from difflib import get_close_matches
from typing import Any, Literal, cast, get_args

from ..core.api.resources.orders import OrderInFullJson
from ..core.api.resources.payments import PaymentJson
from ..core.api.resources.refunds import RefundJson
from ..core.payments.model import PaymentStatus, RefundStatus
from ..core.payments.scenarios import HEADER
from .core import AppCore

CARD: Mapping[str, str] = {
    "number": "4111111111111111",
    "expiry_month": "12",
    "expiry_year": "2035",
    "cvv": "123",
    "holder_name": "Asha Rao",
}
DETAILS: Mapping[str, Mapping[str, Any]] = {
    "upi": {"vpa": "asha@paytm"},
    "card": {"card": CARD},
}
"""What a payer gives, where a test does not care."""
OF_ORDER = frozenset({"capture", "currency", "notes", "receipt"})
"""What ``pay`` passes on to the order that it makes; all else is of the instrument."""

STORY = timedelta(days=40)
"""Longer than any scenario, hold and timetable."""


async def create_order(app: AppCore, /, amount: int = 50_000, **fields: Any) -> OrderInFullJson:
    """An order of that many minor units.

    Args:
        app: The app.
        amount: In minor units.
        fields: More of ``POST /orders``: ``currency``, ``capture``, ``receipt``, ``notes``.

    Raises:
        ApiError: The app refuses it.
    """
    order = await app.api.post("/orders", {"amount": amount, **fields})
    return cast("OrderInFullJson", order)


async def pay(
    app: AppCore,
    /,
    order: OrderInFullJson | str | int | None = None,
    *,
    method: str = "upi",
    scenario: str | None = None,
    **details: Any,
) -> PaymentJson:
    """Pay an order; the payment once nothing about it is due any more.

    Simulators that are told nothing approve at once. With a scenario that takes time the
    payment is still ``pending``: see ``until``.

    Args:
        app: The app.
        order: Or its id; an amount or nothing makes one first.
        method: Payment method.
        scenario: What simulators are to play.
        details: ``capture``, ``currency``, ``receipt`` and ``notes`` of the order that is
            made; all else is of the instrument, and where nothing is said, one that is in
            order.

    Raises:
        ApiError: The app refuses it.
        ScriptExhaustedError: A fake in use has no answer left.
        TypeError: Something of the order is given for an order that was made before.
    """
    of_order = {name: details.pop(name) for name in OF_ORDER & set(details)}
    if order is None or isinstance(order, int):
        order = await create_order(app, *(() if order is None else (order,)), **of_order)
    elif of_order:
        given = ", ".join(sorted(of_order))
        raise TypeError(f"the order is made already; give {given} to create_order")
    order_id = order if isinstance(order, str) else order["id"]
    body = {"order_id": order_id, "method": method, **(details or DETAILS.get(method, {}))}
    headers = {} if scenario is None else {HEADER: scenario}
    created = await app.api.post("/payments", body, headers)
    await app.quiet()
    return await payment(app, str(created["id"]))


async def payment(app: AppCore, /, payment: PaymentJson | str) -> PaymentJson:
    """The payment as it is now."""
    id = payment if isinstance(payment, str) else payment["id"]
    return cast("PaymentJson", await app.api.get(f"/payments/{id}"))


async def order(app: AppCore, /, order: OrderInFullJson | str) -> OrderInFullJson:
    """The order as it is now."""
    id = order if isinstance(order, str) else order["id"]
    return cast("OrderInFullJson", await app.api.get(f"/orders/{id}"))


async def refund(
    app: AppCore,
    /,
    payment: PaymentJson | str,
    amount: int | None = None,
    reason: str | None = None,
) -> RefundJson:
    """Give money back; the refund once nothing about it is due any more.

    Args:
        app: The app.
        payment: Or its id.
        amount: In minor units; None is all that was captured and not yet refunded.
        reason: For people.

    Raises:
        ApiError: The app refuses it.
    """
    id = payment if isinstance(payment, str) else payment["id"]
    if amount is None:
        now = cast("PaymentJson", await app.api.get(f"/payments/{id}"))
        amount = now["amount_captured"] - now["amount_refunded"]
    asked = {"amount": amount, **({"reason": reason} if reason else {})}
    made = await app.api.post(f"/payments/{id}/refunds", asked)
    await app.quiet()
    return cast("RefundJson", await app.api.get(f"/refunds/{made['id']}"))


async def capture(
    app: AppCore, /, payment: PaymentJson | str, amount: int | None = None
) -> PaymentJson:
    """Take held money; None is all of it."""
    asked = {} if amount is None else {"amount": amount}
    return await _moved(app, payment, "capture", asked)


async def cancel(app: AppCore, /, payment: PaymentJson | str) -> PaymentJson:
    """Let go of held money, or of a payment that nobody was asked about."""
    return await _moved(app, payment, "cancel", {})


async def _moved(
    app: AppCore, /, payment: PaymentJson | str, how: Literal["capture", "cancel"], asked: object
) -> PaymentJson:
    id = payment if isinstance(payment, str) else payment["id"]
    await app.api.post(f"/payments/{id}/{how}", asked)
    await app.quiet()
    return cast("PaymentJson", await app.api.get(f"/payments/{id}"))


async def until(
    app: AppCore,
    /,
    thing: PaymentJson | RefundJson | str,
    status: str,
    *,
    within: timedelta = STORY,
) -> Any:
    """Move the clock, from one thing that is due to the next, until the status is reached.

    Args:
        app: The app.
        thing: A payment or a refund, or its id.
        status: Its ``status`` or, of a payment, ``substatus``.
        within: How much of the app's time may pass.

    Returns:
        It as it is then.

    Raises:
        AssertionError: It never is; the sentence says what it is instead.
        ValueError: There is no such status.
    """
    _check_status(status)
    id = thing if isinstance(thing, str) else thing["id"]
    path = f"/refunds/{id}" if id.startswith("rfnd_") else f"/payments/{id}"
    end = app.clock.shown.now() + within
    while True:
        await app.quiet()
        now = await app.api.get(path)
        if status in {now["status"], now.get("substatus")}:
            return now
        if not await app.next_operation(end):
            raise AssertionError(_never(now, status))


STATUSES = frozenset({*get_args(PaymentStatus), *get_args(RefundStatus)})


def _check_status(status: str) -> None:
    if status not in STATUSES:
        known = sorted(STATUSES)
        near = get_close_matches(status, known, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"they are {', '.join(known)}"
        raise ValueError(f"there is no status {status!r}; {hint}")


def _never(now: Mapping[str, Any], status: str) -> str:
    why = now.get("decline_code") or now.get("error_description")
    because = f" ({why})" if why else ""
    substatus = now.get("substatus", now["status"])
    return (
        f"{now['id']} is {substatus}{because} and not {status}, and nothing about it will "
        "be asked or done any more by itself"
    )


async def scenario(app: AppCore, /, name: str | None) -> None:
    """Let all payments that name nothing play it; None lets simulators decide again.

    Raises:
        ApiError: There is no such scenario.
    """
    await app.api.put("/test/scenario", {"scenario": name})
