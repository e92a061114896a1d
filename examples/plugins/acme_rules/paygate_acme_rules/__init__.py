"""Rules of a shop: routing, risk checks, and their display."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field

from paygate import (
    Block,
    CallContext,
    Column,
    Command,
    CommandContext,
    DeclineCode,
    ExtensionContext,
    Figure,
    FiguresData,
    Panel,
    PluginContext,
    RiskCheck,
    RiskContext,
    RiskRequest,
    RiskVerdict,
    Route,
    RouteCall,
    Router,
    RouteRequest,
    TableData,
    hookimpl,
)

HOUR = timedelta(hours=1)
Cell = str | int | float | bool | None


class Rules(BaseModel):
    """Settings of this plugin."""

    split: str = Field("", description="shares, such as card_sim=80,acme=20")
    per_hour: int = Field(100, ge=0, description="payments of one instrument an hour")

    @property
    def shares(self) -> Mapping[str, int]:
        """Processor id → its share."""
        pairs = (pair.partition("=") for pair in self.split.split(",") if pair)
        return {id.strip(): int(share) for id, _, share in pairs}


@dataclass(frozen=True)
class VolumeSplit:
    """Routes shares of the payments to processors."""

    rules: Rules
    name = "volume_split"

    async def rank(self, request: RouteRequest, context: CallContext) -> Sequence[str] | None:
        """Draw a processor; the same payment gets the same one in every process."""
        able = {candidate.processor for candidate in request.candidates}
        shares = {id: share for id, share in self.rules.shares.items() if id in able and share > 0}
        if not shares:
            return None
        return context.rng.choices(list(shares), list(shares.values()))


@dataclass(frozen=True)
class Velocity:
    """Blocks an instrument that pays too often."""

    rules: Rules
    name = "velocity"
    fail = "open"

    async def assess(self, request: RiskRequest, context: RiskContext) -> RiskVerdict | None:
        """Count earlier payments: of several simultaneous ones the later are blocked."""
        seen = await context.history.payments(within=HOUR, same="instrument")
        if seen.payments < self.rules.per_hour:
            return None
        return Block(f"{seen.payments} payments within an hour", code=DeclineCode.LIMIT_EXCEEDED)


class LimitsOptions(BaseModel):
    """Options of ``paygate x acme_rules limits``."""

    merchant: UUID | None = Field(None, description="merchant whose payments are counted")


@dataclass(frozen=True)
class Shop:
    """The route, the command and the panels."""

    rules: Rules

    async def show_limits(self, _call: RouteCall, context: ExtensionContext) -> Any:
        """``GET /plugins/acme_rules/limits``."""
        assert context.history is not None, "the route asks for a merchant's keys"
        seen = await context.history.payments(within=HOUR, same="merchant")
        return {"per_hour": self.rules.per_hour, "payments": seen.payments}

    async def say_limits(self, options: LimitsOptions, context: CommandContext) -> int:
        """``paygate x acme_rules limits``."""
        context.say(f"{self.rules.per_hour} payments of one instrument an hour")
        if options.merchant is not None:
            history = context.history_of(options.merchant)
            seen = await history.payments(within=HOUR, same="merchant")
            context.say(f"{seen.payments} payments in the last hour")
        return 0

    async def last_hour(self, context: ExtensionContext) -> FiguresData:
        """Return the panel ``last_hour``."""
        assert context.history is not None, "panels are a merchant's"
        seen = await context.history.payments(within=HOUR, same="merchant")
        return FiguresData(
            [
                Figure("Payments", seen.payments),
                Figure("Succeeded", seen.succeeded),
                Figure("Failed", seen.failed),
            ]
        )

    async def shares(self, _context: ExtensionContext) -> TableData:
        """Return the panel ``shares``."""
        columns = [Column("processor", "Processor"), Column("share", "Share")]
        shares = self.rules.shares.items()
        rows: list[dict[str, Cell]] = [{"processor": id, "share": share} for id, share in shares]
        return TableData(columns, rows)


@hookimpl
def paygate_routers(context: PluginContext) -> Iterable[Router]:
    """Offer ``volume_split``."""
    return [VolumeSplit(context.config(Rules))]


@hookimpl
def paygate_risk_checks(context: PluginContext) -> Iterable[RiskCheck]:
    """Offer ``velocity``."""
    return [Velocity(context.config(Rules))]


@hookimpl
def paygate_routes(context: PluginContext) -> Iterable[Route]:
    """Offer ``GET /plugins/acme_rules/limits``."""
    shop = Shop(context.config(Rules))
    return [Route("GET", "/limits", shop.show_limits, "Show the shop's limits")]


@hookimpl
def paygate_commands(context: PluginContext) -> Iterable[Command]:
    """Offer ``paygate x acme_rules limits``."""
    shop = Shop(context.config(Rules))
    return [Command("limits", "Show the limits", shop.say_limits, LimitsOptions)]


@hookimpl
def paygate_panels(context: PluginContext) -> Iterable[Panel]:
    """Offer two panels."""
    shop = Shop(context.config(Rules))
    return [
        Panel("last_hour", "The last hour", "figures", shop.last_hour),
        Panel("shares", "Shares of the volume", "table", shop.shares, place="plugins"),
    ]
