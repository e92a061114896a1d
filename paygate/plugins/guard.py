"""Stands between the core and a guest: deadline, result check, isolation.

The one place where a stray exception of a plugin becomes an answer. Whatever a
processor does, the core hears an ``Outcome`` or ``NotSentError``.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

from ..core.domain.delivery import DeliveryResult
from ..core.domain.endpoint import Endpoint
from ..core.domain.errors import (
    InvalidInputError,
    NotSentError,
    PluginContractError,
    PluginError,
)
from ..core.domain.instrument import Instrument
from ..core.domain.limits import (
    PLUGIN_STATE_BYTES_MAX,
    PLUGIN_TEXT_CHARS_MAX,
    RESPONSE_BYTES_KEPT_MAX,
)
from ..core.domain.money import Money
from ..core.domain.operation import OperationKind
from ..core.domain.outcome import ActionRequired, Approved, Declined, Outcome, Pending, Unknown
from ..core.domain.redaction import redact
from ..core.ports.plugins import (
    AuthorizeRequest,
    CallContext,
    CanQuery,
    Capabilities,
    DeliverableEvent,
    EventSink,
    FollowUp,
    MethodContext,
    MethodInfo,
    PaymentMethod,
    PluginInfo,
    Processor,
)

Answer = TypeVar("Answer")

WAIT_MAX = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class GuardedProcessor:
    """A processor whose every answer is an ``Outcome``."""

    guest: Processor
    info: PluginInfo
    capabilities: Capabilities

    async def authorize(self, request: AuthorizeRequest, context: CallContext) -> Outcome:
        """See ``Processor.authorize``."""
        return await self._call(self.guest.authorize(request, context), request.amount, context)

    async def query(self, kind: OperationKind, request: FollowUp, context: CallContext) -> Outcome:
        """See ``CanQuery.query``; a processor that cannot be asked is sent it again, if safe."""
        if not isinstance(self.guest, CanQuery):
            if self.capabilities.idempotent_operations:
                raise NotSentError("it cannot be asked, but may be told again", plugin=self.info.id)
            return Unknown("the processor cannot be asked")
        return await self._call(self.guest.query(kind, request, context), request.amount, context)

    async def _call(self, call: Awaitable[object], asked: Money, context: CallContext) -> Outcome:
        try:
            answer = await _within(context.deadline, call)
            return _checked(answer, asked)
        except NotSentError:
            raise
        except TimeoutError:
            reason = f"no answer within {context.deadline.total_seconds():g} s"
        except PluginContractError as error:
            reason = error.reason
        except Exception as error:  # noqa: BLE001 - a guest may raise anything
            reason = f"raised {type(error).__name__}: {error}"
        reason = redact(reason)[:PLUGIN_TEXT_CHARS_MAX]
        context.logger.warning("plugin failed", plugin=self.info.id, reason=reason)
        return Unknown(reason)


@dataclass(frozen=True, slots=True)
class GuardedMethod:
    """A payment method that raises nothing but refusals."""

    guest: PaymentMethod
    info: MethodInfo

    def prepare(self, details: object, context: MethodContext) -> Instrument:
        """See ``PaymentMethod.prepare``."""
        try:
            instrument = self.guest.prepare(details, context)  # type: ignore[arg-type]  # validated by the caller against info.input_model
        except InvalidInputError:
            raise
        except Exception as error:
            raise PluginError(
                f"raised {type(error).__name__} while preparing", plugin=self.info.code
            ) from error
        if not isinstance(instrument, Instrument) or instrument.method != self.info.code:
            raise PluginContractError("prepared no instrument of its own", plugin=self.info.code)
        if instrument.flow not in self.info.flows:
            raise PluginContractError(
                f"prepared the undeclared flow {instrument.flow!r}", plugin=self.info.code
            )
        return instrument


@dataclass(frozen=True, slots=True)
class GuardedSink:
    """A sink whose every failure is a failed attempt."""

    guest: EventSink
    info: PluginInfo

    def wants(self, event_type: str, endpoint: Endpoint) -> bool:
        """See ``EventSink.wants``; one that raises is taken to want nothing."""
        try:
            return bool(self.guest.wants(event_type, endpoint))
        except Exception:  # noqa: BLE001 - a guest may raise anything
            return False

    async def deliver(
        self, event: DeliverableEvent, endpoint: Endpoint, context: CallContext
    ) -> DeliveryResult:
        """See ``EventSink.deliver``."""
        try:
            result = await _within(context.deadline, self.guest.deliver(event, endpoint, context))
        except TimeoutError:
            return DeliveryResult(delivered=False, error="timeout")
        except Exception as error:  # noqa: BLE001 - a guest may raise anything
            reason = redact(f"{type(error).__name__}: {error}")[:PLUGIN_TEXT_CHARS_MAX]
            context.logger.warning("sink failed", plugin=self.info.id, reason=reason)
            return DeliveryResult(delivered=False, error="sink_failed")
        return _checked_result(result)


async def _within(deadline: timedelta, call: Awaitable[Answer]) -> Answer:
    async with asyncio.timeout(deadline.total_seconds()):
        return await call


def _checked(answer: object, asked: Money) -> Outcome:
    """The answer, if it is one.

    Raises:
        PluginContractError: It is junk; the operation is treated as unknown.
    """
    match answer:
        case Approved(reference=str(reference), amount=Money() as amount):
            if amount.currency != asked.currency or amount > asked or not amount:
                raise PluginContractError(f"approved {amount} of {asked}")
            if not 0 < len(reference) <= 255 or not reference.isprintable():
                raise PluginContractError("approved without a usable reference")
        case Declined() | Unknown():
            pass
        case (
            Pending(resolve_after=timedelta() as wait, state=state)
            | ActionRequired(resolve_after=timedelta() as wait, state=state)
        ):
            _check_wait(wait)
            _check_state(state)
        case _:
            raise PluginContractError(f"answered with {type(answer).__name__}, not an Outcome")
    return answer


def _check_wait(wait: timedelta) -> None:
    if not timedelta(0) <= wait <= WAIT_MAX:
        raise PluginContractError(f"asked to wait {wait}")


def _check_state(state: object) -> None:
    if state is None:
        return
    try:
        text = json.dumps(state, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise PluginContractError("its state is not plain JSON") from error
    if len(text) > PLUGIN_STATE_BYTES_MAX or "\\u0000" in text:
        raise PluginContractError("its state cannot be stored")


def _checked_result(result: object) -> DeliveryResult:
    if not isinstance(result, DeliveryResult):
        return DeliveryResult(delivered=False, error="sink_failed")
    body = result.body
    if body is None:
        return result
    clean = body.replace("\0", "").encode(errors="replace")[:RESPONSE_BYTES_KEPT_MAX]
    return DeliveryResult(
        delivered=result.delivered,
        status_code=result.status_code,
        body=clean.decode(errors="ignore"),
        error=result.error,
        retry_after=result.retry_after,
    )
