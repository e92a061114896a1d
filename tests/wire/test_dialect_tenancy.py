"""No merchant sees another's through a dialect: every route, taken from the dialect's table.

A route that is added without a case here fails the first test.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest

import paygate_razorpay_wire
import paygate_stripe_wire
from paygate.core.accounts.model import Role
from tests.harness.apps import KEYS, TestApp
from tests.harness.people import a_key, merchant_id

from .speakers import AMOUNT, CARD, Speaker, a_stranger, speaker

Ids = Mapping[str, str]


@dataclass(frozen=True)
class Ask:
    """A request that names things of a merchant as ``{name}``."""

    path: str
    body: Mapping[str, Any] | None = None

    def filled(self, ids: Ids) -> tuple[str, Mapping[str, Any]]:
        body = {name: _filled(value, ids) for name, value in (self.body or {}).items()}
        return _filled(self.path, ids), body

    @property
    def names(self) -> bool:
        """Whether it names anything."""
        return "{" in f"{self.path}{self.body and list(self.body.values())}"


def _filled(value: Any, ids: Ids) -> Any:
    return value.format_map(ids) if isinstance(value, str) else value


Cases = Mapping[str, Sequence[Ask]]
"""Method and path of a route → requests to it; none if the route is given no ids."""

RAZORPAY: Cases = {
    "POST /v1/orders": (),
    "GET /v1/orders": (Ask("/v1/orders"), Ask("/v1/orders?receipt={receipt}")),
    "GET /v1/orders/{order_id}": (Ask("/v1/orders/{order}"),),
    "GET /v1/orders/{order_id}/payments": (Ask("/v1/orders/{paid_order}/payments"),),
    "POST /v1/payments/create/json": (
        Ask("/v1/payments/create/json", {"order_id": "{order}", "method": "card", "card": CARD}),
    ),
    "POST /v1/payments/create/upi": (
        Ask(
            "/v1/payments/create/upi",
            {"order_id": "{upi_order}", "method": "upi", "vpa": "success@upi"},
        ),
    ),
    "GET /v1/payments": (Ask("/v1/payments"),),
    "GET /v1/payments/{payment_id}": (Ask("/v1/payments/{payment}"),),
    "GET /v1/payments/{payment_id}/card": (Ask("/v1/payments/{payment}/card"),),
    "POST /v1/payments/{payment_id}/capture": (
        Ask("/v1/payments/{held}/capture", {"amount": AMOUNT}),
    ),
    "POST /v1/payments/{payment_id}/refund": (
        Ask("/v1/payments/{payment}/refund", {"amount": 100}),
        Ask("/v1/payments/{payment}/refund"),
    ),
    "GET /v1/payments/{payment_id}/refunds": (Ask("/v1/payments/{refunded}/refunds"),),
    "GET /v1/payments/{payment_id}/refunds/{refund_id}": (
        Ask("/v1/payments/{refunded}/refunds/{refund}"),
    ),
    "POST /v1/refunds": (
        Ask("/v1/refunds", {"payment_id": "{refunded}", "amount": 100}),
        Ask("/v1/refunds", {"payment_id": "{refunded}"}),
    ),
    "GET /v1/refunds": (Ask("/v1/refunds"),),
    "GET /v1/refunds/{refund_id}": (Ask("/v1/refunds/{refund}"),),
    "POST /v1/customers": (),
    "GET /v1/customers": (Ask("/v1/customers"),),
    "GET /v1/customers/{customer_id}": (Ask("/v1/customers/{customer}"),),
    "PUT /v1/customers/{customer_id}": (Ask("/v1/customers/{customer}", {"name": "Other"}),),
    "POST /v1/payment_links": (),
    "GET /v1/payment_links": (Ask("/v1/payment_links"),),
    "GET /v1/payment_links/{link_id}": (Ask("/v1/payment_links/{link}"),),
    "POST /v1/payment_links/{link_id}/cancel": (Ask("/v1/payment_links/{link}/cancel"),),
}

INTENTS, METHODS, CUSTOMERS = "/v1/payment_intents", "/v1/payment_methods", "/v1/customers"
SESSIONS = "/v1/checkout/sessions"
INTENT = {"amount": AMOUNT, "currency": "usd"}
SALE = {
    "mode": "payment",
    "success_url": "https://shop.example",
    "line_items[0][price_data][currency]": "usd",
    "line_items[0][price_data][unit_amount]": 700,
    "line_items[0][price_data][product_data][name]": "Tea",
    "line_items[0][quantity]": 1,
}
NOTE = {"metadata[a]": "b"}

STRIPE: Cases = {
    f"POST {INTENTS}": (
        Ask(INTENTS, {**INTENT, "customer": "{customer}"}),
        Ask(INTENTS, {**INTENT, "customer": "{customer}", "payment_method": "{method}"}),
        Ask(INTENTS, {**INTENT, "payment_method": "{free_method}", "confirm": "true"}),
    ),
    f"GET {INTENTS}": (
        Ask(INTENTS),
        Ask(f"{INTENTS}?starting_after={{newest_intent}}"),
        Ask(f"{INTENTS}?customer={{customer}}"),
    ),
    f"GET {INTENTS}/{{id}}": (
        Ask(f"{INTENTS}/{{paid}}?expand[]=latest_charge"),
        Ask(f"{INTENTS}/{{unrecorded}}"),
    ),
    f"POST {INTENTS}/{{id}}": (
        Ask(f"{INTENTS}/{{intent}}", NOTE),
        Ask(f"{INTENTS}/{{intent}}", {"customer": "{customer}", "payment_method": "{method}"}),
    ),
    f"POST {INTENTS}/{{id}}/confirm": (
        Ask(f"{INTENTS}/{{unrecorded}}/confirm", {"payment_method": "pm_card_visa"}),
        Ask(f"{INTENTS}/{{intent}}/confirm"),
    ),
    f"POST {INTENTS}/{{id}}/capture": (Ask(f"{INTENTS}/{{held}}/capture"),),
    f"POST {INTENTS}/{{id}}/cancel": (
        Ask(f"{INTENTS}/{{other_held}}/cancel"),
        Ask(f"{INTENTS}/{{open}}/cancel"),
    ),
    f"POST {METHODS}": (),
    f"GET {METHODS}": (
        Ask(f"{METHODS}?customer={{customer}}"),
        Ask(f"{METHODS}?customer={{own_customer}}&starting_after={{method}}"),
    ),
    f"GET {METHODS}/{{id}}": (Ask(f"{METHODS}/{{method}}"),),
    f"POST {METHODS}/{{id}}/attach": (
        Ask(f"{METHODS}/{{free_method}}/attach", {"customer": "{own_customer}"}),
        Ask(f"{METHODS}/pm_card_visa/attach", {"customer": "{customer}"}),
    ),
    f"POST {METHODS}/{{id}}/detach": (Ask(f"{METHODS}/{{method}}/detach"),),
    f"POST {CUSTOMERS}": (Ask(CUSTOMERS, {"payment_method": "{spare_method}"}),),
    f"GET {CUSTOMERS}": (
        Ask(CUSTOMERS),
        Ask(f"{CUSTOMERS}?email={{email}}"),
        Ask(f"{CUSTOMERS}?starting_after={{newest_customer}}"),
    ),
    f"GET {CUSTOMERS}/{{id}}": (Ask(f"{CUSTOMERS}/{{customer}}"),),
    f"POST {CUSTOMERS}/{{id}}": (Ask(f"{CUSTOMERS}/{{customer}}", NOTE),),
    f"GET {CUSTOMERS}/{{id}}/payment_methods": (Ask(f"{CUSTOMERS}/{{customer}}/payment_methods"),),
    "POST /v1/refunds": (
        Ask("/v1/refunds", {"charge": "{charge}", "amount": 100}),
        Ask("/v1/refunds", {"payment_intent": "{paid}"}),
    ),
    "GET /v1/refunds": (
        Ask("/v1/refunds"),
        Ask("/v1/refunds?charge={charge}"),
        Ask("/v1/refunds?payment_intent={paid}"),
        Ask("/v1/refunds?starting_after={refund}"),
    ),
    "GET /v1/refunds/{id}": (Ask("/v1/refunds/{refund}?expand[]=charge"),),
    "GET /v1/charges": (
        Ask("/v1/charges"),
        Ask("/v1/charges?payment_intent={paid}"),
        Ask("/v1/charges?starting_after={charge}"),
    ),
    "GET /v1/charges/{id}": (Ask("/v1/charges/{charge}"),),
    f"POST {SESSIONS}": (Ask(SESSIONS, {**SALE, "customer": "{customer}"}),),
    f"GET {SESSIONS}": (
        Ask(SESSIONS),
        Ask(f"{SESSIONS}?customer={{customer}}"),
        Ask(f"{SESSIONS}?payment_intent={{paid}}"),
        Ask(f"{SESSIONS}?starting_after={{session}}"),
    ),
    f"GET {SESSIONS}/{{id}}": (Ask(f"{SESSIONS}/{{session}}?expand[]=line_items"),),
    f"GET {SESSIONS}/{{id}}/line_items": (
        Ask(f"{SESSIONS}/{{session}}/line_items"),
        Ask(f"{SESSIONS}/{{session}}/line_items?starting_after={{line_item}}"),
    ),
    f"POST {SESSIONS}/{{id}}/expire": (Ask(f"{SESSIONS}/{{session}}/expire"),),
    # Refused for everyone.
    **{f"GET {path}/search": () for path in (INTENTS, CUSTOMERS, "/v1/charges")},
    "GET /v1/events": (
        Ask("/v1/events"),
        Ask("/v1/events?starting_after={event}"),
        Ask("/v1/events?ending_before={event}"),
    ),
    "GET /v1/events/{id}": (Ask("/v1/events/{event}"),),
    f"DELETE {CUSTOMERS}/{{id}}": (Ask(f"{CUSTOMERS}/{{customer}}"),),
}


async def all_of_razorpay(of: Speaker) -> dict[str, str]:
    """Return something of everything that the dialect serves."""

    async def paid(*, captured: bool) -> tuple[str, str]:
        body = {"amount": AMOUNT, "payment_capture": captured, "receipt": "receipt_tea"}
        order = (await of.made("/v1/orders", body))["id"]
        body = {"order_id": order, "method": "card", "card": CARD}
        made = await of.made("/v1/payments/create/json", body)
        return order, made["razorpay_payment_id"]

    paid_order, payment = await paid(captured=True)
    _, refunded = await paid(captured=True)
    _, held = await paid(captured=False)
    return {
        "order": (await of.made("/v1/orders", {"amount": AMOUNT}))["id"],
        "upi_order": (await of.made("/v1/orders", {"amount": AMOUNT}))["id"],
        "receipt": "receipt_tea",
        "paid_order": paid_order,
        "payment": payment,
        "refunded": refunded,
        "held": held,
        "customer": (await of.made("/v1/customers", {"email": "a@shop.example"}))["id"],
        "refund": (await of.made("/v1/refunds", {"payment_id": refunded, "amount": 100}))["id"],
        "link": (await of.made("/v1/payment_links", {"amount": AMOUNT}))["id"],
    }


async def all_of_stripe(of: Speaker) -> dict[str, str]:
    """Return something of everything that the dialect serves."""

    async def intent(**more: str) -> Any:
        return await of.made(INTENTS, {**INTENT, **more})

    async def method() -> str:
        card = {"type": "card", "card[token]": "tok_visa"}
        return str((await of.made(METHODS, card))["id"])

    card = {"payment_method": "pm_card_visa", "confirm": "true"}
    customer = (await of.made(CUSTOMERS, {"email": "x_tea@shop.example"}))["id"]
    attached = await method()
    await of.made(f"{METHODS}/{attached}/attach", {"customer": customer})
    paid = await intent(**card)
    refund = await of.made("/v1/refunds", {"payment_intent": paid["id"], "amount": 100})
    order = await of.app.order(AMOUNT, currency="USD")
    session = (await of.made(SESSIONS, {**SALE, "customer": customer}))["id"]
    lines = (await of.ask("GET", f"{SESSIONS}/{session}/line_items")).json["data"]
    ids = {
        "intent": (await intent(payment_method="pm_card_visa"))["id"],
        "open": (await intent())["id"],
        "paid": paid["id"],
        "charge": paid["latest_charge"],
        "held": (await intent(capture_method="manual", **card))["id"],
        "other_held": (await intent(capture_method="manual", **card))["id"],
        "unrecorded": f"pi_{order.removeprefix('order_')}",
        "customer": customer,
        "email": "x_tea@shop.example",
        "method": attached,
        "free_method": await method(),
        "spare_method": await method(),
        "refund": refund["id"],
        "session": session,
        "line_item": lines[0]["id"],
        "newest_customer": (await of.made(CUSTOMERS, {}))["id"],
        "newest_intent": (await intent(customer=customer))["id"],
    }
    events = (await of.ask("GET", "/v1/events?limit=1&type=payment_intent.succeeded")).json
    return {**ids, "event": events["data"][0]["id"]}


@dataclass(frozen=True)
class Served:
    """A dialect, and what is asked of it."""

    routes: Sequence[Any]
    cases: Cases
    everything: Callable[[Speaker], Awaitable[dict[str, str]]]

    def asked(self) -> Iterator[tuple[str, Ask]]:
        """Return the requests with their methods."""
        for route, asks in self.cases.items():
            for ask in asks:
                yield route.partition(" ")[0], ask


SERVED = {
    "razorpay": Served(paygate_razorpay_wire.dialect().routes, RAZORPAY, all_of_razorpay),
    "stripe": Served(paygate_stripe_wire.dialect().routes, STRIPE, all_of_stripe),
}
both = pytest.mark.parametrize("name", SERVED)


def unused(id: str) -> str:
    """Return an id that nothing has, in the same form."""
    prefix, _, rest = id.rpartition("_")
    return f"{prefix}_{(uuid4().hex * 2)[: len(rest)]}"


async def own_objects(of: Speaker) -> dict[str, str]:
    """Return what a request may name beside the thing of another merchant."""
    if of.name == "razorpay":
        return {}
    return {"own_customer": (await of.made(CUSTOMERS, {}))["id"]}


async def rows_of(app: TestApp) -> dict[str, list[str]]:
    """Return the test merchant's rows, without its keys and what they tried."""
    merchant = await merchant_id(app)
    tables = await app.rows(
        "SELECT table_name AS name FROM information_schema.columns "
        "WHERE table_schema = 'public' AND column_name = 'merchant_id' "
        "AND table_name NOT IN ('api_keys', 'audit_log')"
    )
    found = {}
    for table in (row["name"] for row in tables):
        rows = await app.rows(
            f'SELECT to_jsonb(t)::text AS row FROM "{table}" t WHERE merchant_id = $1', merchant
        )
        found[table] = sorted(row["row"] for row in rows)
    return found


@both
def test_every_route_of_a_dialect_has_a_case(name: str):
    served = SERVED[name]
    routes = {f"{route.method} {route.path}" for route in served.routes}
    with_ids = {route for route in routes if "{" in route}

    assert set(served.cases) == routes
    assert [route for route in with_ids if not any(ask.names for ask in served.cases[route])] == []


@both
async def test_no_other_key_finds_lists_or_changes_what_a_merchant_has(
    name: str, installed: TestApp
):
    served, owner = SERVED[name], speaker(installed, name)
    stranger = owner.with_keys(await a_stranger(installed))
    reader = owner.with_keys(await a_key(installed, Role.READ_ONLY))
    async with installed.working():
        theirs, mine = await served.everything(owner), await own_objects(owner)
    before = await rows_of(installed)

    await find_nothing(served, theirs, stranger)
    for method, ask in served.asked():
        reply = await reader.ask(method, *ask.filled({**theirs, **mine}), key=uuid4().hex)
        assert reply.status in ({200} if method == "GET" else {400, 403}), (ask, reply)
    assert await rows_of(installed) == before
    # Or nothing above would say anything.
    async with installed.working():
        for method, ask in served.asked():
            reply = await owner.ask(method, *ask.filled({**theirs, **mine}))
            assert reply.status == 200, (ask, reply)
    assert sum(map(len, before.values())) > 20


async def find_nothing(served: Served, theirs: Ids, stranger: Speaker) -> None:
    """Send every request, with ids of another merchant and with unused ones: no difference."""
    absent, own = {of: unused(id) for of, id in theirs.items()}, await own_objects(stranger)
    for method, ask in served.asked():
        seen = await stranger.ask(method, *ask.filled({**theirs, **own}))
        unknown = await stranger.ask(method, *ask.filled({**absent, **own}))
        as_unknown = seen.text
        for of, id in theirs.items():
            as_unknown = as_unknown.replace(id, absent[of])
        assert (seen.status, as_unknown) == (unknown.status, unknown.text), ask
        if method == "GET" and seen.status == 200:
            [rows] = [rows for rows in seen.json.values() if isinstance(rows, list)]
            assert [id for id in theirs.values() if id in str(rows)] == [], ask
        else:
            assert 400 <= seen.status < 500, (ask, seen)


@both
async def test_keys_that_have_ended_are_refused_at_once(name: str, installed: TestApp):
    path = "/v1/orders" if name == "razorpay" else CUSTOMERS
    made = await installed.call("POST", "/keys", json={"label": "x", "role": "developer"})
    key = {"X-Api-Key": made.json["key"], "X-Api-Secret": made.json["secret"]}
    stranger = await a_stranger(installed)
    ended = [speaker(installed, name).with_keys(keys) for keys in (key, stranger)]
    before = [(await each.ask("GET", path)).status for each in ended]
    mixed = speaker(installed, name).with_keys({**KEYS, "X-Api-Secret": stranger["X-Api-Secret"]})

    await installed.call("DELETE", f"/keys/{made.json['id']}")
    await installed.call("DELETE", f"/test/namespaces/{stranger['id']}", keys=None)
    after = [(await each.ask("GET", path)).status for each in (*ended, mixed)]
    changed = [(await each.ask("POST", path, {"amount": AMOUNT})).status for each in ended]

    assert (before, after, changed) == ([200, 200], [401, 401, 401], [401, 401])


@both
async def test_equal_idempotency_keys_of_two_merchants_are_two_requests(
    name: str, installed: TestApp
):
    owner = speaker(installed, name)
    stranger = owner.with_keys(await a_stranger(installed))
    body = {"amount": AMOUNT, "currency": "INR"}
    path = "/v1/orders" if name == "razorpay" else INTENTS

    ids = {
        (await each.ask("POST", path, body, key="tea-1")).json["id"]
        for each in (owner, stranger)
        for _ in range(2)
    }
    listed = [(await each.ask("GET", path)).text for each in (owner, stranger)]

    assert len(ids) == 2
    assert [sum(id in text for id in ids) for text in listed] == [1, 1]


@both
async def test_an_id_with_a_slash_is_no_path(name: str, installed: TestApp):
    client = speaker(installed, name)
    asked = {
        "razorpay": ({"payment_id": "pay_x/refunds"}, {"payment_id": "pay_x/../../payments"}),
        "stripe": ({"charge": "ch_x/refunds"}, {"payment_intent": "pi_x/../../orders"}),
    }
    async with installed.working():
        payment = await installed.paid(method="card", card={**CARD, "expiry_year": 2035})
        bodies = [
            {of: id.replace("pay_x", payment).replace("ch_x", f"ch_{payment[4:]}")}
            for body in asked[name]
            for of, id in body.items()
        ]
        statuses = [(await client.ask("POST", "/v1/refunds", body)).status for body in bodies]

    assert statuses == [400, 400]


@both
@pytest.mark.parametrize("key", ["\x00", "é", "x" * 10_000, "%00", "' OR 1=1 --"])
async def test_odd_keys_are_refused(name: str, key: str, installed: TestApp):
    basic = b64encode(f"{key}:{key}".encode()).decode()

    response = await installed.client.get(
        f"/wire/{name}/v1/refunds", headers={"Authorization": f"Basic {basic}"}
    )

    assert response.status_code == 401
