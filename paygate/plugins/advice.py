"""Stands between the core and whoever advises it: routers and risk checks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from ..core.errors import PluginContractError
from ..core.outcome import DeclineCode
from ..core.plugin_api.plugin import CallContext
from ..core.plugin_api.risk import Allow, Block, RiskCheck, RiskContext, RiskRequest, RiskVerdict
from ..core.plugin_api.routing import Router, RouteRequest
from ..core.registry import Opinion
from .answers import shown
from .fields import did_you_mean, quoted
from .isolation import answered

RANKED_MAX = 100


@dataclass(frozen=True, slots=True)
class HostedRouter:
    """See ``GuardedRouter``."""

    router: Router
    name: str
    plugin: str
    secrets: Callable[[], Sequence[str]] = field(default=tuple, kw_only=True)

    async def opinion(self, request: RouteRequest, context: CallContext) -> Opinion:
        """See ``GuardedRouter.opinion``; who is no candidate is ignored, and logged."""

        async def checked() -> tuple[str, ...] | None:
            # Facts of its own: what a router does to them is not seen by the next.
            own = replace(request, facts=dict(request.facts))
            return _ids(await self.router.rank(own, context))

        ranked = await answered(
            context.deadline, checked, plugin=self.plugin, secrets=self.secrets()
        )
        if ranked is None:
            return Opinion(None)
        able = {candidate.processor for candidate in request.candidates}
        ignored = tuple(shown(id) for id in ranked if id not in able)
        if ignored:
            strangers = PluginContractError(
                f"router {self.name} named {', '.join(ignored)}, who cannot carry this out",
                plugin=self.plugin,
            )
            context.logger.warning(
                "router named strangers", error=f"{type(strangers).__name__}: {strangers}"
            )
        return Opinion(tuple(id for id in ranked if id in able) or None, ignored)


def _ids(answer: object) -> tuple[str, ...] | None:
    if answer is None:
        return None
    if (
        not isinstance(answer, Sequence)
        or isinstance(answer, str | bytes)
        or not all(isinstance(id, str) for id in answer)
    ):
        raise PluginContractError(f"ranked with {type(answer).__name__}, not a list of ids")
    # Each once, at its best place.
    return tuple(dict.fromkeys(answer[:RANKED_MAX]))


@dataclass(frozen=True, slots=True)
class HostedCheck:
    """See ``GuardedCheck``."""

    check: RiskCheck
    name: str
    plugin: str
    is_closed: bool
    secrets: Callable[[], Sequence[str]] = field(default=tuple, kw_only=True)

    async def assess(self, request: RiskRequest, context: RiskContext) -> RiskVerdict | None:
        """See ``GuardedCheck.assess``."""

        async def checked() -> RiskVerdict | None:
            instrument = request.instrument
            own = replace(request, instrument=replace(instrument, display=dict(instrument.display)))
            return _verdict(await self.check.assess(own, context))

        return await answered(context.deadline, checked, plugin=self.plugin, secrets=self.secrets())


def _verdict(answer: object) -> RiskVerdict | None:
    match answer:
        case None:
            return None
        case Allow(reason=str(reason)):
            return replace(answer, reason=shown(reason))
        case Block(reason=str(reason), code=DeclineCode(), shopper_message_key=str() | None as key):
            return replace(answer, reason=shown(reason), shopper_message_key=key and shown(key))
        case Block(reason=str(), shopper_message_key=str() | None):
            hint = did_you_mean(answer.code, DeclineCode)
            raise PluginContractError(
                f"Block.code is {quoted(answer.code)}, no DeclineCode; {hint}"
            )
        case Allow() | Block():
            raise PluginContractError(f"assessed with {quoted(answer)}, whose texts are none")
        case _:
            raise PluginContractError(f"assessed with {type(answer).__name__}, no verdict")
