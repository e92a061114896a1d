"""The registry: what the plugins of one app offer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Protocol

from pydantic import BaseModel

from .errors import InvalidInputError, UnsupportedError
from .money import Money
from .outcome import Outcome
from .payments.model import CaptureMode, Order
from .payments.operation import OperationKind
from .plugin_api.extensions import (
    Command,
    CommandContext,
    ExtensionContext,
    FiguresData,
    Panel,
    Route,
    RouteCall,
    RouteReply,
    TableData,
)
from .plugin_api.method import PaymentMethod
from .plugin_api.plugin import CallContext
from .plugin_api.processor import (
    CanCallback,
    CanCapture,
    CanContinue,
    CanQuery,
    CanRefund,
    CanVoid,
    CanWake,
    FollowUp,
    Processor,
    RawCallback,
    Update,
)
from .plugin_api.retry_policy import PolicyTarget, RetryPolicy
from .plugin_api.risk import RiskContext, RiskRequest, RiskVerdict
from .plugin_api.routing import RouteRequest
from .plugin_api.settings import LoadedPlugin
from .plugin_api.sink import EventSink
from .plugin_api.wire import (
    Credentials,
    WireContext,
    WireDialect,
    WireRefusal,
    WireReply,
    WireRequest,
    WireRoute,
)


class ScenarioInfo(Protocol):
    """What the core knows about a scenario."""

    @property
    def name(self) -> str:
        """The name that requests use."""
        ...

    @property
    def number(self) -> int:
        """The number that test cards and amounts use."""
        ...

    @property
    def description(self) -> str:
        """A description for people."""
        ...

    @property
    def methods(self) -> frozenset[str]:
        """The payment methods it applies to; empty for all."""
        ...


class GuardedByHost(
    Processor,
    CanQuery,
    CanCapture,
    CanVoid,
    CanRefund,
    CanWake,
    CanContinue,
    CanCallback,
    Protocol,
):
    """A processor behind the host's guard.

    The guard gives every processor all methods: without query support, ``query`` returns
    ``Unknown``; without support for captures, voids or refunds, those return a decline.
    Methods that call the processor raise only ``NotSentError``; those of ``CanCallback``
    raise ``PluginError``.
    """

    def payer_decides(self, request: FollowUp, decision: str) -> RawCallback | None:
        """See ``CanPlayPayer.payer_decides``; None if the processor does not support it."""
        ...

    def checked(self, update: Update, asked: Money, kind: OperationKind) -> Outcome:
        """Return the outcome of a callback, checked against the operation.

        Raises:
            PluginContractError: The outcome is not valid for that operation.
        """
        ...


# Without a repr, as what contains it: hundreds of kilobytes of scenarios, in every asyncio
# task that returns an app. Python 3.11 writes one whenever asyncio.Runner.run ends.
@dataclass(frozen=True, slots=True, repr=False)
class Registry:
    """Everything that the plugins of one app offer.

    Args:
        methods: Method code → method.
        processors: Processor id → processor, in order of preference.
        sinks: Sink id → sink.
        policies: Target → the retry policy for it.
        plugins: Plugin id → version, for people.
        scenarios: Name → scenario that simulators can play.
        routers: Routers, in the order in which they are asked.
        checks: Risk checks.
        routes: HTTP routes of plugins.
        commands: (Plugin, name) → command of the command line.
        panels: ``plugin.id`` → panel of the dashboard.
        dialects: Name → dialect, served under ``/wire``.
        loaded_plugins: Plugin id → the plugin, what it offers and its settings.
    """

    methods: Mapping[str, PaymentMethod]
    processors: Mapping[str, GuardedByHost]
    sinks: Mapping[str, EventSink]
    policies: Mapping[PolicyTarget, RetryPolicy]
    plugins: Mapping[str, str] = field(default_factory=dict)
    scenarios: Mapping[str, ScenarioInfo] = field(default_factory=dict)
    routers: Sequence[GuardedRouter] = ()
    checks: Sequence[GuardedCheck] = ()
    routes: Sequence[GuardedRoute] = ()
    commands: Mapping[tuple[str, str], GuardedCommand] = field(default_factory=dict)
    panels: Mapping[str, GuardedPanel] = field(default_factory=dict)
    dialects: Mapping[str, GuardedWireDialect] = field(default_factory=dict)
    loaded_plugins: Mapping[str, LoadedPlugin] = field(default_factory=dict)

    def method(self, code: object) -> PaymentMethod:
        """Return the payment method that a request names.

        Raises:
            InvalidInputError: No payment method has that code.
        """
        found = self.methods.get(code) if isinstance(code, str) else None
        if found is None:
            raise InvalidInputError(
                "Invalid payment method",
                field="method",
                hint=f"Use one of: {', '.join(sorted(self.methods))}",
            )
        return found

    def flows_for(self, order: Order | None) -> Mapping[str, frozenset[str]]:
        """Return each usable payment method with its flows.

        Args:
            order: Only methods that can pay this order: its amount, currency and capture mode.
        """
        flows: dict[str, frozenset[str]] = {}
        for code, method in self.methods.items():
            carried = [
                processor.capabilities.methods.get(code, frozenset())
                for processor in self.processors.values()
                if order is None or _supports_order(processor, order)
            ]
            if usable := method.info.flows & frozenset[str]().union(*carried):
                flows[code] = usable
        return flows

    def able(
        self, *, method: str, flow: str, amount: Money, capture_mode: CaptureMode = "automatic"
    ) -> Sequence[GuardedByHost]:
        """Return the processors that support this payment, in order of preference.

        Raises:
            UnsupportedError: No processor does; the message says why.
        """
        able: Sequence[GuardedByHost] = [
            processor
            for processor in self.processors.values()
            if flow in processor.capabilities.methods.get(method, frozenset())
        ]
        if not able:
            raise UnsupportedError(f"No processor supports {method} ({flow})")
        if capture_mode == "manual":
            able = [processor for processor in able if processor.capabilities.capture != "none"]
            if not able:
                raise UnsupportedError(
                    f"No processor supports manual capture for {method} ({flow})"
                )
        accepting = [processor for processor in able if _accepts(processor, amount)]
        if accepting:
            return accepting
        raise UnsupportedError(f"No processor accepts {amount} by {method}", field="amount")


def _supports_order(processor: GuardedByHost, order: Order) -> bool:
    holds = order.capture_mode == "automatic" or processor.capabilities.capture != "none"
    return holds and _accepts(processor, order.amount)


def _accepts(processor: GuardedByHost, amount: Money) -> bool:
    can = processor.capabilities
    if can.currencies and amount.currency not in can.currencies:
        return False
    ceiling = can.amount_minor_max
    return can.amount_minor_min <= amount.minor and (ceiling is None or amount.minor <= ceiling)


@dataclass(frozen=True, slots=True)
class RouterRanking:
    """The result of a router.

    Args:
        ranking: Candidates, the best first; None for no preference.
        ignored: Ids in the result that are not candidates.
    """

    ranking: tuple[str, ...] | None
    ignored: tuple[str, ...] = ()


class GuardedRouter(Protocol):
    """A router behind the host's guard."""

    @property
    def name(self) -> str:
        """Its name."""
        ...

    @property
    def plugin(self) -> str:
        """The id of its plugin."""
        ...

    async def rank(self, request: RouteRequest, context: CallContext) -> RouterRanking:
        """See ``Router.rank``.

        Raises:
            PluginError: It failed, or returned an invalid result.
        """
        ...


class GuardedCheck(Protocol):
    """A risk check behind the host's guard."""

    @property
    def name(self) -> str:
        """Its name."""
        ...

    @property
    def plugin(self) -> str:
        """The id of its plugin."""
        ...

    @property
    def is_closed(self) -> bool:
        """Whether a failure of the check blocks the payment."""
        ...

    async def assess(self, request: RiskRequest, context: RiskContext) -> RiskVerdict | None:
        """See ``RiskCheck.assess``.

        Raises:
            PluginError: It failed, or returned an invalid result.
        """
        ...


class GuardedRoute(Protocol):
    """A plugin's route behind the host's guard."""

    @property
    def plugin(self) -> str:
        """The id of its plugin."""
        ...

    @property
    def route(self) -> Route:
        """The route as the plugin declares it."""
        ...

    def read(self, body: Mapping[str, Any]) -> BaseModel:
        """Parse a request's body as the route declares it.

        Raises:
            InvalidInputError: The body is invalid.
            PluginError: The plugin's model failed.
        """
        ...

    async def answer(self, call: RouteCall, context: ExtensionContext) -> RouteReply:
        """Return the plugin's response: bytes, or plain JSON.

        Raises:
            PluginError: It failed, or returned an invalid result.
        """
        ...


class GuardedPanel(Protocol):
    """A panel behind the host's guard."""

    @property
    def plugin(self) -> str:
        """The id of its plugin."""
        ...

    @property
    def panel(self) -> Panel:
        """The panel as the plugin declares it."""
        ...

    async def data(self, context: ExtensionContext) -> TableData | FiguresData:
        """Return what the panel shows.

        Raises:
            PluginError: It failed, or returned an invalid result.
        """
        ...


class GuardedWireDialect(Protocol):
    """A dialect behind the host's guard."""

    @property
    def plugin(self) -> str:
        """The id of its plugin."""
        ...

    @property
    def dialect(self) -> WireDialect:
        """The dialect as the plugin declares it."""
        ...

    def authenticate(self, headers: Mapping[str, str]) -> Credentials | None:
        """Return the keys in the headers of a request; None without any.

        Raises:
            PluginError: It failed, or returned an invalid result.
        """
        ...

    def refuse(self, refusal: WireRefusal) -> WireReply:
        """Return the response to a refused request.

        Raises:
            PluginError: It failed, or returned an invalid result.
        """
        ...

    async def answer(
        self, route: WireRoute, asked: WireRequest, context: WireContext, deadline: timedelta
    ) -> WireReply:
        """Return the response of a route: bytes.

        Raises:
            WireRefusal: The gateway or the dialect refuses the request.
            PluginError: It failed, or returned an invalid result.
        """
        ...


class GuardedCommand(Protocol):
    """A command behind the host's guard."""

    @property
    def plugin(self) -> str:
        """The id of its plugin."""
        ...

    @property
    def command(self) -> Command:
        """The command as the plugin declares it."""
        ...

    async def run(self, options: object, context: CommandContext) -> int:
        """Run the command and return its exit code.

        Raises:
            PluginError: It failed, or returned no exit code.
        """
        ...
