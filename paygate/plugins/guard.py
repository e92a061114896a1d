"""Guards around plugin objects: check every result and contain every exception."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from itertools import islice
from random import Random
from typing import TypeVar

from ..core.errors import (
    BadSignatureError,
    InvalidInputError,
    NotSentError,
    PluginContractError,
    PluginError,
)
from ..core.instrument import Instrument
from ..core.limits import TEXT_CHARS_MAX, WAKE_UPS_MAX
from ..core.money import Money
from ..core.outcome import DeclineCode, Declined, Outcome, Unknown
from ..core.payments.operation import OperationKind
from ..core.plugin_api.method import MethodContext, MethodInfo, PaymentMethod
from ..core.plugin_api.plugin import CallContext, CanClose, PluginInfo, WakeUp
from ..core.plugin_api.processor import (
    AuthorizeRequest,
    CanCallback,
    CanCapture,
    CanContinue,
    CanPlayPayer,
    CanQuery,
    CanRefund,
    CanVoid,
    CanWake,
    Capabilities,
    FollowUp,
    Processor,
    RawCallback,
    Update,
    Verified,
)
from ..core.plugin_api.retry_policy import PolicyTarget, RetryPolicy, Tries
from ..core.plugin_api.sink import DeliverableEvent, EventSink
from ..core.redaction import mask_secrets, mask_state
from ..core.webhooks.model import SINK_FAILED, DeliveryResult, Endpoint
from .isolation import contained, within
from .masking_logger import masked
from .results import (
    checked_instrument,
    checked_outcome,
    checked_refusal,
    checked_result,
    checked_wake_up,
    is_usable_wait,
    quoted,
    without_keys,
    without_secrets,
    words,
)

Result = TypeVar("Result")
CALLBACK_PARTS_MAX = 100


@dataclass(frozen=True, slots=True)
class GuardedCallbacks:
    """Implements ``CanCallback``; raises only ``PluginError``.

    Args:
        secrets: Secret settings of the plugin. They are masked in its error messages, which
            merchants see.
    """

    plugin: Processor
    info: PluginInfo
    capabilities: Capabilities
    secrets: Callable[[], Sequence[str]] = field(default=tuple, kw_only=True)

    def split(self, callback: RawCallback) -> Sequence[RawCallback]:
        parts = self._call_callbacks(
            lambda plugin: self._some(plugin.split(callback), "split a callback into")
        )
        return [self._raw(part) for part in parts]

    def verify(self, callback: RawCallback) -> Verified:
        verified = self._call_callbacks(lambda plugin: plugin.verify(callback))
        if not isinstance(verified, Verified) or not _is_key(verified.key):
            raise PluginContractError("verified a callback without a key", plugin=self.info.id)
        return verified

    def translate(self, verified: Verified) -> Sequence[Update]:
        updates = self._call_callbacks(
            lambda plugin: self._some(plugin.translate(verified), "translated a callback into")
        )
        return [self._update(update) for update in updates]

    def _some(self, answered: Iterable[object], did: str) -> list[object]:
        """Return the result as a list. Refuse a longer one: no part may be lost unnoticed."""
        if isinstance(answered, str | bytes | Mapping):
            raise PluginContractError(f"{did} a {type(answered).__name__}", plugin=self.info.id)
        found = list(islice(answered, CALLBACK_PARTS_MAX + 1))
        if len(found) > CALLBACK_PARTS_MAX:
            more = f"{did} more than {CALLBACK_PARTS_MAX} parts"
            raise PluginContractError(more, plugin=self.info.id)
        return found

    def _raw(self, part: object) -> RawCallback:
        is_usable = (
            isinstance(part, RawCallback)
            and isinstance(part.body, bytes)
            and isinstance(part.headers, Mapping)
            and all(isinstance(text, str) for pair in part.headers.items() for text in pair)
        )
        if not is_usable or not isinstance(part, RawCallback):
            problem = f"{quoted(part)} is not a RawCallback of texts and bytes"
            raise PluginContractError(problem, plugin=self.info.id)
        return replace(part, headers=dict(part.headers))

    def _update(self, update: object) -> Update:
        if not isinstance(update, Update):
            problem = f"translated a callback into {quoted(update)}, not an Update"
            raise PluginContractError(problem, plugin=self.info.id)
        if not _is_key(update.operation_id):
            problem = f"Update.operation_id is {quoted(update.operation_id)}, not an id"
            raise PluginContractError(problem, plugin=self.info.id)
        amount: object = update.amount
        if amount is not None and not isinstance(amount, Money):
            problem = f"Update.amount is {quoted(amount)}, not a Money"
            raise PluginContractError(problem, plugin=self.info.id)
        return update

    def payer_decides(self, request: FollowUp, decision: str) -> RawCallback | None:
        """Implements ``CanPlayPayer.payer_decides``; None if the processor does not support it."""
        plugin = self.plugin
        if not isinstance(plugin, CanPlayPayer):
            return None
        raw = self._contained(lambda: plugin.payer_decides(request, decision))
        return None if raw is None else self._raw(raw)

    def checked(self, update: Update, asked: Money, kind: OperationKind) -> Outcome:
        """Return the outcome of a callback, if it is valid for the operation.

        Raises:
            PluginContractError: It is not.
        """
        if update.amount is not None and update.amount != asked:
            raise PluginContractError(f"its amount is {update.amount}, the operation's is {asked}")
        return self._contained(
            lambda: checked_outcome(
                update.outcome, asked, kind, update.operation_id, by_callback=True
            )
        )

    def acknowledge(self, *, accepted: bool) -> tuple[int, bytes]:
        """Implements ``CanCallback.acknowledge``; always returns a valid response."""
        fallback = (200, b"OK") if accepted else (400, b"refused")
        try:
            answer: object = self._call_callbacks(
                lambda plugin: plugin.acknowledge(accepted=accepted)
            )
        except PluginError:
            return fallback
        match answer:
            case (int() as status, bytes() as body) if type(status) is int and 200 <= status < 500:
                return status, body
            case _:
                return fallback

    def _call_callbacks(self, ask: Callable[[CanCallback], Result]) -> Result:
        plugin = self.plugin
        if not isinstance(plugin, CanCallback):
            raise PluginContractError("it does not support callbacks", plugin=self.info.id)
        return self._contained(lambda: ask(plugin))

    def _contained(self, call: Callable[[], Result]) -> Result:
        try:
            return contained(call, plugin=self.info.id)
        except PluginError as error:
            kind = (
                BadSignatureError if isinstance(error, BadSignatureError) else PluginContractError
            )
            raise kind(mask_secrets(words(error), self.secrets()), plugin=self.info.id) from error


def _is_key(key: object) -> bool:
    return isinstance(key, str) and 0 < len(key) <= TEXT_CHARS_MAX and key.isprintable()


Request = TypeVar("Request", AuthorizeRequest, FollowUp)
log = logging.getLogger(__name__)
CLOSE = timedelta(seconds=5)
"""Longer than a working HTTP client needs."""
PROBLEMS_LOGGED_MAX = 5


@dataclass(frozen=True, slots=True)
class GuardedProcessor(GuardedCallbacks):
    """A processor that always returns an ``Outcome``."""

    async def authorize(self, request: AuthorizeRequest, context: CallContext) -> Outcome:
        async def authorize(own: AuthorizeRequest, own_context: CallContext) -> object:
            return await self.plugin.authorize(own, own_context)

        return await self._call(authorize, OperationKind.CHARGE, request, context)

    async def query(self, kind: OperationKind, request: FollowUp, context: CallContext) -> Outcome:
        """Implements ``CanQuery.query``; without it, an idempotent operation is sent again."""
        plugin = self.plugin
        if not isinstance(plugin, CanQuery):
            if self.capabilities.idempotent_operations:
                raise NotSentError(
                    "it does not support queries, but the operation may be sent again",
                    plugin=self.info.id,
                )
            return Unknown("the processor does not support queries")
        return await self._call(partial(plugin.query, kind), kind, request, context)

    # The core only calls declared capabilities. A processor whose plugin was replaced
    # since then declines.

    async def capture(self, request: FollowUp, context: CallContext) -> Outcome:
        does = self.plugin.capture if isinstance(self.plugin, CanCapture) else _declines
        return await self._call(does, OperationKind.CAPTURE, request, context)

    async def void(self, request: FollowUp, context: CallContext) -> Outcome:
        does = self.plugin.void if isinstance(self.plugin, CanVoid) else _declines
        return await self._call(does, OperationKind.VOID, request, context)

    async def refund(self, request: FollowUp, context: CallContext) -> Outcome:
        does = self.plugin.refund if isinstance(self.plugin, CanRefund) else _declines
        return await self._call(does, OperationKind.REFUND, request, context)

    async def wake(self, request: FollowUp, context: CallContext) -> None:
        """Implements ``CanWake.wake``.

        Raises:
            NotSentError: The wake-up failed and must be repeated.
        """
        plugin = self.plugin
        if not isinstance(plugin, CanWake):
            return
        own, secrets = _copied(request), [*_secrets(request), *self.secrets()]
        with self._own_context(context, secrets) as own_context:
            try:
                await within(
                    context.deadline,
                    lambda: plugin.wake(own, own_context),
                    plugin=self.info.id,
                )
            except (TimeoutError, PluginError) as error:
                reason = mask_secrets(words(error), secrets)
                raise NotSentError(reason, plugin=self.info.id) from error

    async def complete_action(
        self, request: FollowUp, params: Mapping[str, str], context: CallContext
    ) -> Outcome:
        """Implements ``CanContinue.complete_action``; without it, the operation is queried."""
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
        extra_secrets: Collection[str] = (),
    ) -> Outcome:
        own, secrets = _copied(request), [*_secrets(request), *extra_secrets, *self.secrets()]
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
        # The exception of a plugin may contain secrets of the request or the settings: mask
        # them before it is logged or stored.
        try:
            return without_secrets(
                await within(context.deadline, checked, plugin=self.info.id), secrets
            )
        except NotSentError as error:
            reason = mask_secrets(error.reason, secrets)
            raise NotSentError(reason, plugin=error.plugin) from error
        except TimeoutError:
            reason = f"no response within {context.deadline.total_seconds():g} s"
        except PluginError as error:
            reason = mask_secrets(error.reason, secrets)
        context.logger.warning("plugin failed", plugin=self.info.id, reason=reason)
        return Unknown(reason)

    @contextmanager
    def _own_context(self, context: CallContext, secrets: Collection[str]) -> Iterator[CallContext]:
        """Give the call its own context; check and pass on its wake-ups afterwards.

        They count whatever the result is: a lost response may be followed by callbacks. A
        wake-up that cannot be stored is dropped and logged; the result is not affected.
        """
        asked: list[WakeUp] = []
        try:
            yield replace(
                masked(context, secrets),
                state=deepcopy(context.state),
                wake_ups=asked,
            )
        finally:
            self._pass_on(list(asked), context, secrets)

    def _pass_on(
        self, asked: Sequence[WakeUp], context: CallContext, secrets: Collection[str]
    ) -> None:
        problems: list[str] = []
        for each in asked[:WAKE_UPS_MAX]:
            try:
                checked = contained(partial(checked_wake_up, each), plugin=self.info.id)
                state = mask_state(checked.state, secrets)
                context.wake_ups.append(replace(checked, state=state))
            except PluginError as error:
                problems.append(mask_secrets(words(error), secrets))
        if len(asked) > WAKE_UPS_MAX:
            problems.append(f"requested {len(asked)} wake-ups, the maximum is {WAKE_UPS_MAX}")
        for reason in problems[:PROBLEMS_LOGGED_MAX]:
            context.logger.warning(
                "wake-up of a plugin dropped", plugin=self.info.id, reason=reason
            )


@dataclass(frozen=True, slots=True)
class GuardedMethod:
    """A payment method that raises only input errors."""

    plugin: PaymentMethod
    info: MethodInfo

    def prepare(self, details: object, context: MethodContext) -> Instrument:
        try:
            instrument = self.plugin.prepare(details, context)  # type: ignore[arg-type]  # validated by the caller against info.input_model
        except InvalidInputError as refusal:
            raise checked_refusal(refusal, self.info) from refusal
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            # The message may contain what the payer typed.
            raise PluginError(
                f"raised {type(error).__name__} while preparing", plugin=self.info.code
            ) from error
        return contained(partial(checked_instrument, instrument, self.info), plugin=self.info.code)


@dataclass(frozen=True, slots=True)
class GuardedSink:
    """A sink that reports every exception as a failed attempt.

    Args:
        plugin: The sink.
        info: Its identity.
        owner: The id of its plugin.
    """

    plugin: EventSink
    info: PluginInfo
    owner: str
    secrets: Callable[[], Sequence[str]] = tuple

    @property
    def concerns_endpoint(self) -> bool:
        return getattr(self.plugin, "concerns_endpoint", True) is not False

    @property
    def only_if_named(self) -> bool:
        return getattr(self.plugin, "only_if_named", False) is True

    def wants(self, event_type: str, endpoint: Endpoint) -> bool:
        """Implements ``EventSink.wants``; an exception counts as False."""
        try:
            return contained(
                lambda: bool(self.plugin.wants(event_type, endpoint)), plugin=self.info.id
            )
        except PluginError as error:
            log.warning("sink %s failed in wants(): %s", self.info.id, words(error))
            return False

    async def deliver(
        self, event: DeliverableEvent, endpoint: Endpoint, context: CallContext
    ) -> DeliveryResult:
        known = (endpoint.secret, endpoint.previous_secret, *self.secrets())
        keys = [each for each in known if each]

        async def checked() -> DeliveryResult:
            own = masked(context, keys)
            result = checked_result(await self.plugin.deliver(event, endpoint, own))
            return without_keys(result, keys)

        try:
            return await within(context.deadline, checked, plugin=self.info.id)
        except TimeoutError:
            return DeliveryResult(delivered=False, error="timeout")
        except PluginError as error:
            reason = mask_secrets(error.reason, keys)
            context.logger.warning("sink failed", plugin=self.info.id, reason=reason)
            return DeliveryResult(delivered=False, error=SINK_FAILED)

    async def close(self) -> None:
        """Implements ``CanClose.close``; an exception or a timeout does not block the shutdown."""
        if not isinstance(self.plugin, CanClose):
            return
        try:
            await within(CLOSE, self.plugin.close, plugin=self.info.id)
        except (TimeoutError, PluginError) as error:
            log.warning("sink %s did not close: %s", self.info.id, words(error))


async def close_sinks(sinks: Iterable[EventSink]) -> None:
    """Close all sinks in parallel."""
    closing = [getattr(sink, "close", None) for sink in sinks]
    await asyncio.gather(*(close() for close in closing if close is not None))


@dataclass(frozen=True, slots=True)
class GuardedPolicy:
    """A retry policy that always returns a valid wait or None.

    Args:
        plugin: The policy.
        stand_in: Used if the policy fails: without a wait, nothing would be retried.
    """

    plugin: RetryPolicy
    stand_in: RetryPolicy
    name: str
    applies_to: frozenset[PolicyTarget]

    def next_delay(self, tries: Tries, *, now: datetime, rng: Random) -> timedelta | None:
        try:
            wait = contained(
                lambda: self.plugin.next_delay(tries, now=now, rng=rng), plugin=self.name
            )
        except PluginError as error:
            log.warning("retry policy %s %s", self.name, words(error))
            return self.stand_in.next_delay(tries, now=now, rng=rng)
        if wait is None or is_usable_wait(wait):
            return wait
        log.warning("retry policy %s returned an invalid wait", self.name)
        return self.stand_in.next_delay(tries, now=now, rng=rng)


async def _declines(_request: FollowUp, _context: CallContext) -> Outcome:
    return Declined(DeclineCode.PROCESSING_ERROR, retry="never")


def _secrets(request: AuthorizeRequest | FollowUp) -> Collection[str]:
    return (request.instrument.secret or {}).values()


def _copied(request: Request) -> Request:
    """Copy the request with its amount and instrument, so that the plugin may change them."""
    instrument = request.instrument
    secret = None if instrument.secret is None else dict(instrument.secret)
    own = replace(instrument, display=dict(instrument.display), secret=secret)
    return replace(request, amount=replace(request.amount), instrument=own)
