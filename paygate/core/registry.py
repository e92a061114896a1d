"""What the plugins offer, found once per app and frozen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
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


class ScenarioInfo(Protocol):
    """What the core knows of a scenario: what to call it, and whose it is."""

    @property
    def name(self) -> str:
        """What requests say."""
        ...

    @property
    def number(self) -> int:
        """What test cards and amounts say."""
        ...

    @property
    def says(self) -> str:
        """What it plays, for people."""
        ...

    @property
    def methods(self) -> frozenset[str]:
        """For which payment methods; empty for all."""
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

    The guard gives every processor all methods: one that cannot be asked answers
    every query with ``Unknown``, one that cannot capture, void or refund declines.
    No method that asks raises anything but ``NotSentError``; those of ``CanCallback``
    raise ``PluginError``.
    """

    def payer_decides(self, request: FollowUp, decision: str) -> RawCallback | None:
        """See ``CanPlayPayer.payer_decides``; None where nobody can be played."""
        ...

    def checked(self, update: Update, asked: Money, kind: OperationKind) -> Outcome:
        """The outcome that a callback told, if it can be one of that operation.

        Raises:
            PluginContractError: It cannot.
        """
        ...


@dataclass(frozen=True, slots=True)
class Registry:
    """Everything that is installed in one app.

    Args:
        methods: Method code → method.
        processors: Processor id → processor, in order of preference.
        sinks: Sink id → sink.
        policies: What is decided about → the policy that decides it.
        plugins: Plugin id → version, for people.
        scenarios: Name → what simulators can play.
        routers: Who says which processor is asked, the first to be asked first.
        checks: Who may stop a payment.
        routes: What plugins serve over HTTP.
        commands: (Plugin, name) → a verb of the command line.
        panels: Plugin and id with a dot between them → a panel of the dashboard.
        loaded_plugins: Plugin id → the plugin, what it offers and what can be set of it.
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
    loaded_plugins: Mapping[str, LoadedPlugin] = field(default_factory=dict)

    def method(self, code: object) -> PaymentMethod:
        """The method a request named.

        Raises:
            InvalidInputError: There is none of that name.
        """
        found = self.methods.get(code) if isinstance(code, str) else None
        if found is None:
            raise InvalidInputError("Invalid payment method", field="method")
        return found

    def processor_for(
        self, *, method: str, flow: str, amount: Money, capture_mode: CaptureMode = "automatic"
    ) -> GuardedByHost:
        """The preferred processor that can do this.

        Raises:
            UnsupportedError: None can; the sentence says what stood in the way.
        """
        able = self.able(method=method, flow=flow, amount=amount, capture_mode=capture_mode)
        return able[0]

    def flows_for(self, order: Order | None) -> Mapping[str, frozenset[str]]:
        """Each payment method that can be used, with its flows.

        Args:
            order: Only what can pay this order: its amount, currency and way to capture.
        """
        flows: dict[str, frozenset[str]] = {}
        for code, method in self.methods.items():
            carried = [
                processor.capabilities.methods.get(code, frozenset())
                for processor in self.processors.values()
                if order is None or _takes(processor, order)
            ]
            if usable := method.info.flows & frozenset[str]().union(*carried):
                flows[code] = usable
        return flows

    def able(
        self, *, method: str, flow: str, amount: Money, capture_mode: CaptureMode = "automatic"
    ) -> Sequence[GuardedByHost]:
        """Every processor that can do this, in order of preference; at least one.

        Raises:
            UnsupportedError: None can; the sentence says what stood in the way.
        """
        able: Sequence[GuardedByHost] = [
            processor
            for processor in self.processors.values()
            if flow in processor.capabilities.methods.get(method, frozenset())
        ]
        if not able:
            raise UnsupportedError(f"No processor here carries out {method} ({flow})")
        if capture_mode == "manual":
            able = [processor for processor in able if processor.capabilities.capture != "none"]
            if not able:
                raise UnsupportedError(
                    f"No processor here holds money for {method} ({flow}) to capture it later"
                )
        accepting = [processor for processor in able if _accepts(processor, amount)]
        if accepting:
            return accepting
        raise UnsupportedError(f"No processor here takes {amount} by {method}", field="amount")


def _takes(processor: GuardedByHost, order: Order) -> bool:
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
    """What a router thinks.

    Args:
        ranking: Candidates, the best first; None for no ranked.
        ignored: Ids it named that are no candidates.
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
        """Whose it is."""
        ...

    async def rank(self, request: RouteRequest, context: CallContext) -> RouterRanking:
        """See ``Router.rank``.

        Raises:
            PluginError: It failed, or its answer is none.
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
        """Whose it is."""
        ...

    @property
    def is_closed(self) -> bool:
        """Whether its failure blocks."""
        ...

    async def assess(self, request: RiskRequest, context: RiskContext) -> RiskVerdict | None:
        """See ``RiskCheck.assess``.

        Raises:
            PluginError: It failed, or its answer is none.
        """
        ...


class GuardedRoute(Protocol):
    """A plugin's route behind the host's guard."""

    @property
    def plugin(self) -> str:
        """Whose it is."""
        ...

    @property
    def route(self) -> Route:
        """What it says of itself."""
        ...

    def read(self, body: Mapping[str, Any]) -> BaseModel:
        """A request's body as the route declares it.

        Raises:
            InvalidInputError: It is not like that.
            PluginError: The plugin's model failed.
        """
        ...

    async def answer(self, call: RouteCall, context: ExtensionContext) -> RouteReply:
        """What the plugin answers: bytes, or what is plain JSON.

        Raises:
            PluginError: It failed, or its answer is none.
        """
        ...


class GuardedPanel(Protocol):
    """A panel behind the host's guard."""

    @property
    def plugin(self) -> str:
        """Whose it is."""
        ...

    @property
    def panel(self) -> Panel:
        """What it says of itself."""
        ...

    async def data(self, context: ExtensionContext) -> TableData | FiguresData:
        """What it shows.

        Raises:
            PluginError: It failed, or its answer is none.
        """
        ...


class GuardedCommand(Protocol):
    """A command behind the host's guard."""

    @property
    def plugin(self) -> str:
        """Whose it is."""
        ...

    @property
    def command(self) -> Command:
        """What it says of itself."""
        ...

    async def run(self, options: object, context: CommandContext) -> int:
        """Do it; the exit code.

        Raises:
            PluginError: It failed, or returned none.
        """
        ...
