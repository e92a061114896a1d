"""Sample payments for routers and risk checks."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from datetime import timedelta
from typing import get_args

from ...core.errors import PluginContractError
from ...core.instrument import Instrument
from ...core.limits import HISTORY_MAX
from ...core.money import Money
from ...core.plugin_api.history import PaymentCounts, Same
from ...core.plugin_api.processor import Capabilities
from ...core.plugin_api.risk import RiskContext, RiskRequest
from ...core.plugin_api.routing import Candidate, Health, RouteRequest
from .stage import MERCHANT, NOW, Stage

_INSTRUMENTS = (
    Instrument("card", "frictionless", {"network": "visa", "last4": "1111"}),
    Instrument("upi", "collect", {"vpa": "user@paytm"}),
    Instrument("upi", "qr"),
    Instrument("kit", "kit", {"wallet_id": "W-1234"}),
)
_AMOUNTS = (Money(1, "INR"), Money(12_345, "JPY"), Money(10**12, "KWD"), Money(49_900, "USD"))
_FACTS: tuple[dict[str, str], ...] = (
    {},
    {"network": "visa"},
    {"network": "unheard_of"},
    {"handle": "paytm"},
)
NO_PAST = PaymentCounts(payments=0, succeeded=0, failed=0, amount_minor=0)


@dataclass(slots=True)
class KnownHistory:
    """A history with fixed counts, which accepts only supported queries.

    Args:
        counts: The result of every query.
        refused: Unsupported queries.
    """

    counts: PaymentCounts = NO_PAST
    refused: list[str] = field(default_factory=list)

    async def payments(
        self,
        *,
        within: timedelta,
        same: Same = "instrument",
        currency: str | None = None,  # noqa: ARG002 - the same counts in every currency
    ) -> PaymentCounts:
        is_there = isinstance(within, timedelta) and timedelta(0) < within <= HISTORY_MAX
        if not is_there or same not in get_args(Same):
            self.refused.append(f"within={within!r}, same={same!r}")
            raise PluginContractError(f"there is no history of {self.refused[-1]}")
        return self.counts


_HEALTH = (
    Health(),
    Health("open", calls=20, failed=20, p50_ms=10_000.0, p95_ms=10_000.0),
    Health("half_open", calls=400, failed=3, p50_ms=80.0, p95_ms=310.0),
)


def a_sweep_of_routes() -> list[RouteRequest]:
    """Return payments of every method, in several currencies, with two candidates or more."""
    requests: list[RouteRequest] = []
    for ordinal, instrument in enumerate(_INSTRUMENTS):
        for amount, facts, count in zip(_AMOUNTS, _FACTS, (2, 3, 10, 2), strict=True):
            requests.append(
                RouteRequest(
                    payment_id=f"pay_KIT{ordinal}{len(requests):012d}",
                    merchant_id=MERCHANT,
                    amount=amount,
                    method=instrument.method,
                    flow=instrument.flow,
                    capture_mode="automatic" if count != 3 else "manual",
                    facts=dict(facts),
                    candidates=tuple(_candidate(n, instrument) for n in range(count)),
                )
            )
    return requests


def _candidate(ordinal: int, instrument: Instrument) -> Candidate:
    flows = {instrument.method: frozenset({instrument.flow})}
    can = Capabilities(methods=flows, query=ordinal % 2 == 0)
    return Candidate(f"kit_{ordinal}", can, _HEALTH[ordinal % len(_HEALTH)])


def a_sweep_of_risks() -> list[RiskRequest]:
    """Return payments of every method, in several currencies."""
    return [
        RiskRequest(
            payment_id=f"pay_KIT{ordinal:013d}",
            order_id=f"order_KIT{ordinal:011d}",
            amount=amount,
            instrument=instrument,
            processor="kit_0",
            created_at=NOW,
        )
        for ordinal, instrument in enumerate(_INSTRUMENTS)
        for amount in _AMOUNTS
    ]


def a_sweep_of_histories() -> list[PaymentCounts]:
    """Return histories without payments, with some, and with many failed payments."""
    return [
        NO_PAST,
        PaymentCounts(payments=3, succeeded=3, failed=0, amount_minor=149_700),
        PaymentCounts(500, 0, 500, amount_minor=0, is_bounded=True),
        PaymentCounts(500, 500, 0, amount_minor=10**12, is_bounded=True),
    ]


def risk_context(
    stage: Stage,
    request: RiskRequest,
    *,
    counts: PaymentCounts = NO_PAST,
    deadline: timedelta = timedelta(seconds=2),
) -> RiskContext:
    """Return the context of a risk check."""
    plain = stage.call(request.payment_id, deadline=deadline)
    given = {each.name: getattr(plain, each.name) for each in fields(plain)}
    return RiskContext(**given, history=KnownHistory(counts))
