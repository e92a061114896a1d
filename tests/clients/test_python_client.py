"""The Python client with a real gateway."""

from __future__ import annotations

import asyncio
from itertools import islice
from typing import Any

import pytest

from paygate.testing import FakeProcessor, PaygateServer
from paygate_client import (
    AsyncPaygateClient,
    AuthenticationError,
    BadRequestError,
    ConnectionFailedError,
    IdempotencyKeyReusedError,
    NotFoundError,
    PaygateClient,
    RetryPolicy,
    verify_legacy_webhook,
    verify_webhook,
)
from tests.clients.lossy import LossyProxy

UPI = {"method": "upi", "vpa": "asha@okaxis"}
CARD = {"number": "4111 1111 1111 1111", "expiry_month": 12, "expiry_year": 2035, "cvv": "123"}
QUICK = RetryPolicy(first_pause_s=0.01)
PAYMENTS = "POST /api/v1/payments"
REFUNDS = "POST /api/v1/refunds"


def keys(server: PaygateServer) -> tuple[str, str]:
    return server.api_key, server.api_secret


def test_a_payment_from_the_order_to_the_refund(
    client: PaygateClient, paygate_server: PaygateServer
):
    order = client.orders.create(amount=50_000, receipt="tea-1", notes={"sku": "tea"})
    created = client.payments.create(order_id=order.id, **UPI)
    paygate_server.quiet()
    payment = client.payments.get(created.id)
    refund = client.refunds.create(payment_id=payment.id, amount=20_000, reason="one cup broke")
    paygate_server.clock.advance(minutes=1)

    assert (created.status, payment.status, payment.vpa) == ("pending", "success", "asha@okaxis")
    assert (payment.amount, payment.amount_captured) == (50_000, 50_000)
    assert client.orders.get(order.id).status == "paid"
    assert client.refunds.get(refund.id).status == "processed"
    assert client.payments.get(payment.id).amount_refunded == 20_000
    assert [each.id for each in client.refunds.list(payment_id=payment.id)] == [refund.id]
    assert [each.id for each in client.payments.refunds(payment.id)] == [refund.id]
    assert [each.id for each in client.payments.iterate_refunds(payment.id)] == [refund.id]
    entries = client.payments.timeline(payment.id).data
    assert {"transition", "plugin_call", "event"} <= {each.kind for each in entries}


def test_a_card_is_held_captured_and_released(client: PaygateClient, paygate_server: PaygateServer):
    held = []
    for _ in range(2):
        order = client.orders.create(amount=50_000, capture="manual")
        held.append(client.payments.create(order_id=order.id, method="card", card=CARD).id)
    paygate_server.quiet()
    client.payments.capture(held[0], amount=30_000)
    client.payments.cancel(held[1])
    paygate_server.quiet()
    captured, released = (client.payments.get(each) for each in held)

    assert (captured.status, captured.amount_captured) == ("success", 30_000)
    assert (captured.card_network, captured.card_last4) == ("visa", "1111")
    assert released.status == "cancelled"


def test_a_decline_is_no_error(client: PaygateClient, paygate_server: PaygateServer):
    with paygate_server.use(FakeProcessor(decline="insufficient_funds")):
        order = client.orders.create(amount=50_000)
        payment = client.payments.create(order_id=order.id, **UPI)

    assert client.payments.get(payment.id).decline_code == "insufficient_funds"


def test_errors_of_the_server_have_their_classes(
    client: PaygateClient, paygate_server: PaygateServer
):
    with pytest.raises(BadRequestError, match="at least 100") as small:
        client.orders.create(amount=99)
    with pytest.raises(BadRequestError, match="must be an integer"):
        client.orders.create(amount=500.0)  # type: ignore[arg-type]  # refused at run time too
    with pytest.raises(NotFoundError):
        client.payments.get("pay_0000000000000000")
    client.orders.create(amount=500, idempotency_key="sale-1")
    with pytest.raises(IdempotencyKeyReusedError):
        client.orders.create(amount=501, idempotency_key="sale-1")
    with (
        PaygateClient("key_wrong", "secret_wrong", base_url=paygate_server.url) as stranger,
        pytest.raises(AuthenticationError),
    ):
        stranger.orders.list()

    assert (small.value.code, small.value.field) == ("BAD_REQUEST_ERROR", "amount")


def test_all_orders_are_read_page_by_page(client: PaygateClient):
    made = [client.orders.create(amount=100 + number).id for number in range(3)]
    first = client.orders.list(limit=2)
    second = client.orders.list(limit=2, cursor=first.next_cursor)

    # They have the same time, so their order is that of their ids.
    assert sorted(each.id for each in (*first, *second)) == sorted(made)
    assert (len(first), first.total, second.next_cursor) == (2, 3, None)
    assert sorted(each.id for each in client.orders.iterate()) == sorted(made)


@pytest.mark.parametrize("is_async", [False, True], ids=["blocking", "awaited"])
def test_a_lost_response_ends_in_one_payment_and_one_refund(
    paygate_server: PaygateServer, proxy: LossyProxy, is_async: bool
):
    """The payment was created; the connection closed before its response."""
    proxy.lost += [PAYMENTS, PAYMENTS, REFUNDS]
    order_id = paygate_server.create_order(50_000)["id"]

    if is_async:
        payment_id = asyncio.run(pay_and_refund(proxy.url, paygate_server, order_id))
    else:
        with PaygateClient(*keys(paygate_server), base_url=proxy.url, retry=QUICK) as client:
            payment_id = client.payments.create(order_id=order_id, **UPI).id
            paygate_server.quiet()
            client.refunds.create(payment_id=payment_id, amount=100)

    (first, _), *others = proxy.of(PAYMENTS)
    assert proxy.of(PAYMENTS) == [(first, 201)] * 3
    assert first
    assert len(others) == 2
    assert [status for _, status in proxy.of(REFUNDS)] == [201, 201]
    payments = paygate_server.call("GET", f"/payments?limit=10&order_id={order_id}").json["data"]
    refunds = paygate_server.call("GET", "/refunds?limit=10").json["data"]
    assert [each["id"] for each in payments] == [payment_id]
    assert [each["amount"] for each in refunds] == [100]


async def pay_and_refund(url: str, server: PaygateServer, order_id: str) -> str:
    async with AsyncPaygateClient(*keys(server), base_url=url, retry=QUICK) as client:
        payment = await client.payments.create(order_id=order_id, **UPI)
        await asyncio.to_thread(server.quiet)
        await client.refunds.create(payment_id=payment.id, amount=100)
        return payment.id


def test_a_lost_response_without_a_key_is_reported(
    paygate_server: PaygateServer, proxy: LossyProxy
):
    """A second endpoint would be created, and the secret of the first is lost."""
    proxy.lost.append("POST /api/v1/webhook-endpoints")

    with (
        PaygateClient(*keys(paygate_server), base_url=proxy.url, retry=QUICK) as client,
        pytest.raises(ConnectionFailedError),
    ):
        client.webhooks.endpoints.create(url="https://shop.example/hook")
    assert len(proxy.seen) == 1


def test_webhooks_are_verified_with_both_kinds_of_signatures(
    client: PaygateClient, paygate_server: PaygateServer
):
    payment = paygate_server.pay(50_000)
    paygate_server.refund(payment, 100)
    paid = paygate_server.inbox.expect("payment.success")
    refunded = paygate_server.inbox.expect("refund.created")
    secret = client.webhooks.get().webhook_secret

    assert secret == paygate_server.webhook_secret
    for verify in (verify_webhook, verify_legacy_webhook):
        event = verify(paid.body, paid.headers, secret)
        assert (event.id, event.type) == (paid.id, "payment.success")
        assert event.payment is not None
        assert (event.payment.id, event.payment.amount) == (payment["id"], 50_000)
        about = verify(refunded.body, refunded.headers, secret).refund
        assert about is not None
        assert about.amount == 100


def test_endpoints_and_deliveries_are_managed(client: PaygateClient, paygate_server: PaygateServer):
    endpoints, deliveries = client.webhooks.endpoints, client.webhooks.deliveries
    made = endpoints.create(url=paygate_server.inbox.url, events=["payment.*"], description="books")
    renewed = endpoints.rotate_secret(made.id)
    changed = endpoints.update(made.id, events=["payment.success"], description=None)
    tested = endpoints.send_test(made.id)
    paygate_server.quiet()
    delivery = deliveries.get(tested.delivery_id)
    deliveries.retry(delivery.id)
    resent = deliveries.resend(since=delivery.created_at, statuses=["pending"], dry_run=True)
    states = [endpoints.disable(made.id).is_enabled, endpoints.enable(made.id).is_enabled]
    listed = [each.id for each in endpoints.list().data]
    endpoints.delete(made.id)

    assert made.secret != renewed.secret
    assert (changed.events, changed.description) == (["payment.success"], None)
    assert (delivery.event, delivery.endpoint.id) == ("webhook.test", made.id)
    assert (resent.dry_run, resent.resent) == (True, 0)
    assert states == [False, True]
    assert listed[1:] == [made.id]
    with pytest.raises(NotFoundError):
        endpoints.get(made.id)


def test_the_default_endpoint_is_managed(client: PaygateClient, paygate_server: PaygateServer):
    before = client.webhooks.get()
    sent = client.webhooks.send_test()
    paygate_server.quiet()
    rotated = client.webhooks.rotate_secret()
    cleared = client.webhooks.update(webhook_url=None)

    assert client.webhooks.deliveries.get(sent.id).event == "webhook.test"
    assert rotated.webhook_secret not in {None, before.webhook_secret}
    assert (before.webhook_url, cleared.webhook_url) == (paygate_server.inbox.url, None)


def test_events_are_followed_from_the_first(client: PaygateClient, paygate_server: PaygateServer):
    payment = paygate_server.pay(50_000)

    found = list(islice(client.events.follow("0"), 3))
    [last] = islice(client.events.follow(found[1].cursor), 1)

    assert [each.type for each in found] == [
        "payment.created",
        "payment.pending",
        "payment.success",
    ]
    assert last == found[2]
    assert last.id == paygate_server.inbox.expect("payment.success").id
    assert last.payment is not None
    assert (last.payment.id, last.payment.status) == (payment["id"], "success")
    past = list(client.events.iterate(payment_id=payment["id"]))
    assert [each.id for each in past] == [each.id for each in reversed(found)]
    assert client.events.get(last.id).payload == last.raw


def test_the_async_client_reads_the_same(paygate_server: PaygateServer):
    payment = paygate_server.pay(50_000)

    async def read() -> dict[str, Any]:
        async with AsyncPaygateClient(*keys(paygate_server), base_url=paygate_server.url) as client:
            listed = [each.id async for each in client.payments.iterate(status="success")]
            async for event in client.events.follow("0"):
                if event.type == "payment.success":
                    break
            shown = await client.payments.get(payment["id"])
            return {"listed": listed, "followed": event.payment, "shown": shown}

    found = asyncio.run(read())

    assert found["listed"] == [payment["id"]]
    assert found["followed"].id == found["shown"].id == payment["id"]
