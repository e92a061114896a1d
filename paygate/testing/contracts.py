"""The kit as base classes for pytest: one test for each rule."""

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
from .kit.cases import (
    Case,
    Details,
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
    """What all contracts have in common.

    Attributes:
        environ: The environment the plugin's settings are read from.
        plugin_id: The name of its entry point; its settings begin with it.
    """

    environ: ClassVar[Mapping[str, str]] = {}
    plugin_id: ClassVar[str] = "kit"
    network: Callable[[Sent], Any] | None = None
    """A method ``network(self, sent)`` plays who is behind ``context.http``."""

    def case(self) -> Case:
        """What the checks are given."""
        raise NotImplementedError

    def _common(self) -> dict[str, Any]:
        return {"environ": self.environ, "plugin_id": self.plugin_id, "network": self.network}


def _with_tests(kind: Kind) -> Callable[[Contract], Contract]:
    def give(contract: Contract) -> Contract:
        for rule in rules_of(kind):
            setattr(contract, f"test_{rule.name}", _test(rule))
        return contract

    return give


def _test(rule: Rule) -> Callable[[Any], None]:
    def test(self: _Contract) -> None:
        finding = judge(self.case(), rule)
        if finding.verdict == "broken":
            pytest.fail(str(finding), pytrace=False)
        if finding.verdict == "not_judged":
            pytest.skip(f"not judged, {finding.said}")

    test.__doc__ = rule.what
    test.__name__ = f"test_{rule.name}"
    return test


@_with_tests("method")
class PaymentMethodContract(_Contract):
    """Judges a payment method.

    Attributes:
        valid: Details that are to be accepted, as a request carries them.
        invalid: Details that are to be refused.
    """

    valid: ClassVar[Sequence[Mapping[str, Any]]] = ()
    invalid: ClassVar[Sequence[Mapping[str, Any]]] = ()

    def make(self, context: PluginContext) -> PaymentMethod:
        """Make a fresh one."""
        raise NotImplementedError

    def case(self) -> MethodCase:
        """See ``_Contract.case``."""
        common = self._common()
        return MethodCase(make=self.make, valid=self.valid, invalid=self.invalid, **common)


@_with_tests("processor")
class ProcessorContract(_Contract):
    """Judges a processor.

    Attributes:
        approved: What a payer gives whose charge is approved, or an ``Instrument``.
        declined: What a payer gives whose charge is declined.
    """

    approved: ClassVar[Details | None] = None
    declined: ClassVar[Details | None] = None
    method: Callable[[PluginContext], PaymentMethod] | None = None
    """A method ``method(self, context)`` makes what turns details into an instrument."""
    callback: Callable[[str, Money], RawCallback] | None = None
    """A method ``callback(self, operation_id, amount)`` makes what the processor would send."""
    stale_callback: Callable[[], RawCallback] | None = None
    """A method ``stale_callback(self)`` makes one that is rightly signed and too old."""

    def make(self, context: PluginContext) -> Processor:
        """Make a fresh one."""
        raise NotImplementedError

    def case(self) -> ProcessorCase:
        """See ``_Contract.case``."""
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
    """Judges an event sink."""

    def make(self, context: PluginContext) -> EventSink:
        """Make a fresh one."""
        raise NotImplementedError

    def case(self) -> SinkCase:
        """See ``_Contract.case``."""
        return SinkCase(make=self.make, **self._common())


@_with_tests("policy")
class RetryPolicyContract(_Contract):
    """Judges a retry policy."""

    def make(self, context: PluginContext) -> RetryPolicy:
        """Make a fresh one."""
        raise NotImplementedError

    def case(self) -> PolicyCase:
        """See ``_Contract.case``."""
        return PolicyCase(make=self.make, **self._common())


@_with_tests("router")
class RouterContract(_Contract):
    """Judges a router."""

    def make(self, context: PluginContext) -> Router:
        """Make a fresh one."""
        raise NotImplementedError

    def case(self) -> RouterCase:
        """See ``_Contract.case``."""
        return RouterCase(make=self.make, **self._common())


@_with_tests("risk")
class RiskCheckContract(_Contract):
    """Judges a risk check."""

    def make(self, context: PluginContext) -> RiskCheck:
        """Make a fresh one."""
        raise NotImplementedError

    def case(self) -> RiskCase:
        """See ``_Contract.case``."""
        return RiskCase(make=self.make, **self._common())
