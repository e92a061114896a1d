"""Payment links: created by a merchant, paid once by a shopper, and ended by time or on request."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from paygate.core.accounts.model import Role
from paygate.core.payments.links import report_expired_links
from tests.harness.apps import Answer, TestApp
from tests.harness.people import a_key
from tests.scenarios.test_order_lock import locked, until_one_waits

LINK = {"amount": 50_000, "description": "Two cups of tea"}
ENDED = {"code": "BAD_REQUEST_ERROR", "reason": "payment_link_ended"}
CANCELLED = {**ENDED, "description": "Payment link was cancelled"}
EXPIRED = {**ENDED, "description": "Payment link has expired"}


async def a_link(app: TestApp, **fields: Any) -> Any:
    answer = await app.call("POST", "/payment-links", json={**LINK, **fields})
    assert answer.status == 201, answer
    return answer.json


async def shown(app: TestApp, link: Any) -> Any:
    return (await app.call("GET", f"/payment-links/{link['id']}")).json


async def cancel(app: TestApp, link: Any, **more: Any) -> Answer:
    return await app.call("POST", f"/payment-links/{link['id']}/cancel", **more)


async def pay(app: TestApp, link: Any) -> Answer:
    """Pay as the page at the link's address does."""
    address = urlsplit(link["url"])
    [order], [secret] = (
        parse_qs(address.query)["order_id"],
        parse_qs(address.fragment)["client_secret"],
    )
    body = {"order_id": order, "method": "coin", "client_secret": secret}
    return await app.call("POST", "/payments/public", keys={}, json=body)


async def stop_clock(app: TestApp, at: str) -> None:
    assert (await app.call("POST", "/test/clock/set", json={"at": at})).status == 200


async def test_a_link_shows_what_was_asked_and_where_to_pay(app: TestApp):
    asked = {
        "currency": "INR",
        "receipt": "receipt_7",
        "notes": {"table": 4},
        "expires_at": "2090-01-01T05:30:00+05:30",
    }
    link = await a_link(app, **asked)

    assert link["id"].startswith("plink_")
    wanted = {**LINK, **asked, "expires_at": "2090-01-01T00:00:00.000Z", "status": "created"}
    assert {name: link[name] for name in wanted} == wanted
    assert (link["payment_in_progress"], link["cancelled_at"]) == (False, None)
    address = urlsplit(link["url"])
    assert f"{address.scheme}://{address.netloc}" == app.app.settings.api_origin
    assert (address.path, address.query) == ("/checkout", f"order_id={link['order_id']}")
    assert await shown(app, link) == link


async def test_a_link_is_paid_once(app: TestApp):
    link = await a_link(app)
    first = await pay(app, link)
    started = await shown(app, link)
    second = await pay(app, link)
    async with app.working():
        await app.until(first.json["id"], "success")
    third = await pay(app, link)

    assert (first.status, started["status"], started["payment_in_progress"]) == (
        201,
        "created",
        True,
    )
    assert {each.status for each in (second, third)} == {400}
    assert third.json["error"]["description"] == "Order already paid"
    paid = await shown(app, link)
    assert (paid["status"], paid["payment_in_progress"]) == ("paid", False)
    assert await app.value("SELECT count(*) FROM payments") == 1


async def test_a_cancelled_link_begins_no_payment(app: TestApp):
    link = await a_link(app)
    answer = await cancel(app, link)

    assert (answer.status, answer.json["status"]) == (200, "cancelled")
    assert answer.json["cancelled_at"] is not None
    for refused in (await pay(app, link), await app.pay(link["order_id"])):
        assert (refused.status, refused.json["error"]) == (400, CANCELLED)
    assert await app.value("SELECT count(*) FROM payments") == 0


async def test_a_link_that_has_expired_begins_no_payment(app: TestApp):
    link = await a_link(app, expires_at="2090-01-01T00:00:00Z")
    await stop_clock(app, "2090-01-01T00:00:00Z")

    refused = await pay(app, link)
    assert (refused.status, refused.json["error"]) == (400, EXPIRED)
    assert (await shown(app, link))["status"] == "expired"
    late = await cancel(app, link)
    assert (late.status, late.json["error"]) == (400, EXPIRED)


@pytest.mark.parametrize("ends", ["cancelled", "expired"])
async def test_a_payment_that_began_before_the_end_may_pay_the_link(app: TestApp, ends: str):
    link = await a_link(app, expires_at="2090-01-01T00:00:00Z")
    payment = (await pay(app, link)).json["id"]
    if ends == "cancelled":
        assert (await cancel(app, link)).json["payment_in_progress"] is True
    else:
        await stop_clock(app, "2090-01-01T00:00:00Z")
    waiting = await shown(app, link)
    async with app.working():
        await app.until(payment, "success")

    assert (waiting["status"], waiting["payment_in_progress"]) == (ends, True)
    paid = await shown(app, link)
    assert (paid["status"], paid["payment_in_progress"]) == ("paid", False)


async def test_a_paid_link_cannot_be_cancelled(app: TestApp):
    link = await a_link(app)
    async with app.working():
        await app.until((await pay(app, link)).json["id"], "success")
    answer = await cancel(app, link)

    assert (answer.status, answer.json["error"]) == (
        400,
        {**ENDED, "description": "Payment link is already paid"},
    )
    assert (await shown(app, link))["cancelled_at"] is None


async def test_cancelling_twice_changes_nothing(app: TestApp):
    link = await a_link(app)
    first, second = await cancel(app, link), await cancel(app, link)

    assert (second.status, second.json) == (200, first.json)


async def test_a_repeated_request_creates_one_link(app: TestApp):
    headers = {"Idempotency-Key": "link-1"}
    first = await app.call("POST", "/payment-links", json=LINK, headers=headers)
    second = await app.call("POST", "/payment-links", json=LINK, headers=headers)

    assert (second.status, second.body) == (201, first.body)
    assert await app.value("SELECT count(*) FROM orders") == 1


@pytest.mark.parametrize(
    ("fields", "field", "message"),
    [
        ({"amount": 99}, "amount", "amount must be at least 100"),
        ({"description": "x" * 256}, "description", "description must be at most 255 characters"),
        ({"description": 5}, "description", "description must be a string"),
        ({"expires_at": "2020-01-01T00:00:00Z"}, "expires_at", "expires_at must be in the future"),
        (
            {"expires_at": "tomorrow"},
            "expires_at",
            "expires_at must be a time with its zone, such as 2026-01-01T00:00:00Z",
        ),
        ({"status": "paid"}, "status", "status cannot be set"),
    ],
)
async def test_a_wrong_field_is_named(
    app: TestApp, fields: dict[str, Any], field: str, message: str
):
    answer = await app.call("POST", "/payment-links", json={**LINK, **fields})

    assert answer.status == 400
    assert (answer.json["error"]["field"], answer.json["error"]["description"]) == (field, message)
    assert await app.value("SELECT count(*) FROM orders") == 0


async def test_links_are_listed_by_status(app: TestApp):
    links = {
        "created": await a_link(app),
        "expired": await a_link(app, expires_at="2090-01-01T00:00:00Z"),
        "cancelled": await a_link(app, expires_at="2090-01-01T00:00:00Z"),
        "paid": await a_link(app, expires_at="2090-01-01T00:00:00Z"),
    }
    await app.order()
    await cancel(app, links["cancelled"])
    async with app.working():
        await app.until((await pay(app, links["paid"])).json["id"], "success")
    await stop_clock(app, "2090-01-01T00:00:00Z")

    for status, link in links.items():
        listed = (await app.call("GET", f"/payment-links?status={status}")).json
        assert [(each["id"], each["status"]) for each in listed["data"]] == [(link["id"], status)]
    whole = (await app.call("GET", "/payment-links")).json
    assert {each["id"] for each in whole["data"]} == {each["id"] for each in links.values()}
    assert whole["total"] == len(links)


@pytest.mark.parametrize("role", [Role.READ_ONLY, Role.SUPPORT])
async def test_only_roles_that_may_create_payments_see_the_address(app: TestApp, role: Role):
    link = await a_link(app)
    keys = await a_key(app, role)
    one = await app.call("GET", f"/payment-links/{link['id']}", keys=keys)
    every = await app.call("GET", "/payment-links", keys=keys)

    assert [each["url"] for each in (one.json, *every.json["data"])] == [None, None]
    for answer in (one, every):
        assert b"_secret_" not in answer.body


async def test_a_shopper_sees_the_description_and_the_status(app: TestApp):
    link = await a_link(app)
    before = (await app.call("GET", f"/orders/{link['order_id']}/public", keys={})).json
    await cancel(app, link)
    after = (await app.call("GET", f"/orders/{link['order_id']}/public", keys={})).json

    seen = {"status": "created", "description": "Two cups of tea", "expires_at": None}
    assert before["payment_link"] == seen
    assert after["payment_link"] == {**seen, "status": "cancelled"}


async def test_an_order_without_a_link_shows_none(app: TestApp):
    public = (await app.call("GET", f"/orders/{await app.order()}/public", keys={})).json

    assert set(public) == {"id", "amount", "currency", "status"}


async def test_another_merchants_link_is_not_found(app: TestApp):
    link = await a_link(app)
    made = (await app.call("POST", "/test/namespaces", keys=None)).json
    stranger = {"X-Api-Key": made["api_key"], "X-Api-Secret": made["api_secret"]}
    path = f"/payment-links/{link['id']}"
    seen = await app.call("GET", path, keys=stranger)
    ended = await app.call("POST", f"{path}/cancel", keys=stranger)
    listed = await app.call("GET", "/payment-links", keys=stranger)

    for answer in (seen, ended):
        assert (answer.status, answer.json["error"]["reason"]) == (404, "payment_link_not_found")
    assert listed.json["data"] == []
    assert (await shown(app, link))["status"] == "created"


async def test_a_payment_waits_for_the_cancelling_of_its_link(app: TestApp):
    link = await a_link(app)
    async with locked(app.database_url, link["order_id"]) as holder:
        paying = asyncio.create_task(pay(app, link))
        await until_one_waits(holder)
        await holder.execute(
            "UPDATE orders SET link_cancelled_at = now() WHERE id = $1", link["order_id"]
        )
    answer = await paying

    assert (answer.status, answer.json["error"]) == (400, CANCELLED)
    assert await app.value("SELECT count(*) FROM payments") == 0


async def test_cancelling_waits_for_a_payment_of_the_link(app: TestApp):
    link = await a_link(app)
    async with locked(app.database_url, link["order_id"]) as holder:
        cancelling = asyncio.create_task(cancel(app, link))
        await until_one_waits(holder)
        await holder.execute("UPDATE orders SET status = 'paid' WHERE id = $1", link["order_id"])
    answer = await cancelling

    assert (answer.status, answer.json["error"]["description"]) == (
        400,
        "Payment link is already paid",
    )
    assert (await shown(app, link))["cancelled_at"] is None


async def test_concurrent_cancelling_and_paying_agree_on_which_was_first(app: TestApp):
    for _ in range(20):
        link = await a_link(app)
        ended, *paid = await asyncio.gather(
            cancel(app, link), pay(app, link), app.pay(link["order_id"]), pay(app, link)
        )
        begun = [each for each in paid if each.status == 201]
        refused = [each.json["error"] for each in paid if each.status != 201]

        assert (ended.status, ended.json["status"]) == (200, "cancelled")
        # A payment that began did so before the link was cancelled, and its answer says so.
        assert ended.json["payment_in_progress"] == bool(begun)
        assert len(begun) <= 1
        in_progress = "Payment already in progress for this order"
        assert {each["description"] for each in refused} <= {CANCELLED["description"], in_progress}
        stored = "SELECT count(*) FROM payments WHERE order_id = $1"
        assert await app.value(stored, link["order_id"]) == len(begun)


async def test_a_link_with_a_payment_in_progress_is_not_cancelled_if_that_is_refused(app: TestApp):
    link = await a_link(app)
    begun = await pay(app, link)
    refused = await cancel(app, link, json={"if_unused": True})

    assert (begun.status, refused.status) == (201, 400)
    assert refused.json["error"]["reason"] == "payment_link_in_use"
    assert (await shown(app, link))["status"] == "created"


async def test_of_cancelling_an_unused_link_and_paying_it_exactly_one_happens(app: TestApp):
    for _ in range(20):
        link = await a_link(app)
        ended, paid = await asyncio.gather(
            cancel(app, link, json={"if_unused": True}), pay(app, link)
        )

        assert {ended.status, paid.status} in ({200, 400}, {201, 400})
        status = "cancelled" if ended.status == 200 else "created"
        assert (await shown(app, link))["status"] == status


async def events_of(app: TestApp, *types: str) -> list[Any]:
    """Return the link of each event of these types, the oldest first."""
    listed = await app.call("GET", f"/events?limit=100&type={','.join(types)}")
    return [row["payload"]["data"]["payment_link"] for row in reversed(listed.json["data"])]


async def test_the_payment_of_a_link_has_one_event_more(app: TestApp):
    await app.webhook_url()
    link, plain = await a_link(app), await app.paid()
    payment = (await pay(app, link)).json["id"]
    async with app.working():
        await app.until(payment, "success")
        await app.until(plain, "success")

    types = [
        row["type"] for row in (await app.call("GET", f"/events?payment_id={payment}")).json["data"]
    ]
    assert types[:2] == ["payment_link.paid", "payment.success"]
    shown = {"id": link["id"], "order_id": link["order_id"], "status": "paid"}
    assert await events_of(app, "payment_link.paid") == [shown]
    numbers = "SELECT array_agg(seq ORDER BY seq) FROM events WHERE payment_id = $1"
    assert await app.value(numbers, payment) == [1, 2, 3, 4]
    sent = await app.call("GET", "/webhooks?limit=10&event=payment_link.paid")
    assert sent.json["total"] == 1


async def test_the_end_of_a_link_has_one_event(app: TestApp):
    await stop_clock(app, "2040-01-01T00:00:00Z")
    await app.webhook_url()
    ends = {"expires_at": "2040-01-01T01:00:00Z"}
    cancelled, paid, left = [await a_link(app, **ends) for _ in range(3)]
    endless = await a_link(app)
    payment = (await pay(app, paid)).json["id"]
    for _ in range(2):
        await app.call("POST", f"/payment-links/{cancelled['id']}/cancel")
    async with app.working():
        await app.until(payment, "success")
        assert await events_of(app, "payment_link.expired") == []
        advanced = await app.call("POST", "/test/clock/advance", json={"seconds": 7200})
        assert advanced.json["idle"], advanced

    [of_left] = await events_of(app, "payment_link.expired")
    assert (of_left["id"], of_left["status"]) == (left["id"], "expired")
    assert of_left["payment_in_progress"] is False
    assert {name: of_left[name] for name in ("amount", "expires_at", "description")} == {
        name: left[name] for name in ("amount", "expires_at", "description")
    }
    assert "url" not in of_left
    [of_cancelled] = await events_of(app, "payment_link.cancelled")
    assert (of_cancelled["id"], of_cancelled["status"]) == (cancelled["id"], "cancelled")
    ended = await app.rows("SELECT created_at FROM events WHERE type = 'payment_link.expired'")
    assert [row["created_at"].isoformat() for row in ended] == ["2040-01-01T01:00:00+00:00"]
    for type in ("payment_link.expired", "payment_link.cancelled"):
        assert (await app.call("GET", f"/webhooks?limit=10&event={type}")).json["total"] == 1
    assert (await shown(app, endless))["status"] == "created"


async def test_of_several_workers_one_reports_the_end_of_a_link(app: TestApp):
    await stop_clock(app, "2040-01-01T00:00:00Z")
    for _ in range(5):
        await a_link(app, expires_at="2040-01-01T01:00:00Z")
    await stop_clock(app, "2040-01-01T02:00:00Z")
    await asyncio.gather(*(report_expired_links(app.app.deps) for _ in range(4)))

    assert len(await events_of(app, "payment_link.expired")) == 5
    await report_expired_links(app.app.deps)
    assert len(await events_of(app, "payment_link.expired")) == 5
