"""Filters of lists."""

from __future__ import annotations

import pytest

from tests.harness.apps import TestApp


async def ids(app: TestApp, path: str, **query: str) -> set[str]:
    answer = await app.call("GET", path, query_string={"limit": "100", **query})
    assert answer.status == 200, answer
    found = {row["id"] for row in answer.json["data"]}
    assert answer.json["total"] == len(found)
    return found


async def test_payments_are_filtered_by_each_filter(app: TestApp):
    first = await app.order(receipt="Winter-100%_sale")
    second = await app.order(receipt="summer")
    a, b = await app.paid(order_id=first), await app.paid(order_id=second)
    await app.rows(
        """UPDATE payments SET vpa = 'asha_100%@paytm', card_last4 = '1111', method = 'upi',
        created_at = '2020-01-02T00:00:00Z' WHERE id = $1""",
        a,
    )
    await app.rows(
        "UPDATE payments SET status = 'processing', version = version + 1 WHERE id=$1", b
    )

    assert await ids(app, "/payments", status="pending") == {a, b}
    assert await ids(app, "/payments", status="success") == set()
    assert await ids(app, "/payments", method="upi") == {a}
    assert await ids(app, "/payments", order_id=second) == {b}
    assert await ids(app, "/payments", to="2020-01-03T00:00:00Z") == {a}
    assert await ids(app, "/payments", **{"from": "2020-01-03T00:00:00Z"}) == {b}
    for text in (a, a[:9], first, first[:12], "WINTER", "0%_s", "asha_", "100%@", "1111"):
        assert a in await ids(app, "/payments", q=text), text
    # A wildcard is a character like any other.
    for text in ("sh_", "sh%", "Winter_100", "a%m", "%", "_a", "111", "\\", "'; DROP TABLE x"):
        assert b not in await ids(app, "/payments", q=text), text
    assert await ids(app, "/payments", q="W_nter") == set()


async def test_orders_and_refunds_are_filtered_by_each_filter(app: TestApp):
    first, second = await app.order(receipt="Winter"), await app.order()
    payment = await app.paid(order_id=first)
    async with app.working():
        await app.until(payment, "success")
    refund = await app.call("POST", f"/payments/{payment}/refunds", json={"amount": 100})

    assert await ids(app, "/orders", status="paid") == {first}
    assert await ids(app, "/orders", q="winT") == {first}
    assert await ids(app, "/orders", q=second[:14]) == {second}
    assert await ids(app, "/orders", to="2001-01-01T00:00:00+05:30") == set()
    assert await ids(app, "/refunds", status="pending") == {refund.json["id"]}
    assert await ids(app, "/refunds", status="failed") == set()
    assert await ids(app, "/refunds", payment_id=payment) == {refund.json["id"]}
    assert await ids(app, "/refunds", payment_id="pay_other") == set()


async def test_events_are_filtered_and_are_those_of_webhooks_and_of_the_stream(app: TestApp):
    await app.webhook_url()
    before = await app.paid()
    async with app.working():
        await app.until(before, "success")
        await app.call("POST", "/test/clock/advance", json={"seconds": 60})
        at = (await app.call("GET", "/test/clock")).json["now"]
        payment = await app.paid()
        await app.until(payment, "success")
        await app.call("POST", f"/payments/{payment}/refunds", json={"amount": 100})
    everything = await ids(app, "/events")
    of_payment = await ids(app, "/events", payment_id=payment)

    assert (
        of_payment
        == await ids(app, "/events", **{"from": at})
        == everything - (await ids(app, "/events", to=at))
    )
    some = {"payment.success", "refund.created"}
    found = await ids(app, "/events", type=",".join(some), payment_id=payment)
    listed = (await app.call("GET", "/events?limit=100")).json["data"]
    assert found == {row["id"] for row in listed if row["type"] in some} & of_payment
    assert await ids(app, "/events", type="payment.nonsense") == set()
    fed = await app.rows("SELECT id, type, payload::text AS body FROM events ORDER BY position")
    assert [row["id"] for row in listed] == [row["id"] for row in fed][::-1]
    for delivery in (await app.call("GET", "/webhooks?limit=100")).json["data"]:
        sent = (await app.call("GET", f"/webhooks/{delivery['id']}")).json
        event = (await app.call("GET", f"/events/{sent['event_id']}")).json
        assert event in listed
        assert (event["type"], event["payment_id"], event["payload"]) == (
            sent["event"],
            sent["payment_id"],
            sent["payload"],
        )


@pytest.mark.parametrize(
    ("path", "query", "field"),
    [
        ("/payments", {"status": "paid"}, "status"),
        ("/payments", {"from": "yesterday"}, "from"),
        ("/payments", {"to": "2026-01-01T00:00:00"}, "to"),
        ("/payments", {"from": "0001-01-01T00:00:00+23:59"}, "from"),
        ("/payments", {"q": "x" * 256}, "q"),
        ("/payments", {"q": "a\0b"}, "q"),
        ("/payments", {"order_id": "x" * 65}, "order_id"),
        ("/payments", {"method": "\0"}, "method"),
        ("/payments", {"method": "x" * 21}, "method"),
        ("/orders", {"status": "success"}, "status"),
        ("/refunds", {"payment_id": "\0"}, "payment_id"),
        ("/refunds", {"status": "done"}, "status"),
        ("/events", {"type": "a,,b"}, "type"),
        ("/events", {"type": "x" * 51}, "type"),
        ("/events", {"type": ",".join(["payment.success"] * 21)}, "type"),
        ("/events", {"type": "a\0b"}, "type"),
        ("/events", {"payment_id": "x" * 65}, "payment_id"),
        ("/overview", {"hours": "0"}, "hours"),
        ("/overview", {"hours": "721"}, "hours"),
        ("/overview", {"hours": "٣"}, "hours"),
    ],
)
async def test_an_invalid_filter_names_the_field(app: TestApp, path, query, field):
    answer = await app.call("GET", path, query_string=query)

    assert (answer.status, answer.json["error"]["field"]) == (400, field)


async def test_a_list_without_parameters_is_an_array(app: TestApp):
    await app.paid()

    assert isinstance((await app.call("GET", "/payments")).json, list)
    assert isinstance((await app.call("GET", "/payments?status=")).json, dict)


async def test_a_too_large_limit_is_reduced_and_reported(app: TestApp):
    for path in ("/orders", "/payments", "/refunds", "/events", "/webhooks"):
        answer = await app.call("GET", f"{path}?limit=1000&offset=0")
        assert (answer.status, answer.json["limit"]) == (200, 100)
