"""Every route with every kind of caller: access follows from the route's declaration."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import uuid4

from paygate.core.accounts.model import Role
from tests.harness.apps import KEYS, TestApp
from tests.harness.people import a_key, a_user, signed_in
from tests.harness.route_table import Route, routes_of

Headers = Mapping[str, str]
ANYWHERE = {"queue": "payments", "plugin_id": "fakes", "panel_id": "none", "processor": "none"}

CHANGES_FOR_ANYONE = {
    "session.create": "signing in; whoever does is written down by it",
    "session.end": "the session's own; written down by it",
    "session.password": "the session's own; written down by it",
    "callbacks.receive": "processors sign what they send there",
    "payments.create_public": "a shopper pays their order; the payment tells of it",
    "operations.complete": "a shopper comes back; the payment tells of it",
    "operations.cancel": "a shopper cancels; the payment tells of it",
    "dialects_receiver": "keeps nothing",
    "dialects_api_receiver": "keeps nothing",
    "testing.create_order_to_try": "an order of the test merchant; not in production",
    "testing.payer": "plays a shopper; the payment tells of it; not in production",
    "testing_namespaces.open_": "a test's own merchant; not in production",
    "testing_namespaces.retire": "a test's own merchant; not in production",
    "testing_clock.hold": "of people only, whose role it asks; not in production",
    "testing_clock.advance": "of people only, whose role it asks; not in production",
    "testing_clock.release": "of people only, whose role it asks; not in production",
}
"""Routes that change something without a role, and why."""


def values_of(route: Route) -> dict[str, str]:
    return {place: ANYWHERE.get(place, str(uuid4())) for place in route.places}


async def test_every_changing_route_declares_its_role_and_audit_entry(app: TestApp):
    changing = [route for route in map_of(app).values() if route.changes]
    silent = {
        str(route)
        for route in changing
        if route.documentation.access == "merchant"
        and (route.documentation.needs is Role.READ_ONLY or route.documentation.audit is None)
    }
    open_to_all = {route.endpoint for route in changing if route.documentation.access != "merchant"}

    assert silent == set()
    assert open_to_all == CHANGES_FOR_ANYONE.keys()


async def test_requests_without_credentials_are_refused(app: TestApp):
    owner = await a_user(app, "o@x.y", Role.OWNER)
    callers = {
        "nobody": {},
        "the public half of a key": {"X-Api-Key": KEYS["X-Api-Key"]},
        "a wrong secret": {**KEYS, "X-Api-Secret": "secret_test_xyz780"},
        "a shopper": {"X-Client-Secret": await client_secret(app)},
        "a revoked key": await revoked(app),
        "an expired session": await ended(app, owner, "expires_at"),
        "an idle session": await ended(app, owner, "last_seen_at"),
        "a user who was switched off": await switched_off(app),
    }
    guarded = [r for r in routes_of(app) if r.documentation.access in {"merchant", "session"}]

    for caller, headers in callers.items():
        for route in guarded:
            answer = await route.ask(app, headers, values_of(route))
            assert answer.status == 401, (caller, str(route), answer.json)
    assert len(guarded) > 80


async def test_each_role_may_use_its_documented_routes(app: TestApp):
    # Each has signed in and has a key; the key of a role can do what its people can.
    callers = {role: [await a_key(app, role), await person(app, role)] for role in Role}
    guarded = [each for each in map_of(app).values() if each.documentation.access == "merchant"]

    for role, (key, session) in callers.items():
        for route in guarded:
            may = role.covers(route.documentation.needs) and not needs_operator(route)
            for headers in (key, session):
                answer = await route.ask(app, headers, values_of(route))
                assert (answer.status in {401, 403}) != may, (role, str(route), answer.json)


async def test_operator_routes_refuse_owners(app: TestApp):
    operator = await signed_in(app, await a_user(app, "op@x.y", Role.OWNER, is_operator=True))
    lower = await signed_in(app, await a_user(app, "su@x.y", Role.SUPPORT, is_operator=True))
    owner = await signed_in(app, await a_user(app, "ow@x.y", Role.OWNER))
    asked = [route for route in map_of(app).values() if needs_operator(route)]

    for route in asked:
        assert (await route.ask(app, operator, values_of(route))).status not in {401, 403}
        assert (await route.ask(app, owner, values_of(route))).status == 403, route
        answer = await route.ask(app, lower, values_of(route))
        assert (answer.status == 403) == (route.documentation.needs is Role.OWNER), route
    assert asked


async def test_session_routes_refuse_keys_and_key_routes_refuse_sessions(app: TestApp):
    own = [each for each in map_of(app).values() if each.documentation.access == "session"]

    for route in own:
        # A new session each: one of these routes ends it.
        session = await person(app, Role.READ_ONLY, email=f"{uuid4().hex}@x.y")
        assert (await route.ask(app, KEYS)).status == 401
        assert (await route.ask(app, session)).status not in {401, 403}
    assert len(own) == 3


async def test_a_session_needs_its_csrf_token_for_changes(app: TestApp):
    session = await person(app, Role.OWNER)
    without = {"Cookie": session["Cookie"]}
    foreign = {**session, "Origin": "https://evil.example"}
    guarded = [
        route
        for route in map_of(app).values()
        if route.changes and route.documentation.access in {"merchant", "session"}
    ]

    for route in guarded:
        for headers in (without, foreign):
            answer = await route.ask(app, headers, values_of(route))
            assert answer.status == 403, (str(route), answer.json)


async def test_the_openapi_document_names_the_required_role(app: TestApp):
    document = app.contract.document
    key, page = {"ApiKey": [], "ApiSecret": []}, {"Session": []}

    for route in routes_of(app):
        path = route.rule.replace("<", "{").replace(">", "}")
        operation = document["paths"][path][route.method.lower()]
        session = {**page, "CsrfToken": []} if route.changes else page
        wanted = {"merchant": [key, session], "session": [session]}.get(
            route.documentation.access, []
        )
        assert operation["security"] == wanted, route
        if route.documentation.needs is not Role.READ_ONLY:
            assert f"the role {route.documentation.needs}" in operation["description"], route
            assert "403" in operation["responses"], route
        assert ("an operator" in operation.get("description", "")) == needs_operator(route), route


def map_of(app: TestApp) -> dict[str, Route]:
    """Return each route once, without the aliases that are the very same function."""
    return {str(route): route for route in routes_of(app) if not is_alias(route)}


def is_alias(route: Route) -> bool:
    name = route.endpoint.removeprefix("dialects_")
    return name != route.endpoint and (name.startswith("bare_") or name.isdigit())


def needs_operator(route: Route) -> bool:
    return route.documentation.needs_operator


async def person(app: TestApp, role: Role, email: str | None = None) -> Headers:
    return await signed_in(app, await a_user(app, email or f"{role}@x.y", role))


async def client_secret(app: TestApp) -> str:
    order = await app.call("GET", f"/orders/{await app.order()}")
    return str(order.json["client_secret"])


async def revoked(app: TestApp) -> Headers:
    headers = await a_key(app, Role.OWNER)
    assert (await app.call("GET", "/orders", keys=headers)).status == 200
    key_id = await app.value("SELECT id FROM api_keys WHERE key = $1", headers["X-Api-Key"])
    assert (await app.call("DELETE", f"/keys/{key_id}")).status == 200
    return headers


async def ended(app: TestApp, user, column: str) -> Headers:  # type: ignore[no-untyped-def]
    headers = await signed_in(app, user)
    await app.rows(
        f"UPDATE sessions SET {column} = now() - interval '2 hours 1 second' "
        "WHERE created_at = (SELECT max(created_at) FROM sessions)"
    )
    return headers


async def switched_off(app: TestApp) -> Headers:
    user = await a_user(app, "off@x.y", Role.OWNER)
    headers = await signed_in(app, user)
    assert (await app.call("GET", "/orders", keys=headers)).status == 200
    off = await app.call("PATCH", f"/team/{user.id}", json={"is_active": False})
    assert off.status == 200
    return headers
