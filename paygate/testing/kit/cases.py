"""A plugin and its author's samples: the input of a check."""

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
from ...core.plugin_api.wire import WireDialect, WireRequest
from ...plugins.settings import HostContext
from ...simulator.scenario import Catalogue, built_in
from .rules import NotJudgedError
from .stage import NOW, Network, RecordingClient, Stage

Details = Mapping[str, Any] | Instrument
GivenT = TypeVar("GivenT")
PAN = "4242424242424242"
"""A marker: a card number that must not appear in any output."""
PAYMENT = "pay_KIT0000000000001"
ORDER = "order_KIT0000000000001"
RECEIPT = "kit-receipt"
NOTES = {"kit": "notes"}
CALLBACK_URL = "https://gateway.example/api/v1/callbacks/kit"
USUAL_MINOR = 12_345


def operation(ordinal: int) -> str:
    """Return an operation id in the format of the host."""
    return f"op_KIT{ordinal:013d}"


@dataclass(frozen=True, kw_only=True)
class Case:
    """Members that all kinds of plugins share.

    Args:
        environ: The environment of the plugin's settings; the only variables in it.
        plugin_id: The plugin's name, which is the prefix of its settings.
        network: Responds to requests of ``context.http``.
    """

    environ: Mapping[str, str] = field(default_factory=dict)
    plugin_id: str = "kit"
    network: Network | None = None

    def context(self) -> PluginContext:
        """Return the context of this plugin's hooks, as in an app of its own."""
        scenarios = Catalogue.of(built_in()).by_name
        return HostContext(
            self.plugin_id,
            dict(self.environ),
            scenarios=scenarios,
            derive=lambda purpose: f"of the kit: {purpose}",
        )

    def stage(self, network: Network | None = None) -> Stage:
        """Return a new stage; the author's network responds in it, unless another is given."""
        return Stage(RecordingClient(network or self.network))


@dataclass(frozen=True, kw_only=True)
class MethodCase(Case):
    """A payment method.

    Args:
        make: Creates a new instance.
        valid: Details that it must accept.
        invalid: Details that it must reject.
    """

    make: Callable[[PluginContext], PaymentMethod]
    valid: Sequence[Mapping[str, Any]] = ()
    invalid: Sequence[Mapping[str, Any]] = ()

    def method(self) -> PaymentMethod:
        """Create a new instance, as in an app of its own."""
        return self.make(self.context())

    def valid_samples(self) -> Sequence[Mapping[str, Any]]:
        """Return the valid details.

        Raises:
            NotJudgedError: There are none.
        """
        return _some(self.valid, "valid")


@dataclass(frozen=True, kw_only=True)
class ProcessorCase(Case):
    """A processor.

    Args:
        make: Creates a new instance.
        approved: A payer's input whose charge is approved.
        declined: A payer's input whose charge is declined.
        method: Creates an instrument from the input; None if the input is an instrument.
        callback: Creates the processor's callback for an approved charge.
        stale_callback: Creates an expired callback with a valid signature.
    """

    make: Callable[[PluginContext], Processor]
    approved: Details | None = None
    declined: Details | None = None
    method: Callable[[PluginContext], PaymentMethod] | None = None
    callback: Callable[[str, Money], RawCallback] | None = None
    stale_callback: Callable[[], RawCallback] | None = None

    def processor(self) -> Processor:
        """Create a new instance, as after a restart."""
        return self.make(self.context())

    def instrument(self, details: Details | None, which: str = "approved") -> Instrument:
        """Return the instrument that the host would pass for these details.

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
        """Return a supported amount that is as near as possible to the given one."""
        can = self.processor().capabilities
        top = minor if can.amount_minor_max is None else min(minor, can.amount_minor_max)
        return Money(max(top, can.amount_minor_min, 1), currency or self.currencies()[0])

    def currencies(self) -> list[str]:
        """Return the currencies to test with: the declared ones, INR, JPY and KWD first."""
        usual = ["INR", "JPY", "KWD"]
        declared = self.processor().capabilities.currencies
        known = [code for code in usual if code in declared] if declared else usual
        return known or sorted(code for code in declared if code in EXPONENTS) or usual

    def request(
        self, amount: Money | None = None, *, sample: str = "approved", capture: bool = True
    ) -> AuthorizeRequest:
        """Return a request for a charge, as the host creates it."""
        instrument = self.instrument(getattr(self, sample), sample)
        has_details = self.processor().capabilities.order_details
        return AuthorizeRequest(
            PAYMENT,
            amount or self.amount(),
            instrument,
            capture,
            order_id=ORDER,
            receipt=RECEIPT if has_details else None,
            notes=dict(NOTES) if has_details else {},
            callback_url=CALLBACK_URL,
        )

    def follow_up(
        self, asked: AuthorizeRequest, operation_id: str, reference: str | None = None
    ) -> FollowUp:
        """Return a follow-up request, as the host creates it: without the secret."""
        open_part = replace(asked.instrument, secret=None)
        return FollowUp(asked.payment_id, operation_id, asked.amount, open_part, NOW, reference)

    def called_back(self, operation_id: str, amount: Money) -> RawCallback:
        """Return a callback as the processor sends it.

        Raises:
            NotJudgedError: The author gives no example.
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
        make: Creates a new instance.
    """

    make: Callable[[PluginContext], EventSink]

    def sink(self) -> EventSink:
        """Create a new instance, as after a restart."""
        return self.make(self.context())


@dataclass(frozen=True, kw_only=True)
class PolicyCase(Case):
    """A retry policy.

    Args:
        make: Creates a new instance.
    """

    make: Callable[[PluginContext], RetryPolicy]

    def policy(self) -> RetryPolicy:
        """Create a new instance, as after a restart."""
        return self.make(self.context())


@dataclass(frozen=True, kw_only=True)
class RouterCase(Case):
    """A router.

    Args:
        make: Creates a new instance.
    """

    make: Callable[[PluginContext], Router]

    def router(self) -> Router:
        """Create a new instance, as after a restart."""
        return self.make(self.context())


@dataclass(frozen=True, kw_only=True)
class RiskCase(Case):
    """A risk check.

    Args:
        make: Creates a new instance.
    """

    make: Callable[[PluginContext], RiskCheck]

    def check(self) -> RiskCheck:
        """Create a new instance, as after a restart."""
        return self.make(self.context())


@dataclass(frozen=True, kw_only=True)
class DialectCase(Case):
    """A wire dialect.

    Args:
        make: Creates a new instance.
        keys: Creates the headers, with lower-case names, of a client with a key and a secret.
        repeated: A request with an idempotency key that creates something without naming
            anything, such as an order.
    """

    make: Callable[[PluginContext], WireDialect]
    keys: Callable[[str, str], Mapping[str, str]] | None = None
    repeated: WireRequest | None = None

    def dialect(self) -> WireDialect:
        """Create a new instance, as after a restart."""
        return self.make(self.context())

    def key_headers(self) -> Callable[[str, str], Mapping[str, str]]:
        """Return the function that creates headers with keys.

        Raises:
            NotJudgedError: There is none.
        """
        if self.keys is None:
            raise NotJudgedError("no samples: `keys` is not given")
        return self.keys

    def repeated_request(self) -> WireRequest:
        """Return the request that is repeated.

        Raises:
            NotJudgedError: There is none.
        """
        if self.repeated is None:
            raise NotJudgedError("no samples: `repeated` is not given")
        return self.repeated


def through_json(state: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """Return the state as the host reads it from its storage.

    Raises:
        TypeError: It is not plain JSON.
    """
    kept: Mapping[str, Any] | None = json.loads(json.dumps(state))
    return kept


def _some(given: Sequence[GivenT], which: str) -> Sequence[GivenT]:
    if not given:
        raise NotJudgedError(f"no samples: `{which}` is not given")
    return given
