"""What the plugins offer, found once per app and frozen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from ..domain.errors import InvalidInputError, UnsupportedError
from ..domain.money import Money
from ..domain.operation import OperationKind
from ..domain.order import CaptureMode, Order
from ..domain.outcome import Outcome
from ..ports.callbacks import CanCallback, CanContinue, CanWake, RawCallback, Update
from ..ports.plugin_settings import LoadedPlugin
from ..ports.plugins import EventSink, PaymentMethod
from ..ports.processor import CanCapture, CanQuery, CanRefund, CanVoid, FollowUp, Processor
from ..ports.retry import PolicyTarget, RetryPolicy
from .guarded import GuardedCheck, GuardedCommand, GuardedPanel, GuardedRoute, GuardedRouter


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
