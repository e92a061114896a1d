"""No merchant sees another's: every route with an id in it, taken from the table of routes.

A route that is added with an id that nobody knows here fails the first test.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any
from uuid import uuid4

from paygate import Unknown
from paygate.core.accounts.model import Role
from tests.harness.apps import KEYS, TestApp
from tests.harness.fakes import Fakes
from tests.harness.people import a_key
from tests.harness.people import merchant_id as of_merchant
from tests.harness.route_table import Route, routes_of

Ids = Mapping[str, str]

OWNED: Mapping[str, Callable[[], str]] = {
    "order_id": lambda: f"order_{uuid4().hex[:16]}",
    "link_id": lambda: f"plink_{uuid4().hex[:16]}",
    "payment_id": lambda: f"pay_{uuid4().hex[:16]}",
    "refund_id": lambda: f"rfnd_{uuid4().hex[:16]}",
    "event_id": lambda: f"evt_{uuid4().hex[:16]}",
    "delivery_id": lambda: str(uuid4()),
    "endpoint_id": lambda: str(uuid4()),
    "user_id": lambda: str(uuid4()),
    "key_id": lambda: str(uuid4()),
    "operation_id": lambda: f"op_{uuid4().hex[:16]}",
    "row_id": lambda: f"op_{uuid4().hex[:16]}",
}
"""Path parameters that belong to one merchant, each with an unused id."""

SHARED = {
    "item_id": "what needs attention is the installation's, and the route needs an operator",
    "plugin_id": "plugins are the installation's, and the route needs an operator",
    "panel_id": "panels are the plugins'; what they show is read as whoever asks",
    "queue": "one of three names, beside the id of what waits there",
    "processor": "processors sign what they send there; merchants do not call it",
    "name": "files and the namespaces' names, which are nobody's",
    "namespace_id": "whoever knows the id of a test's namespace may retire it; not in production",
}
BODIES: Mapping[str, Any] = {
    "POST /payments": {"method": "coin"},
    "POST /refunds": {"amount": 100},
}
"""Routes that name a merchant's object in the body."""


def guarded(app: TestApp) -> Iterator[Route]:
    """Routes of merchants with an id of something that one of them owns.

    A route for operators is refused to every merchant, whatever the id.
    """
    for route in routes_of(app):
        is_merchants = (
            route.documentation.access == "merchant" and not route.documentation.needs_operator
        )
        if is_merchants and set(route.places) & OWNED.keys():
            yield route


async def a_whole_merchant(app: TestApp, fakes: Fakes) -> dict[str, str]:
    """Return something of every kind that the test merchant owns."""
    await app.webhook_url()
    fakes.processor.authorizations = [Unknown("lost")]
    fakes.processor.queries = [Unknown("lost")] * 20
    await app.paid()
    async with app.working():
        await app.until_value("needs_review", "SELECT state FROM operations")
        stuck = await app.value("SELECT id FROM operations")
        fakes.processor.queries = []
        order = await app.order()
        payment = await app.paid(order_id=order)
        await app.until(payment, "success")
        refund = await app.call("POST", f"/payments/{payment}/refunds", json={"amount": 100})
    link = await app.call("POST", "/payment-links", json={"amount": 500})
    endpoint = await app.call("POST", "/webhook-endpoints", json={"url": "http://localhost:9/x"})
    user = await app.call("POST", "/team", json={"email": "x@y.z", "role": "support"})
    key = await app.call("POST", "/keys", json={"label": "x"})
    return {
        "order_id": order,
        "link_id": link.json["id"],
        "payment_id": payment,
        "refund_id": refund.json["id"],
        "event_id": str(await app.value("SELECT id FROM events LIMIT 1")),
        "delivery_id": str(await app.value("SELECT id FROM webhook_logs LIMIT 1")),
        "endpoint_id": endpoint.json["id"],
        "user_id": user.json["id"],
        "key_id": key.json["id"],
        "operation_id": stuck,
        "row_id": stuck,
    }


async def a_stranger(app: TestApp) -> dict[str, str]:
    """Return the keys of another merchant, who may do everything that is theirs."""
    made = (await app.call("POST", "/test/namespaces", keys=None)).json
    return {"X-Api-Key": made["api_key"], "X-Api-Secret": made["api_secret"]}


async def test_every_path_parameter_is_covered(app: TestApp):
    places = {place for route in routes_of(app) for place in route.places}

    assert places - OWNED.keys() - SHARED.keys() == set()
    assert OWNED.keys() - places == set(), "nothing has these ids in its path any more"


async def test_objects_of_another_merchant_are_404(app: TestApp, fakes: Fakes):
    theirs = await a_whole_merchant(app, fakes)
    nobodys = {name: made() for name, made in OWNED.items()}
    stranger = await a_stranger(app)
    before = await everything(app)
    asked = list(guarded(app))

    for route in asked:
        seen = await route.ask(app, stranger, {**theirs, "queue": "payments"})
        absent = await route.ask(app, stranger, {**nobodys, "queue": "payments"})
        assert (seen.status, absent.status) == (404, 404), route
        assert seen.body == absent.body, route

    assert len(asked) > 30
    assert await everything(app) == before


async def test_the_owner_may_access_the_same_objects(app: TestApp, fakes: Fakes):
    """Or the test before would say nothing."""
    mine = {**await a_whole_merchant(app, fakes), "queue": "payments"}
    gone = {"DELETE", "PATCH"}
    # What is settled is not stuck any more, and what is deleted is not there.
    in_turn = sorted(guarded(app), key=lambda each: (each.method in gone, "stuck" not in each.rule))
    for route in in_turn:
        if route.rule.startswith("/api/v1"):
            answer = await route.ask(app, KEYS, mine)
            assert answer.status != 404, (str(route), answer.json)


async def test_ids_of_another_merchant_in_a_body_are_404(app: TestApp, fakes: Fakes):
    theirs = await a_whole_merchant(app, fakes)
    stranger = await a_stranger(app)
    pay, refund = ("order_id", "/payments"), ("payment_id", "/refunds")

    for field, path in (pay, refund):
        answers = [
            await app.call(
                "POST", path, keys=stranger, json={**BODIES[f"POST {path}"], field: named}
            )
            for named in (theirs[field], OWNED[field]())
        ]
        assert [answer.status for answer in answers] == [404, 404]
        assert answers[0].body == answers[1].body


async def test_filters_find_no_rows_of_another_merchant(app: TestApp, fakes: Fakes):
    theirs = await a_whole_merchant(app, fakes)
    stranger = await a_stranger(app)
    queries = (
        f"/payments?limit=10&order_id={theirs['order_id']}",
        f"/refunds?limit=10&payment_id={theirs['payment_id']}",
        f"/webhooks?limit=10&payment_id={theirs['payment_id']}",
        f"/events?limit=10&payment_id={theirs['payment_id']}",
        f"/audit?subject={theirs['key_id']}",
        f"/payments?limit=10&q={theirs['payment_id']}",
        f"/orders?limit=10&q={theirs['order_id']}",
    )

    for query in queries:
        mine = await app.call("GET", query)
        others = await app.call("GET", query, keys=stranger)
        assert mine.json["data"] != [], query
        assert (others.json["data"], others.json["total"]) == ([], 0), query


async def test_recovery_resends_nothing_of_another_merchant(app: TestApp, fakes: Fakes):
    theirs = await a_whole_merchant(app, fakes)
    stranger = await a_stranger(app)
    body = {"since": "2020-01-01T00:00:00Z", "statuses": ["failed", "success"], "dry_run": False}
    before = await everything(app)

    for more in ({}, {"endpoint_id": theirs["endpoint_id"]}):
        answer = await app.call("POST", "/webhooks/recover", keys=stranger, json={**body, **more})
        assert answer.status in {200, 404}
        assert answer.status == 404 or answer.json["matching"] == 0
    after = await everything(app)
    # The stranger's own log tells of it, and no other's.
    entries = [row for row in after.pop("audit_log") if row not in before["audit_log"]]
    before.pop("audit_log")
    assert after == before
    assert {"delivery.recover" in row["row"] for row in entries} == {True}
    assert [str(await of_merchant(app)) in row["row"] for row in entries] == [False] * len(entries)


async def test_lists_show_no_rows_of_another_merchant(app: TestApp, fakes: Fakes):
    theirs = await a_whole_merchant(app, fakes)
    stranger = await a_stranger(app)
    hidden = {*theirs.values(), str(await of_merchant(app))}
    lists = [
        route
        for route in routes_of(app)
        if route.documentation.access == "merchant" and not route.changes and not route.places
    ]
    seen_by_owner = b""

    for route in lists:
        shown = await route.ask(app, stranger)
        leaked = {each for each in hidden if each.encode() in shown.body}
        assert not leaked, (str(route), leaked)
        seen_by_owner += (await route.ask(app, KEYS)).body
    assert len(lists) > 15
    assert [each for each in hidden if each.encode() not in seen_by_owner] == []


async def test_idempotency_keys_are_separate_per_merchant(app: TestApp):
    mine, stranger = await a_key(app, Role.DEVELOPER), await a_stranger(app)
    mixed = {"X-Api-Key": mine["X-Api-Key"], "X-Api-Secret": stranger["X-Api-Secret"]}

    assert (await app.call("GET", "/orders", keys=mine)).status == 200
    assert (await app.call("GET", "/orders", keys=mixed)).status == 401


async def everything(app: TestApp) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of the merchants' tables, without the times of last use."""
    tables = ("orders", "payments", "refunds", "operations", "webhook_logs", "webhook_endpoints")
    people = ("users", "api_keys", "events", "audit_log")
    found = {}
    for table in (*tables, *people):
        rows = await app.rows(f"SELECT to_jsonb(t) - 'last_used_at' AS row FROM \"{table}\" t")
        found[table] = sorted(rows, key=repr)
    return found
