"""Use every function of a plugin once, while the isolation rules watch it."""

from __future__ import annotations

import json
from datetime import timedelta
from random import Random
from typing import Any

from ...core.money import Money
from ...core.plugin_api.method import MethodContext
from ...core.plugin_api.retry_policy import Tries
from ...core.plugin_api.sink import DeliverableEvent
from ...core.webhooks.model import Endpoint
from .calls import Result, run_async, run_sync
from .cases import (
    ORDER,
    PAYMENT,
    USUAL_MINOR,
    Case,
    DialectCase,
    MethodCase,
    PolicyCase,
    ProcessorCase,
    RiskCase,
    RouterCase,
    SinkCase,
    operation,
)
from .operations import everything
from .sample_requests import a_sweep_of_risks, a_sweep_of_routes, risk_context
from .stage import MERCHANT, NOW
from .wire_stage import KEYS, REFUSALS, WireStage, hostile_requests, refused

SECRET = "whsec_S2l0U2VjcmV0S2l0U2VjcmV0S2l0U2VjcmV0S2k="  # noqa: S105 - a sample, used nowhere
_AT = "2026-01-15T10:30:00.000Z"
_PAYMENT = {
    "id": PAYMENT,
    "order_id": ORDER,
    "order_receipt": "ą ₹",
    "merchant_id": str(MERCHANT),
    "amount": USUAL_MINOR,
    "currency": "INR",
    "method": "upi",
    "status": "success",
    "substatus": "success",
    "vpa": "asha@paytm",
    "card_network": None,
    "card_last4": None,
    "captured": False,
    "amount_authorized": USUAL_MINOR,
    "amount_captured": USUAL_MINOR,
    "amount_refunded": 0,
    "error_code": None,
    "error_description": None,
    "decline_code": None,
    "processor": "kit",
    "scenario": None,
    "next_action": None,
    "created_at": _AT,
    "updated_at": _AT,
}


def event_body(amount: int = USUAL_MINOR) -> bytes:
    """Return the body of a webhook: a payment of the amount has succeeded."""
    payment = {
        **_PAYMENT,
        "amount": amount,
        "amount_authorized": amount,
        "amount_captured": amount,
    }
    data = {
        "payment": payment,
        "payment_id": PAYMENT,
        "paymentId": PAYMENT,
        "order_id": ORDER,
        "amount": amount,
        "currency": "INR",
        "method": "upi",
        "vpa": "asha@paytm",
        "created_at": _AT,
    }
    event = {"event": "payment.success", "timestamp": 1768473000, "created_at": _AT, "data": data}
    return json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()


BODY = event_body()


def an_event(ordinal: int = 1, body: bytes = BODY) -> DeliverableEvent:
    """Return an event as the host passes it to a sink."""
    return DeliverableEvent(f"evt_KIT{ordinal:012d}", "payment.success", body, NOW, PAYMENT)


def an_endpoint(url: str | None = "https://shop.example/hooks") -> Endpoint:
    """Return an endpoint with a secret."""
    return Endpoint(MERCHANT, MERCHANT, url, SECRET)


def method_context() -> MethodContext:
    """Return the context of a payment method."""
    return MethodContext(now=NOW, amount=Money(12_345, "INR"))


def tries(count: int, **known: Any) -> Tries:
    """Return a history with that many attempts."""
    return Tries(count=count, **known)


def a_sweep_of_tries() -> list[Tries]:
    """Return histories of every kind."""
    waits = (None, timedelta(0), timedelta(seconds=30), timedelta(days=2))
    return [
        Tries(count, status, wait)
        for count in (1, 2, 3, 5, 8, 9, 20, 100)
        for status in (None, 200, 301, 404, 429, 500, 503)
        for wait in waits
    ]


def made(case: Case) -> object:
    """Create a new plugin of the case."""
    return case.make(case.context())  # type: ignore[attr-defined]  # every kind of case has it


async def exercise(case: Case) -> list[Result[Any]]:
    """Create a plugin and use every function once."""
    match case:
        case ProcessorCase():
            return list(await everything(case, case.processor(), case.stage()))
        case MethodCase():
            return _prepare(case)
        case SinkCase():
            return await _deliver(case)
        case PolicyCase():
            return _decide(case)
        case _:
            return await _advise_or_serve(case)


async def _advise_or_serve(case: Case) -> list[Result[Any]]:
    match case:
        case RouterCase():
            return await _rank(case)
        case RiskCase():
            return await _assess(case)
        case DialectCase():
            return await _serve(case)
    raise AssertionError(f"there is no exercise for {type(case).__name__}")


def _prepare(case: MethodCase) -> list[Result[Any]]:
    method = case.method()
    result: list[Result[Any]] = []
    for details in (*case.valid_samples(), *case.invalid):
        given = run_sync(lambda d=details: method.info.input_model.model_validate(d))  # type: ignore[misc]  # bound at once
        if given.answer is not None:
            model = given.answer
            result.append(run_sync(lambda m=model: method.prepare(m, method_context())))  # type: ignore[misc]  # the same
    return result


async def _deliver(case: SinkCase) -> list[Result[Any]]:
    sink, stage = case.sink(), case.stage()
    event, endpoint = an_event(), an_endpoint()
    wanted = run_sync(lambda: sink.wants(event.type, endpoint))
    return [
        wanted,
        await run_async(lambda: sink.deliver(event, endpoint, stage.call(operation(1)))),
        await run_async(lambda: sink.deliver(event, an_endpoint(None), stage.call(operation(2)))),
    ]


def _decide(case: PolicyCase) -> list[Result[Any]]:
    policy = case.policy()
    return [
        run_sync(lambda t=each: policy.next_delay(t, now=NOW, rng=Random(7)))  # type: ignore[misc]  # bound at once
        for each in a_sweep_of_tries()
    ]


async def _rank(case: RouterCase) -> list[Result[Any]]:
    router, stage = case.router(), case.stage()
    return [
        await run_async(lambda r=each: router.rank(r, stage.call(r.payment_id)))  # type: ignore[misc]  # bound at once
        for each in a_sweep_of_routes()
    ]


async def _assess(case: RiskCase) -> list[Result[Any]]:
    check, stage = case.check(), case.stage()
    return [
        await run_async(lambda r=each: check.assess(r, risk_context(stage, r)))  # type: ignore[misc]  # bound at once
        for each in a_sweep_of_risks()
    ]


async def _serve(case: DialectCase) -> list[Result[Any]]:
    dialect, stage = case.dialect(), WireStage(case.stage())
    headers = {"authorization": KEYS.key} if case.keys is None else case.keys(KEYS.key, KEYS.secret)
    result: list[Result[Any]] = [run_sync(lambda: dialect.authenticate(headers))]
    result += [refused(dialect, refusal) for refusal in REFUSALS]
    for route in dialect.routes:
        result += [await stage.answer(route, asked) for asked in hostile_requests(route)]
    return result
