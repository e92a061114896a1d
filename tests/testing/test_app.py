"""The app of a test: payments, time, scenarios and webhooks."""

from __future__ import annotations

import socket
from datetime import UTC, datetime, timedelta

import pytest

from paygate import OperatorError
from paygate.testing import ApiError, FakeProcessor, PaygateApp, PaygateServer


async def test_a_payment_is_created_and_refunded(paygate_app: PaygateApp):
    order = await paygate_app.create_order(12_300, receipt="r-1")
    payment = await paygate_app.pay(order)
    refund = await paygate_app.refund(payment, 300)

    assert payment["status"] == "success"
    assert payment["amount"] == 12_300
    assert refund["status"] == "processed"
    assert (await paygate_app.payment(payment))["amount_refunded"] == 300
    assert (await paygate_app.order(order))["status"] == "paid"


async def test_held_money_is_captured_or_voided(paygate_app: PaygateApp):
    held = await paygate_app.pay(await paygate_app.create_order(capture="manual"))
    other = await paygate_app.pay(await paygate_app.create_order(capture="manual"), method="card")

    assert held["status"] == "authorized"
    assert (await paygate_app.capture(held, 10_000))["amount_captured"] == 10_000
    assert (await paygate_app.cancel(other))["status"] == "cancelled"


async def test_a_rejected_request_raises_the_error_of_the_app(paygate_app: PaygateApp):
    with pytest.raises(ApiError, match="amount must be at least 100") as refused:
        await paygate_app.create_order(1)

    assert (refused.value.status, refused.value.field) == (400, "amount")
    assert (await paygate_app.call("POST", "/orders", {"amount": 1})).status == 400


async def test_the_clock_moves_only_when_the_test_advances_it(
    paygate_app: PaygateApp, clock, scenario
):
    began = clock.now
    payment = await paygate_app.pay(scenario="approve_slowly")
    assert payment["status"] == "pending"

    paid = await paygate_app.until(payment, "success")

    assert clock.now > began
    assert paid["status"] == "success"
    stood = clock.now
    assert clock.now == stood
    assert await clock.advance(days=1) == stood + timedelta(days=1)
    assert await clock.set(datetime(2199, 1, 1, tzinfo=UTC)) == datetime(2199, 1, 1, tzinfo=UTC)


async def test_the_clock_is_advanced_until_an_event_has_happened(paygate_app: PaygateApp, clock):
    began = clock.now
    other = await paygate_app.pay()
    payment = await paygate_app.pay(scenario="approve_slowly")

    at = await clock.advance_until("payment.success", payment_id=payment["id"])

    assert at == clock.now
    assert timedelta(seconds=8) <= at - began < timedelta(seconds=20)
    assert (await paygate_app.payment(payment))["status"] == "success"
    # It has happened already.
    assert await clock.advance_until("payment.success", payment_id=other["id"]) == at


def test_the_clock_stops_at_an_event_of_a_refund(paygate_server: PaygateServer):
    payment = paygate_server.pay(scenario="refund_slow")
    refund = paygate_server.refund(payment, 100)
    began = paygate_server.clock.now

    at = paygate_server.clock.advance_until("refund.processed", amount=100)

    assert refund["status"] == "pending"
    assert timedelta(days=1) <= at - began < timedelta(days=2)


async def test_an_event_that_does_not_happen_fails_the_test(paygate_app: PaygateApp, clock):
    await paygate_app.pay()
    began = clock.now

    with pytest.raises(
        AssertionError, match=r"payment\.failed does not happen.*payment\.success \(1\)"
    ):
        await clock.advance_until("payment.failed", within=timedelta(days=1))
    with pytest.raises(ValueError, match=r"no event 'payment\.succes'; did you mean"):
        await clock.advance_until("payment.succes")
    assert clock.now - began <= timedelta(days=1)


async def test_a_status_that_is_not_reached_fails_the_test(paygate_app: PaygateApp):
    with paygate_app.use(FakeProcessor(decline="insufficient_funds")):
        payment = await paygate_app.pay()

        with pytest.raises(AssertionError, match=r"is failed \(insufficient_funds\) and not succ"):
            await paygate_app.until(payment, "success")


async def test_a_scenario_is_set_for_all_or_the_next_payments(paygate_app: PaygateApp, scenario):
    await scenario("late_success")
    scenario.next("insufficient_funds")

    first, second = await paygate_app.pay(), await paygate_app.pay()

    assert (first["scenario"], second["scenario"]) == ("insufficient_funds", "late_success")
    with pytest.raises(Exception, match="There is no scenario 'nope'"):
        scenario.next("nope")


async def test_webhooks_arrive_signed_and_are_expected_once(paygate_app: PaygateApp, webhook_inbox):
    payment = await paygate_app.pay()

    paid = await webhook_inbox.expect("payment.success", payment_id=payment["id"])

    assert paid.data["payment"]["id"] == payment["id"]
    assert paid.headers["webhook-signature"].startswith("v1,")
    with pytest.raises(
        AssertionError, match=r"did not arrive\. Webhooks that arrived.*\n.*\[ \].*created"
    ) as raised:
        await webhook_inbox.expect("payment.success")
    assert "[x]" in str(raised.value)
    await webhook_inbox.expect_in_order("payment.created", "payment.pending")
    await webhook_inbox.expect_none()


async def test_a_wrong_order_of_webhooks_fails_the_test(paygate_app: PaygateApp, webhook_inbox):
    await paygate_app.pay()

    with pytest.raises(AssertionError, match="not in the order payment"):
        await webhook_inbox.expect_in_order("payment.success", "payment.created")


async def test_a_refused_webhook_is_retried_on_the_clock_of_the_app(
    paygate_app: PaygateApp, webhook_inbox, clock
):
    await webhook_inbox.answer(503)
    began = clock.now
    await paygate_app.create_order()
    await paygate_app.pay()

    first = await webhook_inbox.expect("payment.created")
    with pytest.raises(AssertionError, match="did not arrive"):
        await webhook_inbox.expect("payment.created")
    again = await webhook_inbox.expect("payment.created", within=timedelta(hours=1))

    assert (first.status, again.status) == (503, 200)
    assert first.id == again.id
    assert clock.now - began >= timedelta(seconds=30)


async def test_a_webhook_with_an_invalid_signature_fails_the_test(paygate_app: PaygateApp):
    await paygate_app.pay()
    real = paygate_app.inbox.arrived[0]
    core = paygate_app.core.inbox

    forged = real.body.replace(b"50000", b"50001")
    answer = await paygate_app._loop.run_async(core.receive("", real.headers, forged))

    assert answer.status == 401
    with pytest.raises(AssertionError, match="invalid signature"):
        await paygate_app.inbox.expect("payment.never")


async def test_a_changed_secret_is_followed(paygate_app: PaygateApp, webhook_inbox):
    body = {"webhook_secret": "a-secret-of-the-test"}
    assert (await paygate_app.call("PATCH", "/merchant/webhook", body)).status == 200

    await paygate_app.pay()

    await webhook_inbox.expect("payment.success")


@pytest.mark.parametrize(
    "url",
    [
        "http://10.0.0.1/hook",
        "http://192.168.1.1/hook",
        "http://93.184.216.34/hook",
        "http://shop.example/hook",
    ],
)
async def test_no_other_machine_is_contacted(paygate_app: PaygateApp, monkeypatch, url):
    def nobody_asks(*_args: object, **_kwargs: object):
        raise AssertionError("a name was looked up")

    monkeypatch.setattr(socket, "getaddrinfo", nobody_asks)
    changed = await paygate_app.call("PATCH", "/merchant/webhook", {"webhook_url": url})
    await paygate_app.pay()
    log = (await paygate_app.call("GET", "/webhooks")).json["data"]

    refused_at_once = changed.status == 400
    assert refused_at_once or {row["status"] for row in log} == {"pending"}
    assert paygate_app.inbox.arrived == () or refused_at_once


def test_a_server_listens_on_this_machine(paygate_server: PaygateServer):
    import requests

    created = requests.post(
        f"{paygate_server.api_url}/orders",
        json={"amount": 700},
        headers=paygate_server.headers,
        timeout=10,
    )
    payment = paygate_server.pay(created.json()["id"])

    assert created.status_code == 201
    assert payment["amount"] == 700
    paygate_server.inbox.expect("payment.success", payment_id=payment["id"])
    paygate_server.clock.advance(seconds=30)
    with paygate_server.use(FakeProcessor(decline="limit_exceeded")) as fake:
        assert paygate_server.pay()["decline_code"] == "limit_exceeded"
    assert len(fake.calls) == 1


def test_two_apps_in_one_process_share_nothing(paygate_session):
    with paygate_session.app() as one, paygate_session.server() as other:
        loop = one._loop
        with one.use(FakeProcessor(decline="expired_instrument")):
            here, there = loop.run(_paid(one)), other.pay()

        assert (here["status"], there["status"]) == ("failed", "success")
        assert {each.field("payment_id") for each in one.inbox.arrived} == {here["id"]}
        assert {each.field("payment_id") for each in other.inbox.arrived} == {there["id"]}
        assert other.call("GET", f"/payments/{here['id']}").status == 404


async def _paid(app: PaygateApp):
    from paygate.testing import actions

    return await actions.pay(app.core)


class TestSettings:
    @pytest.fixture
    def paygate_settings(self):
        return {"TEST_PAYMENT_SUCCESS": "false"}

    async def test_settings_are_a_fixture(self, paygate_app: PaygateApp):
        assert (await paygate_app.pay())["status"] == "failed"


@pytest.mark.parametrize(
    ("name", "right"),
    [("TEST_PAYMENT_SUCESS", "TEST_PAYMENT_SUCCESS"), ("PAYGAT_SEED", "PAYGATE_SEED")],
)
def test_a_misspelt_setting_of_a_test_is_refused_with_the_nearest(paygate_session, name, right):
    with pytest.raises(OperatorError) as caught, paygate_session.app({name: "1"}):
        raise AssertionError("it started")

    assert str(caught.value) == f"{name}: nothing reads this setting. Did you mean {right}."


async def test_fields_of_the_order_are_used_for_a_new_order(paygate_app: PaygateApp):
    held = await paygate_app.pay(1_000, capture="manual", receipt="r-7", notes={"sku": "7"})

    order = await paygate_app.order(held["order_id"])
    assert (held["status"], held["vpa"]) == ("authorized", "asha@paytm")
    assert (order["receipt"], order["notes"]) == ("r-7", {"sku": "7"})


async def test_fields_of_the_order_are_refused_for_an_existing_order(paygate_app: PaygateApp):
    order = await paygate_app.create_order(1_000)

    with pytest.raises(TypeError, match="give capture, receipt to create_order"):
        await paygate_app.pay(order, capture="manual", receipt="r-7")


async def test_an_unknown_event_names_the_nearest(paygate_app: PaygateApp):
    await paygate_app.pay()

    with pytest.raises(AssertionError) as caught:
        await paygate_app.inbox.expect("payment.succeeded")

    assert str(caught.value).startswith(
        "paygate has no event 'payment.succeeded'; did you mean 'payment.success'?\n"
    )


async def test_an_unknown_status_names_the_nearest(paygate_app: PaygateApp):
    payment = await paygate_app.pay()

    with pytest.raises(ValueError, match="no status 'succes'; did you mean 'success'"):
        await paygate_app.until(payment, "succes")


@pytest.mark.parametrize(
    ("word", "hint"),
    [
        (
            "no_money",
            "'no_money' is not a decline code; the codes are declined, insufficient_funds, ",
        ),
        ("insufficient_fund", "did you mean 'insufficient_funds'? the codes are declined, "),
    ],
)
def test_an_unknown_decline_code_lists_all_codes(word: str, hint: str):
    with pytest.raises(ValueError, match="is not a decline code") as caught:
        FakeProcessor(decline=word)

    assert hint in str(caught.value)


async def test_an_app_has_a_short_repr(installed):
    """Python 3.11 describes what an asynchronous fixture returns, again and again."""
    assert len(repr(installed.app)) < 200
