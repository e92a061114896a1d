"""Requests at the same moment, through a dialect and through paygate's own API: one right ending.

In each race, clients of the dialect and of paygate's own API take part.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

import paygate_razorpay_wire
import paygate_stripe_wire
from paygate import WireRefusal
from paygate.core.accounts.model import Role
from tests.harness.apps import TestApp
from tests.harness.audit import WRONG
from tests.harness.people import a_key

from .speakers import AMOUNT, CARD, Reply, Speaker, speaker

ROUNDS = range(2)
PART = AMOUNT * 6 // 10
OWN_CARD = {"number": CARD["number"], "expiry_month": 12, "expiry_year": 2035, "cvv": "123"}


@dataclass(frozen=True)
class Deal:
    """An order and its payment, known to paygate's own API by these ids."""

    order: str
    payment: str = ""


@dataclass(frozen=True)
class Own:
    """A client of paygate's own API that does what a client of a dialect does."""

    app: TestApp

    async def _post(self, path: str, body: Mapping[str, Any], key: str | None) -> Reply:
        headers = {} if key is None else {"Idempotency-Key": key}
        answer = await self.app.call("POST", path, json=body, headers=headers)
        return Reply(answer.status, answer.json, answer.body.decode())

    async def pay(self, deal: Deal, key: str | None = None) -> Reply:
        body = {"order_id": deal.order, "method": "card", "card": OWN_CARD}
        return await self._post("/payments", body, key)

    async def capture(self, deal: Deal, key: str | None = None) -> Reply:
        return await self._post(f"/payments/{deal.payment}/capture", {}, key)

    async def cancel(self, deal: Deal, key: str | None = None) -> Reply:
        return await self._post(f"/payments/{deal.payment}/cancel", {}, key)

    async def refund(self, deal: Deal, amount: int | None, key: str | None = None) -> Reply:
        body = {"payment_id": deal.payment, "amount": amount or AMOUNT}
        return await self._post("/refunds", body, key)


@dataclass(frozen=True)
class Razorpay(Own):
    """A client of the dialect; it has no cancelling, which is left to paygate's own API."""

    wire: Speaker

    async def order(self, *, held: bool) -> Deal:
        body = {"amount": AMOUNT, "payment_capture": not held}
        return Deal((await self.wire.made("/v1/orders", body))["id"])

    async def pay(self, deal: Deal, key: str | None = None) -> Reply:
        body = {"order_id": deal.order, "method": "card", "card": CARD}
        return await self.wire.ask("POST", "/v1/payments/create/json", body, key=key)

    async def capture(self, deal: Deal, key: str | None = None) -> Reply:
        path = f"/v1/payments/{deal.payment}/capture"
        return await self.wire.ask("POST", path, {"amount": AMOUNT}, key=key)

    async def refund(self, deal: Deal, amount: int | None, key: str | None = None) -> Reply:
        body = {} if amount is None else {"amount": amount}
        return await self.wire.ask("POST", f"/v1/payments/{deal.payment}/refund", body, key=key)


@dataclass(frozen=True)
class Stripe(Own):
    """A client of the dialect."""

    wire: Speaker

    async def order(self, *, held: bool) -> Deal:
        body = {"amount": AMOUNT, "currency": "inr", "payment_method": "pm_card_visa"}
        held_only = {"capture_method": "manual"} if held else {}
        made = await self.wire.made("/v1/payment_intents", {**body, **held_only})
        return Deal(f"order_{made['id'].removeprefix('pi_')}")

    async def _on(self, deal: Deal, what: str, key: str | None) -> Reply:
        id = f"pi_{deal.order.removeprefix('order_')}"
        return await self.wire.ask("POST", f"/v1/payment_intents/{id}/{what}", key=key)

    async def pay(self, deal: Deal, key: str | None = None) -> Reply:
        return await self._on(deal, "confirm", key)

    async def capture(self, deal: Deal, key: str | None = None) -> Reply:
        return await self._on(deal, "capture", key)

    async def cancel(self, deal: Deal, key: str | None = None) -> Reply:
        return await self._on(deal, "cancel", key)

    async def refund(self, deal: Deal, amount: int | None, key: str | None = None) -> Reply:
        body: dict[str, Any] = {"charge": f"ch_{deal.payment.removeprefix('pay_')}"}
        more = {} if amount is None else {"amount": amount}
        return await self.wire.ask("POST", "/v1/refunds", {**body, **more}, key=key)


Act = Callable[[Any, Deal], Awaitable[Reply]]


@dataclass(frozen=True)
class Race:
    """Requests of clients in turn, of which one wins.

    Args:
        start: ``new``, ``held`` or ``captured``.
        acts: The requests.
        ends: Status, captured and refunded amount of the payment for each act that may win.
    """

    start: str
    acts: Sequence[Act]
    ends: Sequence[tuple[str, int, int]]


def pay(client: Any, deal: Deal) -> Awaitable[Reply]:
    return client.pay(deal)


def capture(client: Any, deal: Deal) -> Awaitable[Reply]:
    return client.capture(deal)


def cancel(client: Any, deal: Deal) -> Awaitable[Reply]:
    return client.cancel(deal)


def refund_part(client: Any, deal: Deal) -> Awaitable[Reply]:
    return client.refund(deal, PART)


def refund_rest(client: Any, deal: Deal) -> Awaitable[Reply]:
    return client.refund(deal, None)


CAPTURED, VOIDED = ("success", AMOUNT, 0), ("cancelled", 0, 0)
RACES = {
    "pays": Race("new", [pay] * 6, [CAPTURED] * 6),
    "captures": Race("held", [capture] * 6, [CAPTURED] * 6),
    "capture against cancel": Race("held", [capture, cancel] * 3, [CAPTURED, VOIDED] * 3),
    "refunds of a part": Race("captured", [refund_part] * 6, [("success", AMOUNT, PART)] * 6),
    "refunds of the rest": Race("captured", [refund_rest] * 6, [("success", AMOUNT, AMOUNT)] * 6),
}
IN_PROGRESS = """
SELECT count(*) FROM operations o JOIN payments p ON p.id = o.payment_id
WHERE p.order_id = $1 AND o.kind <> 'wake' AND o.state NOT IN ('succeeded', 'failed')
"""
dialects = pytest.mark.parametrize("name", ["razorpay", "stripe"])


def client_of(app: TestApp, name: str) -> Razorpay | Stripe:
    kinds = {"razorpay": Razorpay, "stripe": Stripe}
    return kinds[name](app, speaker(app, name))


async def a_deal(client: Razorpay | Stripe, start: str) -> Deal:
    deal = await client.order(held=start == "held")
    if start == "new":
        return deal
    reply = await client.pay(deal)
    assert reply.status == 200, reply
    find = "SELECT id FROM payments WHERE order_id = $1"
    return Deal(deal.order, await client.app.value(find, deal.order))


async def ending(app: TestApp, deal: Deal) -> tuple[str, int, int]:
    """Return the state and the money of the order's one payment, when nothing is in progress."""
    await app.until_value(0, IN_PROGRESS, deal.order)
    [row] = await app.rows(
        "SELECT status, amount_captured, amount_refunded FROM payments WHERE order_id = $1",
        deal.order,
    )
    return row["status"], row["amount_captured"], row["amount_refunded"]


@pytest.mark.parametrize("race", RACES)
@dialects
async def test_of_requests_at_the_same_moment_one_wins(name: str, race: str, installed: TestApp):
    raced, client, own = RACES[race], client_of(installed, name), Own(installed)
    async with installed.working():
        for _ in ROUNDS:
            deal = await a_deal(client, raced.start)
            replies = await asyncio.gather(
                *(
                    act(own if number % 4 in {1, 2} else client, deal)
                    for number, act in enumerate(raced.acts)
                )
            )

            won = [number for number, reply in enumerate(replies) if reply.status < 300]
            assert len(won) == 1, replies
            assert {reply.status for reply in replies} - {200, 201} == {400}, replies
            assert await ending(installed, deal) == raced.ends[won[0]]
    assert [name for name, sql in WRONG.items() if await installed.rows(sql)] == []


Keyed = Callable[[Any, Deal, str], Awaitable[Reply]]
KEYED: Mapping[str, tuple[str, Keyed, tuple[str, int, int]]] = {
    "pay": ("new", lambda client, deal, key: client.pay(deal, key), CAPTURED),
    "capture": ("held", lambda client, deal, key: client.capture(deal, key), CAPTURED),
    "refund": (
        "captured",
        lambda client, deal, key: client.refund(deal, PART, key),
        ("success", AMOUNT, PART),
    ),
    "refund of the rest": (
        "captured",
        lambda client, deal, key: client.refund(deal, None, key),
        ("success", AMOUNT, AMOUNT),
    ),
}


@pytest.mark.parametrize("what", KEYED)
@dialects
async def test_one_idempotency_key_at_the_same_moment_is_one_request(
    name: str, what: str, installed: TestApp
):
    start, act, end = KEYED[what]
    client = client_of(installed, name)
    async with installed.working():
        for number in ROUNDS:
            deal = await a_deal(client, start)
            asked = [act(client, deal, f"tea-{number}") for _ in range(6)]
            replies = await asyncio.gather(*asked)
            again = await act(client, deal, f"tea-{number}")

            assert {reply.status for reply in (*replies, again)} == {200}, (replies, again)
            assert await ending(installed, deal) == end
            if "refund" in what:
                assert len({reply.json["id"] for reply in (*replies, again)}) == 1
    assert [name for name, sql in WRONG.items() if await installed.rows(sql)] == []


@dialects
async def test_one_idempotency_key_with_different_bodies_is_the_first_request(
    name: str, installed: TestApp
):
    client = client_of(installed, name)
    async with installed.working():
        for number in ROUNDS:
            deal, amounts = await a_deal(client, "captured"), (100, 200, 300)
            asked = [client.refund(deal, amount, f"tea-{number}") for amount in amounts]
            replies = await asyncio.gather(*asked)

            [refund] = [reply.json for reply in replies if reply.status == 200]
            assert sorted(reply.status for reply in replies) == [200, 400, 400]
            assert await ending(installed, deal) == ("success", AMOUNT, refund["amount"])


@dialects
async def test_a_corrected_request_may_use_the_key_and_then_it_is_taken(
    name: str, installed: TestApp
):
    """The first request was invalid. Of different ones after it, one has the key."""
    wire = client_of(installed, name).wire
    path = "/v1/orders" if name == "razorpay" else "/v1/customers"
    field, wrong = ("receipt", 7) if name == "razorpay" else ("email", "x" * 1001)

    refused = await wire.ask("POST", path, {"amount": AMOUNT, field: wrong}, key="tea")
    bodies = [{"amount": AMOUNT, field: f"{number}@shop.example"} for number in range(6)]
    if name == "stripe":
        bodies = [{field: body[field]} for body in bodies]
    replies = await asyncio.gather(*(wire.ask("POST", path, body, key="tea") for body in bodies))

    assert refused.status == 400
    assert sorted(reply.status for reply in replies) == [200] + [400] * 5


@dialects
async def test_a_request_may_be_repeated_with_another_key_of_the_merchant(
    name: str, installed: TestApp
):
    """Its keys may be rotated meanwhile, and its servers may have different ones."""
    client = client_of(installed, name)
    other = client.wire.with_keys(await a_key(installed, Role.DEVELOPER))
    path, body = {
        "razorpay": ("/v1/orders", {"amount": AMOUNT}),
        "stripe": ("/v1/payment_intents", {"amount": AMOUNT, "currency": "usd"}),
    }[name]

    replies = [await wire.ask("POST", path, body, key="tea") for wire in (client.wire, other)]

    assert [reply.status for reply in replies] == [200, 200]
    assert replies[0].json["id"] == replies[1].json["id"]


def test_a_request_that_is_still_in_progress_is_not_refused_for_good():
    """Or a client would ask again with another idempotency key."""
    still = WireRefusal(409, "IDEMPOTENCY", "In progress", reason="idempotency_in_progress")

    replies = [
        plugin.dialect().refuse(still) for plugin in (paygate_razorpay_wire, paygate_stripe_wire)
    ]

    assert [reply.status for reply in replies] == [409, 409]


async def test_a_refused_refund_of_the_rest_does_not_use_up_its_key(installed: TestApp):
    client = client_of(installed, "razorpay")
    async with installed.working():
        deal = await a_deal(client, "held")
        early = await client.refund(deal, None, "tea")
        await client.capture(deal)
        again = await client.refund(deal, None, "tea")

    assert (early.status, again.status, again.json.get("amount")) == (400, 200, AMOUNT)
