"""A plugin and what its author says about it: what a check is given to judge."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from ...core.instrument import Instrument
from ...core.money import EXPONENTS, Money
from ...core.plugin_api.method import MethodContext, PaymentMethod
from ...core.plugin_api.plugin import PluginContext
from ...core.plugin_api.processor import (
    AuthorizeRequest,
    CanPlayPayer,
    FollowUp,
    Processor,
    RawCallback,
)
from ...core.plugin_api.retry_policy import RetryPolicy
from ...core.plugin_api.risk import RiskCheck
from ...core.plugin_api.routing import Router
from ...core.plugin_api.sink import EventSink
from ...plugins.settings import HostContext
from ...simulator.scenario import Catalogue, built_in
from .rules import NotJudgedError
from .stage import NOW, Line, Network, Stage

Details = Mapping[str, Any] | Instrument
GivenT = TypeVar("GivenT")
PAN = "4242424242424242"
"""The canary: a card number that must come out nowhere."""
PAYMENT = "pay_KIT0000000000001"
USUAL_MINOR = 12_345


def operation(ordinal: int) -> str:
    """An operation id of the host's shape."""
    return f"op_KIT{ordinal:013d}"


@dataclass(frozen=True, kw_only=True)
class Case:
    """What all plugins have in common.

    Args:
        environ: The environment their settings are read from; nothing else is in it.
        plugin_id: What the plugin is found under, and what its settings begin with.
        network: Who answers what leaves through ``context.http``.
    """

    environ: Mapping[str, str] = field(default_factory=dict)
    plugin_id: str = "kit"
    network: Network | None = None

    def context(self) -> PluginContext:
        """What a hook of this plugin is handed, in an app of its own."""
        scenarios = Catalogue.of(built_in()).by_name
        return HostContext(
            self.plugin_id,
            dict(self.environ),
            scenarios=scenarios,
            derive=lambda purpose: f"of the kit: {purpose}",
        )

    def stage(self, network: Network | None = None) -> Stage:
        """A scene of its own; the author's network answers in it, unless another is given."""
        return Stage(Line(network or self.network))


@dataclass(frozen=True, kw_only=True)
class MethodCase(Case):
    """A payment method.

    Args:
        make: Makes a fresh one.
        valid: Details it is to accept.
        invalid: Details it is to refuse.
    """

    make: Callable[[PluginContext], PaymentMethod]
    valid: Sequence[Mapping[str, Any]] = ()
    invalid: Sequence[Mapping[str, Any]] = ()

    def method(self) -> PaymentMethod:
        """A fresh one, in an app of its own."""
        return self.make(self.context())

    def valid_samples(self) -> Sequence[Mapping[str, Any]]:
        """The details to accept.

        Raises:
            NotJudgedError: There are none.
        """
        return _some(self.valid, "valid")


@dataclass(frozen=True, kw_only=True)
class ProcessorCase(Case):
    """A processor.

    Args:
        make: Makes a fresh one.
        approved: What a payer gives whose charge is approved.
        declined: What a payer gives whose charge is declined.
        method: What turns these into an instrument; None where they are one, or need not be.
        callback: The callback the processor sends of an approved charge.
        stale_callback: One that is rightly signed and too old.
    """

    make: Callable[[PluginContext], Processor]
    approved: Details | None = None
    declined: Details | None = None
    method: Callable[[PluginContext], PaymentMethod] | None = None
    callback: Callable[[str, Money], RawCallback] | None = None
    stale_callback: Callable[[], RawCallback] | None = None

    def processor(self) -> Processor:
        """A fresh one, as after a restart."""
        return self.make(self.context())

    def instrument(self, details: Details | None, which: str = "approved") -> Instrument:
        """What the host would hand over for these details.

        Raises:
            NotJudgedError: There are no details.
        """
        if details is None:
            raise NotJudgedError(f"no samples: `{which}` is not given")
        if isinstance(details, Instrument):
            return replace(details, display=dict(details.display))
        if self.method is not None:
            method = self.method(self.context())
            model = method.info.input_model.model_validate(dict(details))
            return method.prepare(model, MethodContext(now=NOW, amount=self.amount()))
        code, flows = next(iter(self.processor().capabilities.methods.items()))
        texts = {name: str(value) for name, value in details.items()}
        return Instrument(code, min(flows), display=texts, secret=dict(texts))

    def amount(self, minor: int = USUAL_MINOR, currency: str | None = None) -> Money:
        """A sum it declares to take, as near to the one asked for as can be."""
        can = self.processor().capabilities
        top = minor if can.amount_minor_max is None else min(minor, can.amount_minor_max)
        return Money(max(top, can.amount_minor_min, 1), currency or self.currencies()[0])

    def currencies(self) -> list[str]:
        """The currencies to judge with: what it declares, of INR, JPY, KWD and the others."""
        usual = ["INR", "JPY", "KWD"]
        declared = self.processor().capabilities.currencies
        known = [code for code in usual if code in declared] if declared else usual
        return known or sorted(code for code in declared if code in EXPONENTS) or usual

    def request(
        self, amount: Money | None = None, *, sample: str = "approved", capture: bool = True
    ) -> AuthorizeRequest:
        """A request for a charge, as the host makes it."""
        instrument = self.instrument(getattr(self, sample), sample)
        return AuthorizeRequest(PAYMENT, amount or self.amount(), instrument, capture)

    def follow_up(
        self, asked: AuthorizeRequest, operation_id: str, reference: str | None = None
    ) -> FollowUp:
        """A request about a charge, as the host makes it: the secret is gone."""
        open_part = replace(asked.instrument, secret=None)
        return FollowUp(asked.payment_id, operation_id, asked.amount, open_part, NOW, reference)

    def called_back(self, operation_id: str, amount: Money) -> RawCallback:
        """A callback that the processor itself might send.

        Raises:
            NotJudgedError: Nobody says what one looks like.
        """
        if self.callback is not None:
            return self.callback(operation_id, amount)
        processor = self.processor()
        if isinstance(processor, CanPlayPayer):
            asked = replace(self.request(), amount=amount)
            return processor.payer_decides(self.follow_up(asked, operation_id), "approve")
        raise NotJudgedError("no samples: `callback` is not given")


@dataclass(frozen=True, kw_only=True)
class SinkCase(Case):
    """An event sink.

    Args:
        make: Makes a fresh one.
    """

    make: Callable[[PluginContext], EventSink]

    def sink(self) -> EventSink:
        """A fresh one, as after a restart."""
        return self.make(self.context())


@dataclass(frozen=True, kw_only=True)
class PolicyCase(Case):
    """A retry policy.

    Args:
        make: Makes a fresh one.
    """

    make: Callable[[PluginContext], RetryPolicy]

    def policy(self) -> RetryPolicy:
        """A fresh one, as after a restart."""
        return self.make(self.context())


@dataclass(frozen=True, kw_only=True)
class RouterCase(Case):
    """A router.

    Args:
        make: Makes a fresh one.
    """

    make: Callable[[PluginContext], Router]

    def router(self) -> Router:
        """A fresh one, as after a restart."""
        return self.make(self.context())


@dataclass(frozen=True, kw_only=True)
class RiskCase(Case):
    """A risk check.

    Args:
        make: Makes a fresh one.
    """

    make: Callable[[PluginContext], RiskCheck]

    def check(self) -> RiskCheck:
        """A fresh one, as after a restart."""
        return self.make(self.context())


def through_json(state: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """The state as it comes back from where the host keeps it.

    Raises:
        TypeError: It is not plain JSON.
    """
    kept: Mapping[str, Any] | None = json.loads(json.dumps(state))
    return kept


def _some(given: Sequence[GivenT], which: str) -> Sequence[GivenT]:
    if not given:
        raise NotJudgedError(f"no samples: `{which}` is not given")
    return given
