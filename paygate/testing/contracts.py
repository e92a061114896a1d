"""The contract kit as base classes for pytest: one test for each rule."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, TypeVar

import pytest

from ..core.money import Money
from ..core.plugin_api.method import PaymentMethod
from ..core.plugin_api.plugin import PluginContext
from ..core.plugin_api.processor import Processor, RawCallback
from ..core.plugin_api.retry_policy import RetryPolicy
from ..core.plugin_api.risk import RiskCheck
from ..core.plugin_api.routing import Router
from ..core.plugin_api.sink import EventSink
from ..core.plugin_api.wire import WireDialect, WireRequest
from .kit.cases import (
    Case,
    Details,
    DialectCase,
    MethodCase,
    PolicyCase,
    ProcessorCase,
    RiskCase,
    RouterCase,
    SinkCase,
)
from .kit.judge import judge
from .kit.rules import Kind, Rule, rules_of
from .kit.stage import Sent

Contract = TypeVar("Contract", bound=type["_Contract"])


class _Contract:
    """Members that all contracts share.

    Attributes:
        environ: The environment of the plugin's settings.
        plugin_id: The name of its entry point, which is the prefix of its settings.
    """

    environ: ClassVar[Mapping[str, str]] = {}
    plugin_id: ClassVar[str] = "kit"
    network: Callable[[Sent], Any] | None = None
    """A method ``network(self, sent)`` that responds to requests of ``context.http``."""

    def case(self) -> Case:
        """Return the arguments of the checks."""
        raise NotImplementedError

    def _common(self) -> dict[str, Any]:
        return {"environ": self.environ, "plugin_id": self.plugin_id, "network": self.network}


def _with_tests(kind: Kind) -> Callable[[Contract], Contract]:
    def add_tests(contract: Contract) -> Contract:
        for rule in rules_of(kind):
            setattr(contract, f"test_{rule.name}", _test(rule))
        return contract

    return add_tests


def _test(rule: Rule) -> Callable[[Any], None]:
    def test(self: _Contract) -> None:
        finding = judge(self.case(), rule)
        if finding.verdict == "broken":
            pytest.fail(str(finding), pytrace=False)
        if finding.verdict == "not_judged":
            pytest.skip(f"not judged, {finding.message}")

    test.__doc__ = rule.what
    test.__name__ = f"test_{rule.name}"
    return test


@_with_tests("method")
class PaymentMethodContract(_Contract):
    """Tests a payment method.

    Attributes:
        valid: Details that must be accepted, in the shape of a request.
        invalid: Details that must be rejected.
    """

    valid: ClassVar[Sequence[Mapping[str, Any]]] = ()
    invalid: ClassVar[Sequence[Mapping[str, Any]]] = ()

    def make(self, context: PluginContext) -> PaymentMethod:
        """Create a new instance."""
        raise NotImplementedError

    def case(self) -> MethodCase:
        common = self._common()
        return MethodCase(make=self.make, valid=self.valid, invalid=self.invalid, **common)


@_with_tests("processor")
class ProcessorContract(_Contract):
    """Tests a processor.

    Attributes:
        approved: A payer's input whose charge is approved, or an ``Instrument``.
        declined: A payer's input whose charge is declined.
    """

    approved: ClassVar[Details | None] = None
    declined: ClassVar[Details | None] = None
    method: Callable[[PluginContext], PaymentMethod] | None = None
    """A method ``method(self, context)`` that creates the payment method for the input."""
    callback: Callable[[str, Money], RawCallback] | None = None
    """A method ``callback(self, operation_id, amount)`` that creates the processor's callback."""
    stale_callback: Callable[[], RawCallback] | None = None
    """A method ``stale_callback(self)`` that creates an expired callback with a valid signature."""

    def make(self, context: PluginContext) -> Processor:
        """Create a new instance."""
        raise NotImplementedError

    def case(self) -> ProcessorCase:
        return ProcessorCase(
            make=self.make,
            approved=self.approved,
            declined=self.declined,
            method=self.method,
            callback=self.callback,
            stale_callback=self.stale_callback,
            **self._common(),
        )


@_with_tests("sink")
class EventSinkContract(_Contract):
    """Tests an event sink."""

    def make(self, context: PluginContext) -> EventSink:
        """Create a new instance."""
        raise NotImplementedError

    def case(self) -> SinkCase:
        return SinkCase(make=self.make, **self._common())


@_with_tests("policy")
class RetryPolicyContract(_Contract):
    """Tests a retry policy."""

    def make(self, context: PluginContext) -> RetryPolicy:
        """Create a new instance."""
        raise NotImplementedError

    def case(self) -> PolicyCase:
        return PolicyCase(make=self.make, **self._common())


@_with_tests("router")
class RouterContract(_Contract):
    """Tests a router."""

    def make(self, context: PluginContext) -> Router:
        """Create a new instance."""
        raise NotImplementedError

    def case(self) -> RouterCase:
        return RouterCase(make=self.make, **self._common())


@_with_tests("risk")
class RiskCheckContract(_Contract):
    """Tests a risk check."""

    def make(self, context: PluginContext) -> RiskCheck:
        """Create a new instance."""
        raise NotImplementedError

    def case(self) -> RiskCase:
        return RiskCase(make=self.make, **self._common())


@_with_tests("dialect")
class WireDialectContract(_Contract):
    """Tests a wire dialect.

    Attributes:
        repeated: A request with an idempotency key that creates something, such as an order.
    """

    keys: Callable[[str, str], Mapping[str, str]] | None = None
    """A method ``keys(self, key, secret)`` that creates the headers of a client."""
    repeated: ClassVar[WireRequest | None] = None

    def make(self, context: PluginContext) -> WireDialect:
        """Create a new instance."""
        raise NotImplementedError

    def case(self) -> DialectCase:
        return DialectCase(make=self.make, keys=self.keys, repeated=self.repeated, **self._common())
