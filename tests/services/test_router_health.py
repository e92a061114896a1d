"""Routers see how their candidates have responded, some seconds late, and cheaply."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from paygate import Health
from paygate.core.deps import Deps
from paygate.core.limits import ROUTER_HEALTH_READ_EVERY
from paygate.core.payments.create import CreatePayment, plan_route
from paygate.core.payments.health import ProcessorHealth
from tests.harness.advisers import Advice, OtherProcessor, ScriptedRouter
from tests.harness.apps import TestApp, running_app
from tests.harness.fakes import Fakes, not_sent


@dataclass
class Seconds:
    """A clock that shows what a test sets."""

    now_s: float = 0.0

    def __call__(self) -> float:
        return self.now_s


async def test_a_router_sees_the_health_that_was_read_a_moment_ago(
    database_url: str, tmp_path: Path
):
    router, fakes, time = ScriptedRouter(["scripted", "other"]), Fakes(), Seconds()
    fakes.processor.authorizations = [not_sent()]
    advice = Advice(routers=[router], other=OtherProcessor())
    plugins = [*fakes.found(), advice.found()]
    async with running_app(database_url, tmp_path, plugins=plugins) as app:
        deps = replace(app.app.deps, health=ProcessorHealth(time))
        before = await seen(app, router, deps)
        async with app.working():
            # The first one is not sent, and the second one takes over.
            await app.until(await app.paid(), "success")
        breaker = {"state": "open", "failures": 5, "reason": "no answer"}
        for state in ("half_open", "open", "half_open"):
            beat = {"scripted": {**breaker, "state": state}}
            await deps.storage.workers.heartbeat(f"worker {state}", kind="worker", breakers=beat)
        still = await seen(app, router, deps)
        time.now_s += ROUTER_HEALTH_READ_EVERY.total_seconds()
        after = await seen(app, router, deps)
        stored = await app.value(
            "SELECT data -> 'health' ->> 'other' FROM payment_decisions WHERE kind = 'route'"
        )

    assert before == still == {"scripted": Health(), "other": Health()}
    assert (after["scripted"].breaker, after["other"].breaker) == ("open", "closed")
    assert (after["scripted"].failure_rate, after["other"].failure_rate) == (1.0, 0.0)
    assert (after["scripted"].calls, after["other"].calls) == (1, 1)
    assert after["other"].p95_ms is not None
    assert '"breaker"' in stored


async def seen(app: TestApp, router: ScriptedRouter, deps: Deps) -> dict[str, Health]:
    """Return the health of the candidates that the router gets for a payment."""
    order = await app.order()
    await plan_route(CreatePayment(None, order, "coin", {}), deps)
    return {each.processor: each.health for each in router.asked[-1].candidates}
