"""A dry run asks routers about past payments, and changes nothing."""

from __future__ import annotations

import json
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from paygate import CallContext, RouteRequest
from paygate.cli.route import as_json, as_text
from paygate.core.payments.dry_run import DryRun, run_dry
from paygate.core.payments.past_routes import PastPayments
from tests.harness.advisers import Advice, OtherProcessor, ScriptedRouter
from tests.harness.apps import TestApp, running_app
from tests.harness.fakes import Fakes, not_sent

CHOSEN = "SELECT payment_id, chosen FROM payment_decisions WHERE kind = 'route'"
# Which transaction wrote last, and how many rows there are.
WRITTEN = " UNION ALL ".join(
    f"SELECT count(*), max(xmin::text::bigint) FROM {table}"
    for table in ("orders", "payments", "operations", "events", "payment_decisions", "plugin_calls")
)


def split(request: RouteRequest, context: CallContext) -> list[str]:
    ids = [each.processor for each in request.candidates]
    context.rng.shuffle(ids)
    return ids


async def asks_a_service(_: RouteRequest, context: CallContext) -> list[str]:
    await context.http.request("GET", "https://example.com", timeout=timedelta(seconds=1))
    return ["scripted"]


async def dry_run(app: TestApp, router: str, **options: Any) -> DryRun:
    deps = app.app.deps
    hour = timedelta(hours=1)
    wanted = {"since": deps.clock.now() - hour, "until": deps.clock.now(), **options}
    routers = [each for each in deps.registry.routers if each.name == router]
    past = PastPayments(**{"merchant_id": None, "limit": 100, **wanted})
    return await run_dry(past, routers, deps, differences_max=2)


async def test_a_dry_run_compares_past_payments_and_changes_nothing(
    database_url: str, tmp_path: Path
):
    asked: dict[str, tuple[RouteRequest, CallContext]] = {}

    def large(request: RouteRequest, context: CallContext) -> list[str] | None:
        asked[request.payment_id] = (request, context)
        return ["scripted"] if request.amount.minor >= 50_000 else None

    fakes, other = Fakes(), OtherProcessor()
    # The first one decides about all payments.
    routers = [
        ScriptedRouter(split, "split", priority=1),
        ScriptedRouter(large, "large"),
        ScriptedRouter(asks_a_service, "service"),
    ]
    # Another processor takes some over: what counts is the one that was chosen first.
    fakes.processor.authorizations = [not_sent(), not_sent()]
    plugins = [*fakes.found(), Advice(routers=routers, other=other).found()]
    async with running_app(database_url, tmp_path, plugins=plugins) as app:
        beat = {"scripted": {"state": "half_open", "failures": 9, "reason": "no answer"}}
        await app.app.deps.storage.workers.heartbeat("w", kind="worker", breakers=beat)
        paid = [await app.paid(order_id=await app.order(amount)) for amount in [50_000, 100] * 6]
        async with app.working():
            for each in paid:
                await app.until(each, "success")
        chosen = {row["payment_id"]: row["chosen"] for row in await app.rows(CHOSEN)}
        written, calls = await app.rows(WRITTEN), len(fakes.processor.calls) + len(other.calls)

        same = await dry_run(app, "split")
        changed = await dry_run(app, "large", limit=11)
        failing = await dry_run(app, "service")
        of_nobody = await dry_run(app, "split", merchant_id=UUID(int=0))
        before = await dry_run(app, "split", until=app.app.deps.clock.now() - timedelta(hours=1))

        assert await app.rows(WRITTEN) == written
        assert len(fakes.processor.calls) + len(other.calls) == calls
        times = await app.rows("SELECT id, created_at FROM payments")

    # The same request, time and random numbers as when they were created.
    assert (same.payments, same.differing) == (12, 0)
    assert same.was_chosen == same.would_be_chosen == Counter(chosen.values())
    newest = paid[1:]
    assert (changed.payments, changed.is_bounded) == (11, True)
    assert changed.would_be_chosen == {"scripted": 5, "other": 6}
    to = {each: "scripted" if asked[each][0].amount.minor == 50_000 else "other" for each in newest}
    differing = [each for each in reversed(newest) if to[each] != chosen[each]]
    assert changed.differing == len(differing)
    assert [each.payment.id for each in changed.differences] == differing[:2]
    assert {row["id"]: row["created_at"] for row in times if row["id"] in asked} == {
        id: context.clock.now() for id, (_, context) in asked.items()
    }
    seen = {each.processor: each.health.breaker for each in asked[paid[-1]][0].candidates}
    assert seen == {"other": "closed", "scripted": "half_open"}
    assert failing.would_be_chosen == {"other": 12}
    assert "a dry run sends no requests" in "".join(failing.problems["service"])
    assert (of_nobody.payments, before.payments) == (0, 0)

    lines, printed = list(as_text(changed)), json.loads(as_json(changed))
    assert lines[0].startswith("11 payment(s) from ")
    assert lines[0].endswith("and older ones that were not read: raise --limit")
    assert printed["differing"] == len(differing)
    assert [each["payment"] for each in printed["differences"]] == differing[:2]
