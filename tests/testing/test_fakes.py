"""Fake plugin objects that are used for a block."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from paygate import (
    Approved,
    AuthorizeRequest,
    CallContext,
    Capabilities,
    Declined,
    DeliveryResult,
    Money,
    NotSentError,
    Outcome,
    Pending,
    PluginContractError,
    PluginInfo,
    Unknown,
)
from paygate.testing import (
    FakeMethod,
    FakeProcessor,
    FakeSink,
    PaygateApp,
    ScriptExhaustedError,
    approve,
)


async def test_a_decline_is_applied_and_the_call_is_recorded(paygate_app: PaygateApp):
    with paygate_app.use(FakeProcessor(decline="insufficient_funds")) as fake:
        payment = await paygate_app.pay(4_200)

    assert (payment["status"], payment["decline_code"]) == ("failed", "insufficient_funds")
    (call,) = fake.calls
    assert (call.what, call.payment_id) == ("authorize", payment["id"])
    assert call.amount == Money(4_200, "INR")
    assert isinstance(call.answer, Declined)


async def test_an_override_ends_with_its_block(paygate_app: PaygateApp):
    with paygate_app.use(FakeProcessor(decline="declined")) as fake:
        pass

    assert (await paygate_app.pay())["status"] == "success"
    assert fake.calls == []


async def test_an_override_ends_after_an_exception(paygate_app: PaygateApp):
    with pytest.raises(ZeroDivisionError), paygate_app.use(FakeProcessor(decline="declined")):
        raise ZeroDivisionError

    assert (await paygate_app.pay())["status"] == "success"


async def test_overrides_are_nested(paygate_app: PaygateApp):
    codes = []
    async with paygate_app.use(FakeProcessor(decline="declined")):
        async with paygate_app.use(FakeProcessor(decline="limit_exceeded")):
            codes.append((await paygate_app.pay())["decline_code"])
        codes.append((await paygate_app.pay())["decline_code"])
    codes.append((await paygate_app.pay())["decline_code"])

    assert codes == ["limit_exceeded", "declined", None]


async def test_a_script_is_played_in_order(paygate_app: PaygateApp, clock):
    script = [Unknown("the line was cut"), lambda request, _: Approved("r-1", request.amount)]
    began = clock.now
    with paygate_app.use(FakeProcessor(answers=script)) as fake:
        payment = await paygate_app.pay()
        assert payment["substatus"] == "unknown"
        paid = await paygate_app.until(payment, "success")

    assert paid["status"] == "success"
    assert [call.what for call in fake.calls] == ["authorize", "query"]
    assert clock.now > began


async def test_a_callable_may_be_awaited(paygate_app: PaygateApp):
    async def slowly(request: AuthorizeRequest, context: CallContext) -> Outcome:
        await asyncio.sleep(0.01)
        return approve(request, context)

    with paygate_app.use(FakeProcessor(answers=slowly)):
        assert (await paygate_app.pay())["status"] == "success"


async def test_a_not_sent_error_is_retried(paygate_app: PaygateApp):
    with paygate_app.use(FakeProcessor(answers=[NotSentError("no route"), approve])) as fake:
        payment = await paygate_app.until(await paygate_app.pay(), "success")

    assert payment["status"] == "success"
    assert [call.what for call in fake.calls] == ["authorize", "authorize"]


async def test_a_pending_fake_uses_the_clock_of_the_app(paygate_app: PaygateApp, clock):
    wait, began = timedelta(hours=5), clock.now
    with paygate_app.use(FakeProcessor(answers=[Pending(resolve_after=wait), approve])):
        await paygate_app.until(await paygate_app.pay(), "success")

    assert clock.now - began >= wait


async def test_an_exhausted_script_fails_the_test(paygate_app: PaygateApp):
    fake = FakeProcessor(answers=[Declined("declined")])
    sentence = r"asked to authorize 500.00 INR of pay_\w+, and its script for charges has no "
    with paygate_app.use(fake):
        await paygate_app.pay()
        with pytest.raises(ScriptExhaustedError, match=sentence) as raised:
            await paygate_app.pay()
        fake.problems.clear()

    assert "It had 1:\n  1. Declined" in str(raised.value)


async def test_an_exhausted_script_fails_at_the_end_of_the_block(paygate_app: PaygateApp):
    order = await paygate_app.create_order()
    body = {"order_id": order["id"], "method": "upi", "vpa": "a@b"}
    with pytest.raises(ScriptExhaustedError), paygate_app.use(FakeProcessor(answers=[])):
        await paygate_app.call("POST", "/payments", body)


async def test_refunds_captures_and_voids_have_scripts(paygate_app: PaygateApp):
    fake = FakeProcessor(refunds=[Declined("blocked_instrument")], voids=Declined("declined"))
    async with paygate_app.use(fake):
        payment = await paygate_app.pay()
        assert (await paygate_app.refund(payment))["status"] == "failed"
        held = await paygate_app.pay(await paygate_app.create_order(capture="manual"))
        assert (await paygate_app.cancel(held))["status"] == "authorized"
        assert (await paygate_app.capture(held))["status"] == "success"

    assert [call.what for call in fake.calls] == [
        "authorize",
        "refund",
        "authorize",
        "void",
        "capture",
    ]


async def test_a_payment_of_a_fake_continues_after_the_block(paygate_app: PaygateApp):
    with paygate_app.use(FakeProcessor()):
        payment = await paygate_app.pay()

    assert (await paygate_app.refund(payment))["status"] == "processed"


async def test_a_fake_may_replace_one_processor(paygate_app: PaygateApp):
    with paygate_app.use(FakeProcessor(decline="declined", instead_of="card_sim")):
        assert (await paygate_app.pay(method="upi"))["status"] == "success"
        assert (await paygate_app.pay(method="card"))["status"] == "failed"
    with (
        pytest.raises(ValueError, match="no 'nope' to replace, only card_sim, upi_sim"),
        paygate_app.use(FakeProcessor(instead_of="nope")),
    ):
        pass


async def test_a_new_processor_is_preferred(paygate_app: PaygateApp):
    with paygate_app.use(FakeProcessor(id="acme")):
        payment = await paygate_app.pay()

    assert payment["processor"] == "acme"
    assert (await paygate_app.pay())["processor"] == "upi_sim"


async def test_a_fake_processor_supports_a_new_method(paygate_app: PaygateApp):
    coin = FakeMethod("coin", display={"coin": "gold"}, secret={"side": "heads"})
    async with paygate_app.use(FakeProcessor(), coin) as (fake, _):
        payment = await paygate_app.pay(method="coin", toss=1)

    assert payment["status"] == "success"
    assert coin.calls == [{"toss": 1}]
    assert fake.calls[0].instrument.secret == {"side": "heads"}
    assert (await paygate_app.call("POST", "/payments", {"method": "coin"})).status == 400


async def test_a_fake_method_may_refuse(paygate_app: PaygateApp):
    refusing = FakeMethod("upi", refuse="This bank sleeps", refuse_field="vpa")
    with paygate_app.use(refusing):
        order = await paygate_app.create_order()
        body = {"order_id": order["id"], "method": "upi", "vpa": "a@b"}
        answer = await paygate_app.call("POST", "/payments", body)

    assert (answer.status, answer.json["error"]["description"]) == (400, "This bank sleeps")
    assert (await paygate_app.pay(order))["status"] == "success"


async def test_a_sink_gets_all_events(paygate_app: PaygateApp, clock):
    failed = DeliveryResult(delivered=False, error="flood")
    with paygate_app.use(FakeSink(answers=[503, failed, 200, 200, 200])) as sink:
        payment = await paygate_app.pay()
        await clock.advance(hours=3)

    assert paygate_app.inbox.arrived == ()
    assert sink.types[:2] == ["payment.created", "payment.pending"]
    assert sink.calls[0].event_id == sink.calls[3].event_id
    assert {call.payload["data"]["payment"]["id"] for call in sink.calls} == {payment["id"]}


async def test_a_sink_of_a_format_is_replaced_by_name(paygate_app: PaygateApp):
    url, sink = "http://inbox.localhost/other", "razorpay_wire"
    made = await paygate_app.call("POST", "/webhook-endpoints", {"url": url, "sink": sink})
    assert made.status == 201

    with paygate_app.use(FakeSink(instead_of=sink)) as fake:
        await paygate_app.pay()
    with paygate_app.use(FakeSink()) as others:
        await paygate_app.pay()

    assert [call.url for call in fake.calls] == [url] * 3
    assert [call.url for call in others.calls if call.url == url] == []
    assert len(others.calls) == 3


async def test_any_plugin_object_may_be_used(paygate_app: PaygateApp):
    class Own:
        info = PluginInfo("own", "1")
        capabilities = Capabilities(methods={"upi": frozenset({"collect"})})

        async def authorize(self, request: AuthorizeRequest, context: CallContext) -> Outcome:
            return approve(request, context)

    with paygate_app.use(Own()):
        assert (await paygate_app.pay())["processor"] == "own"
    with pytest.raises(TypeError, match="not a payment method, processor, sink"):
        paygate_app.use(object()).__enter__()


async def test_objects_that_the_host_would_refuse_are_refused(paygate_app: PaygateApp):
    class Boasting:
        info = PluginInfo("boasting", "1")
        capabilities = Capabilities(methods={"upi": frozenset({"collect"})}, refund="full")

        async def authorize(self, request: AuthorizeRequest, context: CallContext) -> Outcome:
            return approve(request, context)

    with (
        pytest.raises(PluginContractError, match="declares refund='full' but lacks"),
        paygate_app.use(FakeSink(), Boasting()),
    ):
        pass
    await paygate_app.pay()
    assert paygate_app.inbox.types, "the sink was taken off again"


async def test_pending_payments_are_resolved_before_the_fake_is_removed(paygate_app: PaygateApp):
    order = await paygate_app.create_order()
    with paygate_app.use(FakeProcessor(decline="declined")):
        body = {"order_id": order["id"], "method": "upi", "vpa": "asha@paytm"}
        answer = await paygate_app.call("POST", "/payments", body)

    assert (await paygate_app.until(answer.json["id"], "failed"))["status"] == "failed"
