"""What the guests offer, found once per app and frozen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from ..domain.errors import InvalidInputError, UnsupportedError
from ..domain.money import Money
from ..ports.plugins import CanQuery, CanRefund, EventSink, PaymentMethod, Processor
from ..ports.retry import PolicyTarget, RetryPolicy


class GuardedByHost(Processor, CanQuery, CanRefund, Protocol):
    """A processor behind the host's guard.

    The guard gives every processor all methods: one that cannot be asked answers
    every query with ``Unknown``, one that cannot refund declines. No method raises
    anything but ``NotSentError``.
    """


@dataclass(frozen=True, slots=True)
class Registry:
    """Everything that is installed in one app.

    Args:
        methods: Method code → method.
        processors: Processor id → processor, in order of preference.
        sinks: Sink id → sink.
        policies: What is decided about → the policy that decides it.
        plugins: Plugin id → version, for people.
    """

    methods: Mapping[str, PaymentMethod]
    processors: Mapping[str, GuardedByHost]
    sinks: Mapping[str, EventSink]
    policies: Mapping[PolicyTarget, RetryPolicy]
    plugins: Mapping[str, str] = field(default_factory=dict)

    def method(self, code: object) -> PaymentMethod:
        """The method a request named.

        Raises:
            InvalidInputError: There is none of that name.
        """
        found = self.methods.get(code) if isinstance(code, str) else None
        if found is None:
            raise InvalidInputError("Invalid payment method", field="method")
        return found

    def processor_for(self, *, method: str, flow: str, amount: Money) -> GuardedByHost:
        """The preferred processor that can do this.

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
        for processor in able:
            if _accepts(processor, amount):
                return processor
        raise UnsupportedError(f"No processor here takes {amount} by {method}", field="amount")


def _accepts(processor: GuardedByHost, amount: Money) -> bool:
    can = processor.capabilities
    if can.currencies and amount.currency not in can.currencies:
        return False
    ceiling = can.amount_minor_max
    return can.amount_minor_min <= amount.minor and (ceiling is None or amount.minor <= ceiling)
