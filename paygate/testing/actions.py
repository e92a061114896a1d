"""Steps of a test, one line each."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from difflib import get_close_matches
from typing import Any, Literal, cast, get_args

from ..core.api.resources.orders import OrderInFullJson
from ..core.api.resources.payments import PaymentJson
from ..core.api.resources.refunds import RefundJson
from ..core.payments.model import PaymentStatus, RefundStatus
from ..core.payments.scenarios import HEADER
from .core import AppCore
from .inbox import described, field_of, no_such_event

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
"""Default input of a payer."""
OF_ORDER = frozenset({"capture", "currency", "notes", "receipt"})
"""What ``pay`` passes on to the order that it creates; the rest belongs to the instrument."""

LONGEST = timedelta(days=40)
"""Longer than any scenario, authorization and retry schedule."""


async def create_order(app: AppCore, /, amount: int = 50_000, **fields: Any) -> OrderInFullJson:
    """Create an order.

    Args:
        app: The app.
        amount: In minor units.
        fields: More fields of ``POST /orders``: ``currency``, ``capture``, ``receipt``, ``notes``.

    Raises:
        ApiError: The app rejects it.
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
    """Pay an order; return the payment when no work for it is due any more.

    Without a scenario, simulators approve at once. With a scenario that takes time the
    payment is still ``pending``: see ``until``.

    Args:
        app: The app.
        order: An order or its id; an amount or None creates an order first.
        method: Payment method.
        scenario: The scenario that simulators play.
        details: ``capture``, ``currency``, ``receipt`` and ``notes`` go to the order that is
            created; the rest belongs to the instrument, which is a valid default if nothing
            is given.

    Raises:
        ApiError: The app rejects it.
        ScriptExhaustedError: A fake in use has no answer left.
        TypeError: A field of the order is given for an existing order.
    """
    of_order = {name: details.pop(name) for name in OF_ORDER & set(details)}
    if order is None or isinstance(order, int):
        order = await create_order(app, *(() if order is None else (order,)), **of_order)
    elif of_order:
        given = ", ".join(sorted(of_order))
        raise TypeError(f"the order exists already; give {given} to create_order")
    order_id = order if isinstance(order, str) else order["id"]
    body = {"order_id": order_id, "method": method, **(details or DETAILS.get(method, {}))}
    headers = {} if scenario is None else {HEADER: scenario}
    created = await app.api.post("/payments", body, headers)
    await app.quiet()
    return await payment(app, str(created["id"]))


async def payment(app: AppCore, /, payment: PaymentJson | str) -> PaymentJson:
    """Return the current payment."""
    id = payment if isinstance(payment, str) else payment["id"]
    return cast("PaymentJson", await app.api.get(f"/payments/{id}"))


async def order(app: AppCore, /, order: OrderInFullJson | str) -> OrderInFullJson:
    """Return the current order."""
    id = order if isinstance(order, str) else order["id"]
    return cast("OrderInFullJson", await app.api.get(f"/orders/{id}"))


async def refund(
    app: AppCore,
    /,
    payment: PaymentJson | str,
    amount: int | None = None,
    reason: str | None = None,
) -> RefundJson:
    """Refund a payment; return the refund when no work for it is due any more.

    Args:
        app: The app.
        payment: A payment or its id.
        amount: In minor units; None is all that is captured and not yet refunded.
        reason: Text for people.

    Raises:
        ApiError: The app rejects it.
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
    """Capture an authorized amount; None captures all of it."""
    asked = {} if amount is None else {"amount": amount}
    return await _moved(app, payment, "capture", asked)


async def cancel(app: AppCore, /, payment: PaymentJson | str) -> PaymentJson:
    """Void an authorization, or cancel a payment that no processor was asked about."""
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
    within: timedelta = LONGEST,
) -> Any:
    """Advance the clock from one due time to the next until a status is reached.

    Args:
        app: The app.
        thing: A payment or a refund, or its id.
        status: Its ``status`` or, of a payment, ``substatus``.
        within: How far the app's clock may be advanced.

    Returns:
        The payment or refund with that status.

    Raises:
        AssertionError: The status is not reached; the message names the current one.
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
            if status not in OPEN:
                app.ended.add(now.get("payment_id", now["id"]))
            return now
        if not await app.next_operation(end):
            raise AssertionError(_never(now, status))


async def advance_until(
    app: AppCore, /, event: str, *, within: timedelta = LONGEST, **fields: object
) -> datetime:
    """Advance the clock from one due time to the next until an event has happened.

    It stops where the event happened, before its webhook is delivered again or later work is done.
    If the event has happened before, the clock stays.

    Args:
        app: The app.
        event: Its type, such as ``refund.processed``.
        within: How far the app's clock may be advanced.
        fields: Required fields of the event's ``data``, or of the payment or refund in it.

    Returns:
        The time of the clock.

    Raises:
        AssertionError: It does not happen; the message names the events that did.
        ValueError: paygate has no such event.
    """
    if unknown := no_such_event(event):
        raise ValueError(unknown.strip())
    end = app.clock.shown.now() + within
    happened: list[str] = []
    position = 0
    while True:
        await app.quiet()
        for fed in await app.events_after(position):
            position, data = fed.position, json.loads(fed.body)["data"]
            happened.append(fed.type)
            if fed.type == event and all(field_of(data, k) == v for k, v in fields.items()):
                app.assert_ending(event, field_of(data, "payment_id"))
                return app.clock.shown.now()
        if not await app.next_step(end - app.clock.shown.now()):
            counted = ", ".join(f"{type} ({n})" for type, n in Counter(happened).items())
            raise AssertionError(
                f"{described(event, fields)} does not happen within {within}. Events that "
                f"happened: {counted or 'none'}"
            )


OPEN = frozenset({"pending", "processing"})
"""These are no endings."""
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
        f"{now['id']} is {substatus}{because} and not {status}, and no further "
        "work for it is scheduled"
    )


async def scenario(app: AppCore, /, name: str | None) -> None:
    """Set the scenario of all payments that name none; None restores the default.

    Raises:
        ApiError: The scenario does not exist.
    """
    await app.api.put("/test/scenario", {"scenario": name})
