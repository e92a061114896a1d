"""Dry run of routers: ask them about past payments, and compare. Nothing is stored or sent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, NoReturn

from ..deps import Deps
from ..errors import UnsupportedError
from ..plugin_api.http_client import HttpError
from ..registry import GuardedRouter
from .model import Payment
from .past_routes import PastPayments, PastRoute
from .routing import RoutePlan, rank_candidates, route_request


@dataclass(frozen=True, slots=True)
class RouteDifference:
    """A payment that would get another processor.

    Args:
        payment: The payment.
        was_chosen: The processor that was chosen.
        would_be_chosen: The processor that would be chosen now.
        router: The router that chose it; None for the usual order.
    """

    payment: Payment
    was_chosen: str
    would_be_chosen: str
    router: str | None


@dataclass(slots=True)
class DryRun:
    """The result of a dry run.

    Args:
        wanted: The payments that were read.
        routers: The names of the routers that were asked.
        differences_max: How many differences are listed.
        is_bounded: There are more payments, which are older.
        payments: How many payments were compared.
        unsupported: Payments that no installed processor supports now; they are not compared.
        was_chosen: Processor → how often it was chosen.
        would_be_chosen: Processor → how often it would be chosen.
        differing: How many payments would get another processor.
        differences: The newest of them.
        problems: Router → its problems, such as an exception, and how often.
    """

    wanted: PastPayments
    routers: Sequence[str]
    differences_max: int
    is_bounded: bool = False
    payments: int = 0
    unsupported: int = 0
    was_chosen: Counter[str] = field(default_factory=Counter)
    would_be_chosen: Counter[str] = field(default_factory=Counter)
    differing: int = 0
    differences: list[RouteDifference] = field(default_factory=list)
    problems: dict[str, Counter[str]] = field(default_factory=dict)

    def add(self, past: PastRoute, chosen: str, plan: RoutePlan | None) -> None:
        """Add a payment that was compared."""
        self.payments += 1
        self.was_chosen[past.chosen] += 1
        self.would_be_chosen[chosen] += 1
        asked: Sequence[Mapping[str, Any]] = plan.decision.data["asked"] if plan else ()
        for each in asked:
            if "problem" in each:
                self.problems.setdefault(each["name"], Counter())[each["problem"]] += 1
        if chosen == past.chosen:
            return
        self.differing += 1
        if len(self.differences) < self.differences_max:
            router = asked[-1]["name"] if asked and asked[-1].get("ranking") else None
            self.differences.append(RouteDifference(past.payment, past.chosen, chosen, router))


async def run_dry(
    wanted: PastPayments, routers: Sequence[GuardedRouter], deps: Deps, *, differences_max: int
) -> DryRun:
    """Ask routers about past payments, as if each was created again at its time.

    A router sees the health that was stored with the payment, the app's time at which the
    payment was created, and the same random numbers. It can send no requests.

    Args:
        wanted: Which payments.
        routers: The routers, in the order in which they are asked.
        deps: The app.
        differences_max: How many differences are listed.
    """
    found = await deps.storage.past_routes.newest(replace(wanted, limit=wanted.limit + 1))
    result = DryRun(wanted, [each.name for each in routers], differences_max)
    result.is_bounded = len(found) > wanted.limit
    registry = replace(deps.registry, routers=routers)
    dry = replace(deps, registry=registry, http=NoHttp(), logger=NoLog())
    for past in found[: wanted.limit]:
        payment = past.payment
        try:
            able = registry.able(
                method=payment.instrument.method,
                flow=payment.instrument.flow,
                amount=payment.amount,
                capture_mode=payment.capture_mode,
            )
        except UnsupportedError:
            result.unsupported += 1
            continue
        ids, plan = [each.info.id for each in able], None
        if len(ids) > 1:
            request = route_request(payment.id, payment, payment.instrument, able, past.health)
            plan = await rank_candidates(request, replace(dry, clock=StillClock(payment)))
        result.add(past, plan.processors(ids)[0] if plan else ids[0], plan)
    return result


@dataclass(frozen=True, slots=True)
class StillClock:
    """A clock that stands still at the time at which a payment was created."""

    payment: Payment

    def now(self) -> datetime:
        """Return that time."""
        return self.payment.created_at


class NoHttp:
    """An HTTP client that sends nothing."""

    def check(self, url: str) -> None:
        """Accept any address: none is used."""

    async def post(self, *_: Any, **__: Any) -> NoReturn:
        """Refuse to send."""
        raise HttpError("refused_address", "a dry run sends no requests")

    async def request(self, *_: Any, **__: Any) -> NoReturn:
        """Refuse to send."""
        raise HttpError("refused_address", "a dry run sends no requests")

    async def close(self) -> None:
        """Close nothing."""


class NoLog:
    """A log that writes nothing: the result counts the problems of routers."""

    def debug(self, event: str, **fields: Any) -> None:
        """Write nothing."""

    def info(self, event: str, **fields: Any) -> None:
        """Write nothing."""

    def warning(self, event: str, **fields: Any) -> None:
        """Write nothing."""
