"""Stands between the core and a plugin: deadline, result check, isolation.

The one place where a stray exception of a plugin becomes an answer. Whatever a
processor does, the core hears an ``Outcome`` or ``NotSentError``.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from random import Random
from typing import TypeVar

from ..core.errors import InvalidInputError, NotSentError, PluginError
from ..core.instrument import Instrument
from ..core.limits import WAKE_UPS_MAX
from ..core.outcome import DeclineCode, Declined, Outcome, Unknown
from ..core.payments.operation import OperationKind
from ..core.plugin_api.method import MethodContext, MethodInfo, PaymentMethod
from ..core.plugin_api.plugin import CallContext, CanClose, PluginInfo, WakeUp
from ..core.plugin_api.processor import (
    AuthorizeRequest,
    CanCapture,
    CanContinue,
    CanQuery,
    CanRefund,
    CanVoid,
    CanWake,
    FollowUp,
)
from ..core.plugin_api.retry_policy import PolicyTarget, RetryPolicy, Tries
from ..core.plugin_api.sink import DeliverableEvent, EventSink
from ..core.redaction import mask_secrets
from ..core.webhooks.model import DeliveryResult, Endpoint
from .answers import (
    checked_instrument,
    checked_outcome,
    checked_refusal,
    checked_result,
    checked_wake_up,
    is_usable_wait,
    without_keys,
    without_told,
    words,
)
from .callbacks import GuardedCallbacks
from .isolation import contained, within

Request = TypeVar("Request", AuthorizeRequest, FollowUp)

log = logging.getLogger(__name__)

CLOSE = timedelta(seconds=5)
"""Longer than a client needs that is in order."""
PROBLEMS_LOGGED_MAX = 5


@dataclass(frozen=True, slots=True)
class GuardedProcessor(GuardedCallbacks):
    """A processor whose every answer is an ``Outcome``."""

    async def authorize(self, request: AuthorizeRequest, context: CallContext) -> Outcome:
        """See ``Processor.authorize``."""

        async def authorize(own: AuthorizeRequest, own_context: CallContext) -> object:
            return await self.plugin.authorize(own, own_context)

        return await self._call(authorize, OperationKind.CHARGE, request, context)

    async def query(self, kind: OperationKind, request: FollowUp, context: CallContext) -> Outcome:
        """See ``CanQuery.query``; a processor that cannot be asked is sent it again, if safe."""
        plugin = self.plugin
        if not isinstance(plugin, CanQuery):
            if self.capabilities.idempotent_operations:
                raise NotSentError("it cannot be asked, but may be told again", plugin=self.info.id)
            return Unknown("the processor cannot be asked")
        return await self._call(partial(plugin.query, kind), kind, request, context)

    # The core asks no processor for what it declares it cannot do; one whose plugin
    # was exchanged since then declines.

    async def capture(self, request: FollowUp, context: CallContext) -> Outcome:
        """See ``CanCapture.capture``."""
        does = self.plugin.capture if isinstance(self.plugin, CanCapture) else _declines
        return await self._call(does, OperationKind.CAPTURE, request, context)

    async def void(self, request: FollowUp, context: CallContext) -> Outcome:
        """See ``CanVoid.void``."""
        does = self.plugin.void if isinstance(self.plugin, CanVoid) else _declines
        return await self._call(does, OperationKind.VOID, request, context)

    async def refund(self, request: FollowUp, context: CallContext) -> Outcome:
        """See ``CanRefund.refund``."""
        does = self.plugin.refund if isinstance(self.plugin, CanRefund) else _declines
        return await self._call(does, OperationKind.REFUND, request, context)

    async def wake(self, request: FollowUp, context: CallContext) -> None:
        """See ``CanWake.wake``.

        Raises:
            NotSentError: It did not come to its end; it is to be woken again.
        """
        plugin = self.plugin
        if not isinstance(plugin, CanWake):
            return
        own, secrets = _copied(request), [*_secrets(request), *self.secrets()]
        with self._own_context(context, secrets) as own_context:
            try:
                await within(context.deadline, lambda: plugin.wake(own, own_context))
            except (TimeoutError, PluginError) as error:
                reason = mask_secrets(words(error), secrets)
                raise NotSentError(reason, plugin=self.info.id) from error

    async def complete_action(
        self, request: FollowUp, params: Mapping[str, str], context: CallContext
    ) -> Outcome:
        """See ``CanContinue.complete_action``; who does not listen is asked what became of it."""
        plugin = self.plugin
        if not isinstance(plugin, CanContinue):
            return await self.query(OperationKind.CHARGE, request, context)

        async def complete(own: FollowUp, own_context: CallContext) -> object:
            return await plugin.complete_action(own, dict(params), own_context)

        return await self._call(complete, OperationKind.CHARGE, request, context, params.values())

    async def _call(
        self,
        call: Callable[[Request, CallContext], Awaitable[object]],
        kind: OperationKind,
        request: Request,
        context: CallContext,
        told: Collection[str] = (),
    ) -> Outcome:
        own, secrets = _copied(request), [*_secrets(request), *told, *self.secrets()]
        with self._own_context(context, secrets) as own_context:

            async def checked() -> Outcome:
                answer = await call(own, own_context)
                return checked_outcome(answer, request.amount, kind, context.operation_id)

            return await self._answer(checked, context, secrets)

    async def _answer(
        self,
        checked: Callable[[], Awaitable[Outcome]],
        context: CallContext,
        secrets: Collection[str],
    ) -> Outcome:
        # What a plugin says of a failure may repeat what it was told in confidence, or set to:
        # it is masked before it is logged, and before anyone else hears of it.
        try:
            return without_told(await within(context.deadline, checked), secrets)
        except NotSentError as error:
            reason = mask_secrets(error.reason, secrets)
            raise NotSentError(reason, plugin=error.plugin) from error
        except TimeoutError:
            reason = f"no answer within {context.deadline.total_seconds():g} s"
        except PluginError as error:
            reason = mask_secrets(error.reason, secrets)
        context.logger.warning("plugin failed", plugin=self.info.id, reason=reason)
        return Unknown(reason)

    @contextmanager
    def _own_context(self, context: CallContext, secrets: Collection[str]) -> Iterator[CallContext]:
        """A context of the call's own, whose wake-ups are checked and passed on afterwards.

        They count whatever the call answers: an answer that is lost may be followed by
        callbacks. A wake-up that cannot be stored is left out and logged; the answer it
        came with stays what it is.
        """
        asked: list[WakeUp] = []
        try:
            yield replace(context, state=deepcopy(context.state), wake_ups=asked)
        finally:
            self._pass_on(list(asked), context, secrets)

    def _pass_on(
        self, asked: Sequence[WakeUp], context: CallContext, secrets: Collection[str]
    ) -> None:
        problems: list[str] = []
        for each in asked[:WAKE_UPS_MAX]:
            try:
                context.wake_ups.append(
                    contained(partial(checked_wake_up, each), plugin=self.info.id)
                )
            except PluginError as error:
                problems.append(mask_secrets(words(error), secrets))
        if len(asked) > WAKE_UPS_MAX:
            problems.append(f"asked for {len(asked)} wake-ups, {WAKE_UPS_MAX} at most")
        for reason in problems[:PROBLEMS_LOGGED_MAX]:
            context.logger.warning("plugin's wake-up left out", plugin=self.info.id, reason=reason)


@dataclass(frozen=True, slots=True)
class GuardedMethod:
    """A payment method that raises nothing but refusals."""

    plugin: PaymentMethod
    info: MethodInfo

    def prepare(self, details: object, context: MethodContext) -> Instrument:
        """See ``PaymentMethod.prepare``."""
        try:
            instrument = self.plugin.prepare(details, context)  # type: ignore[arg-type]  # validated by the caller against info.input_model
        except InvalidInputError as refusal:
            raise checked_refusal(refusal, self.info) from refusal
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            # Its words may repeat what the payer typed.
            raise PluginError(
                f"raised {type(error).__name__} while preparing", plugin=self.info.code
            ) from error
        return contained(partial(checked_instrument, instrument, self.info), plugin=self.info.code)


@dataclass(frozen=True, slots=True)
class GuardedSink:
    """A sink whose every failure is a failed attempt."""

    plugin: EventSink
    info: PluginInfo
    secrets: Callable[[], Sequence[str]] = tuple

    @property
    def concerns_endpoint(self) -> bool:
        """See ``EventSink``."""
        return getattr(self.plugin, "concerns_endpoint", True) is not False

    def wants(self, event_type: str, endpoint: Endpoint) -> bool:
        """See ``EventSink.wants``; one that raises is taken to want nothing."""
        try:
            return contained(
                lambda: bool(self.plugin.wants(event_type, endpoint)), plugin=self.info.id
            )
        except PluginError as error:
            log.warning("sink %s cannot say what it wants: %s", self.info.id, words(error))
            return False

    async def deliver(
        self, event: DeliverableEvent, endpoint: Endpoint, context: CallContext
    ) -> DeliveryResult:
        """See ``EventSink.deliver``."""
        own = (endpoint.secret, endpoint.previous_secret, *self.secrets())
        keys = [each for each in own if each]

        async def checked() -> DeliveryResult:
            result = checked_result(await self.plugin.deliver(event, endpoint, context))
            return without_keys(result, keys)

        try:
            return await within(context.deadline, checked)
        except TimeoutError:
            return DeliveryResult(delivered=False, error="timeout")
        except PluginError as error:
            reason = mask_secrets(error.reason, keys)
            context.logger.warning("sink failed", plugin=self.info.id, reason=reason)
            return DeliveryResult(delivered=False, error="sink_failed")

    async def close(self) -> None:
        """See ``CanClose.close``; one that fails or hangs keeps nobody from shutting down."""
        if not isinstance(self.plugin, CanClose):
            return
        try:
            await within(CLOSE, self.plugin.close)
        except (TimeoutError, PluginError) as error:
            log.warning("sink %s did not close: %s", self.info.id, words(error))


async def close_sinks(sinks: Iterable[EventSink]) -> None:
    """Let every sink go of what it holds, all at once."""
    closing = [getattr(sink, "close", None) for sink in sinks]
    await asyncio.gather(*(close() for close in closing if close is not None))


@dataclass(frozen=True, slots=True)
class GuardedPolicy:
    """A retry policy whose every answer is a wait or an end.

    Args:
        plugin: Who decides.
        stand_in: Who decides where the plugin fails: what cannot be timed would
            never be tried again.
    """

    plugin: RetryPolicy
    stand_in: RetryPolicy
    name: str
    applies_to: frozenset[PolicyTarget]

    def next_delay(self, tries: Tries, *, now: datetime, rng: Random) -> timedelta | None:
        """See ``RetryPolicy.next_delay``."""
        try:
            wait = contained(
                lambda: self.plugin.next_delay(tries, now=now, rng=rng), plugin=self.name
            )
        except PluginError as error:
            log.warning("retry policy %s %s", self.name, words(error))
            return self.stand_in.next_delay(tries, now=now, rng=rng)
        if wait is None or is_usable_wait(wait):
            return wait
        log.warning("retry policy %s answered with no usable wait", self.name)
        return self.stand_in.next_delay(tries, now=now, rng=rng)


async def _declines(_request: FollowUp, _context: CallContext) -> Outcome:
    return Declined(DeclineCode.PROCESSING_ERROR, retry="never")


def _secrets(request: AuthorizeRequest | FollowUp) -> Collection[str]:
    return (request.instrument.secret or {}).values()


def _copied(request: Request) -> Request:
    """The request with an amount and an instrument of its own, for the plugin to do with it."""
    instrument = request.instrument
    secret = None if instrument.secret is None else dict(instrument.secret)
    own = replace(instrument, display=dict(instrument.display), secret=secret)
    return replace(request, amount=replace(request.amount), instrument=own)
