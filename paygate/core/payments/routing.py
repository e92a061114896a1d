"""Routing: routers rank the processors before a payment is created."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from random import Random
from typing import Any

from ..deps import Deps
from ..errors import PluginError
from ..instrument import Instrument
from ..limits import ROUTING
from ..plugin_api.plugin import CallContext
from ..plugin_api.routing import Candidate, Health, RouteRequest
from ..redaction import redact_text
from ..registry import GuardedByHost, GuardedRouter
from .model import Order, Payment
from .store import Decision


@dataclass(frozen=True, slots=True)
class RoutePlan:
    """The ranked processors of a payment that is not stored yet.

    Args:
        payment_id: The id of the payment.
        ranking: Ids of the capable processors, the preferred one first.
        named: Those that a router has named, in its order.
        decision: The entry for the timeline.
    """

    payment_id: str
    ranking: tuple[str, ...]
    named: tuple[str, ...]
    decision: Decision

    def processors(self, able: Sequence[str]) -> Sequence[str]:
        """Return the processor of the payment, and those that it may go to instead.

        Only processors that a router has named follow the first one; see ``failover``.

        Args:
            able: Ids of the processors that support the payment now; at least one.
        """
        chosen = next((id for id in self.ranking if id in able), able[0])
        return [chosen, *(id for id in self.named if id in able and id != chosen)]


def route_request(
    payment_id: str,
    of: Order | Payment,
    instrument: Instrument,
    able: Sequence[GuardedByHost],
    health: Mapping[str, Health],
) -> RouteRequest:
    """Return what routers see of a payment.

    Args:
        payment_id: The id of the payment.
        of: The order that is paid, or a payment of the past.
        instrument: The instrument, of which routers see some facts.
        able: The processors that support the payment.
        health: Processor → its health; nothing is known of the others.
    """
    return RouteRequest(
        payment_id=payment_id,
        merchant_id=of.merchant_id,
        amount=of.amount,
        method=instrument.method,
        flow=instrument.flow,
        capture_mode=of.capture_mode,
        facts=_facts(instrument),
        candidates=tuple(
            Candidate(each.info.id, each.capabilities, health.get(each.info.id, Health()))
            for each in able
        ),
    )


async def rank_candidates(request: RouteRequest, deps: Deps) -> RoutePlan:
    """Ask the routers one after the other; the first ranking decides.

    Together they have ``ROUTING``, because a request waits for them. A router that fails,
    is late or returns an invalid result is skipped; without a ranking the usual order
    applies. No transaction may be open meanwhile.
    """
    decided_at, began_s = deps.clock.now(), time.monotonic()
    usual = tuple(each.processor for each in request.candidates)
    asked: list[Mapping[str, Any]] = []
    named: tuple[str, ...] = ()
    for router in deps.registry.routers:
        left = ROUTING - timedelta(seconds=time.monotonic() - began_s)
        if left <= timedelta(0):
            asked.append(_router_to_json(router, {"problem": "not asked: out of time"}))
            continue
        entry, first = await _ask(router, request, left, deps)
        asked.append(entry)
        if first:
            named = first
            break
    ranking = (*named, *(each for each in usual if each not in named))
    decision = Decision(
        kind="route",
        chosen=ranking[0],
        decided_at=decided_at,
        took_ms=round(1000 * (time.monotonic() - began_s)),
        data={
            "candidates": usual,
            "ranking": ranking,
            "asked": asked,
            "health": {each.processor: asdict(each.health) for each in request.candidates},
        },
    )
    return RoutePlan(request.payment_id, ranking, named, decision)


async def _ask(
    router: GuardedRouter, request: RouteRequest, left: timedelta, deps: Deps
) -> tuple[Mapping[str, Any], tuple[str, ...] | None]:
    began_s = time.monotonic()
    try:
        ranked = await router.rank(request, _context(router, request, left, deps))
    except PluginError as error:
        problem = redact_text(error.reason)
        deps.logger.warning(
            "router failed", plugin=router.plugin, router=router.name, reason=problem
        )
        return _router_to_json(router, {"problem": problem, "took_ms": _since_ms(began_s)}), None
    result = {
        "ranking": ranked.ranking,
        "ignored": [redact_text(each) for each in ranked.ignored],
        "took_ms": _since_ms(began_s),
    }
    return _router_to_json(router, result), ranked.ranking


def _facts(instrument: Instrument) -> Mapping[str, str]:
    facts = {}
    if "network" in instrument.display:
        facts["network"] = instrument.display["network"]
    if "@" in instrument.display.get("vpa", ""):
        facts["handle"] = instrument.display["vpa"].rpartition("@")[2]
    return facts


def _context(
    router: GuardedRouter, request: RouteRequest, left: timedelta, deps: Deps
) -> CallContext:
    return CallContext(
        merchant_id=request.merchant_id,
        # There is no operation yet; the payment's id is unique too.
        operation_id=request.payment_id,
        deadline=min(left, deps.policy.plugin_call),
        clock=deps.clock,
        rng=Random(f"{deps.policy.seed}:{request.payment_id}:{router.name}"),
        http=deps.http,
        logger=deps.logger,
    )


def _router_to_json(router: GuardedRouter, result: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"name": router.name, "plugin": router.plugin, **result}


def _since_ms(began_s: float) -> int:
    return round(1000 * (time.monotonic() - began_s))
