"""Make a plugin do everything it can once: what the isolation rules watch."""

from __future__ import annotations

from datetime import timedelta
from random import Random
from typing import Any

from ...core.money import Money
from ...core.plugin_api.method import MethodContext
from ...core.plugin_api.retry_policy import Tries
from ...core.plugin_api.sink import DeliverableEvent
from ...core.webhooks.model import Endpoint
from .calls import Said, said, tried
from .cases import (
    Case,
    MethodCase,
    PolicyCase,
    ProcessorCase,
    RiskCase,
    RouterCase,
    SinkCase,
    operation,
)
from .sample_requests import a_sweep_of_risks, a_sweep_of_routes, risk_context
from .scenes import everything
from .stage import MERCHANT, NOW

SECRET = "whsec_S2l0U2VjcmV0S2l0U2VjcmV0S2l0U2VjcmV0S2k="  # noqa: S105 - signs what goes nowhere
BODY = '{"event":"payment.success","payment":"pay_KIT","note":"ą ₹"}'.encode()


def an_event(ordinal: int = 1, body: bytes = BODY) -> DeliverableEvent:
    """An event as the host hands it to a sink."""
    return DeliverableEvent(
        f"evt_KIT{ordinal:012d}", "payment.success", body, NOW, "pay_KIT0000000000001"
    )


def an_endpoint(url: str | None = "https://shop.example/hooks") -> Endpoint:
    """An endpoint of a merchant that signs."""
    return Endpoint(MERCHANT, MERCHANT, url, SECRET)


def method_context() -> MethodContext:
    """What a method may know beside the details."""
    return MethodContext(now=NOW, amount=Money(12_345, "INR"))


def tries(count: int, **known: Any) -> Tries:
    """A history."""
    return Tries(count=count, **known)


def a_sweep_of_tries() -> list[Tries]:
    """Histories of every sort a host can have."""
    waits = (None, timedelta(0), timedelta(seconds=30), timedelta(days=2))
    return [
        Tries(count, status, wait)
        for count in (1, 2, 3, 5, 8, 9, 20, 100)
        for status in (None, 200, 301, 404, 429, 500, 503)
        for wait in waits
    ]


def made(case: Case) -> object:
    """A fresh plugin of that case."""
    return case.make(case.context())  # type: ignore[attr-defined]  # every kind of case has it


async def exercise(case: Case) -> list[Said[Any]]:
    """Make a fresh plugin do everything."""
    match case:
        case ProcessorCase():
            return list(await everything(case, case.processor(), case.stage()))
        case MethodCase():
            return _prepare(case)
        case SinkCase():
            return await _deliver(case)
        case PolicyCase():
            return _decide(case)
        case RouterCase():
            return await _rank(case)
        case RiskCase():
            return await _assess(case)
    raise AssertionError(f"nobody knows how to exercise {type(case).__name__}")


def _prepare(case: MethodCase) -> list[Said[Any]]:
    method = case.method()
    heard: list[Said[Any]] = []
    for details in (*case.valid_samples(), *case.invalid):
        given = tried(lambda d=details: method.info.input_model.model_validate(d))  # type: ignore[misc]  # bound at once
        if given.answer is not None:
            model = given.answer
            heard.append(tried(lambda m=model: method.prepare(m, method_context())))  # type: ignore[misc]  # the same
    return heard


async def _deliver(case: SinkCase) -> list[Said[Any]]:
    sink, stage = case.sink(), case.stage()
    event, endpoint = an_event(), an_endpoint()
    wanted = tried(lambda: sink.wants(event.type, endpoint))
    return [
        wanted,
        await said(lambda: sink.deliver(event, endpoint, stage.call(operation(1)))),
        await said(lambda: sink.deliver(event, an_endpoint(None), stage.call(operation(2)))),
    ]


def _decide(case: PolicyCase) -> list[Said[Any]]:
    policy = case.policy()
    return [
        tried(lambda t=each: policy.next_delay(t, now=NOW, rng=Random(7)))  # type: ignore[misc]  # bound at once
        for each in a_sweep_of_tries()
    ]


async def _rank(case: RouterCase) -> list[Said[Any]]:
    router, stage = case.router(), case.stage()
    return [
        await said(lambda r=each: router.rank(r, stage.call(r.payment_id)))  # type: ignore[misc]  # bound at once
        for each in a_sweep_of_routes()
    ]


async def _assess(case: RiskCase) -> list[Said[Any]]:
    check, stage = case.check(), case.stage()
    return [
        await said(lambda r=each: check.assess(r, risk_context(stage, r)))  # type: ignore[misc]  # bound at once
        for each in a_sweep_of_risks()
    ]
