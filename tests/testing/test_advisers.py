"""Fake routers and risk checks that are used for a block."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from paygate import Allow, Block, CallContext, RiskContext, RiskRequest, RiskVerdict, RouteRequest
from paygate.testing import FakeProcessor, FakeRiskCheck, FakeRouter, PaygateApp


async def test_a_fake_router_chooses_the_processor(paygate_app: PaygateApp):
    with paygate_app.use(FakeProcessor(id="acme"), FakeRouter("upi_sim")) as (acme, router):
        payment = await paygate_app.pay(4_200)

    assert (payment["status"], payment["processor"]) == ("success", "upi_sim")
    assert acme.calls == []
    (asked,) = router.calls
    assert (asked.request.payment_id, asked.request.amount.minor) == (payment["id"], 4_200)
    assert {each.processor for each in asked.request.candidates} == {"acme", "upi_sim"}


async def test_a_fake_router_follows_its_script(paygate_app: PaygateApp):
    router = FakeRouter(answers=[["upi_sim"], None, RuntimeError("no")])
    with paygate_app.use(FakeProcessor(id="acme"), router):
        asked = [(await paygate_app.pay())["processor"] for _ in range(3)]

    # Without an opinion, and after a mistake, the usual order holds: a test's own first.
    assert asked == ["upi_sim", "acme", "acme"]


async def test_a_blocked_payment_is_not_sent_to_a_processor(paygate_app: PaygateApp):
    with paygate_app.use(FakeProcessor(), FakeRiskCheck(block="too many")) as (processor, check):
        payment = await paygate_app.pay()

    assert (payment["status"], payment["decline_code"]) == ("failed", "suspected_fraud")
    assert (processor.calls, len(check.calls)) == ([], 1)
    assert (await paygate_app.pay())["status"] == "success"


async def test_a_fake_check_follows_its_script(paygate_app: PaygateApp):
    answers = [Allow(), None, Block("no"), lambda request, _: Block(request.payment_id)]
    with paygate_app.use(FakeRiskCheck(answers=answers)):
        ends = [(await paygate_app.pay())["status"] for _ in answers]

    assert ends == ["success", "success", "failed", "failed"]


@pytest.mark.parametrize(("fail", "end"), [("open", "success"), ("closed", "failed")])
async def test_a_failing_fake_check_uses_its_fail_mode(
    paygate_app: PaygateApp, fail: str, end: str
):
    with paygate_app.use(FakeRiskCheck(answers=RuntimeError("no"), fail=fail)):
        assert (await paygate_app.pay())["status"] == end


class MyRouter:
    """As a plugin would offer it."""

    name = "mine"

    async def rank(self, request: RouteRequest, context: CallContext) -> Sequence[str] | None:
        return ["upi_sim"] if request.amount.minor == 100 else None


class MyCheck:
    """As a plugin would offer it."""

    name = "mine"

    async def assess(self, request: RiskRequest, context: RiskContext) -> RiskVerdict | None:
        return Block("small") if request.amount.minor == 100 else None


async def test_fakes_are_called_before_installed_plugins(paygate_app: PaygateApp):
    others = FakeRouter("acme")
    with paygate_app.use(FakeProcessor(id="acme")), paygate_app.use(others):
        with paygate_app.use(MyRouter()):
            asked = [(await paygate_app.pay(amount))["processor"] for amount in (100, 200)]
        with paygate_app.use(MyCheck()):
            ends = [(await paygate_app.pay(amount))["status"] for amount in (100, 200)]

    assert asked == ["upi_sim", "acme"]
    assert ends == ["failed", "success"]
    assert len(others.calls) == 3


async def test_an_object_of_another_type_is_refused(paygate_app: PaygateApp):
    with pytest.raises(ValueError, match="not both"):
        FakeRouter("a", answers=["b"])
    with pytest.raises(ValueError, match="not both"):
        FakeRiskCheck(block="x", answers=Allow())
    with pytest.raises(TypeError, match="router or risk check"), paygate_app.use(object()):
        pass
