"""Scripted plugins."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta

from pydantic import BaseModel

from paygate import (
    Approved,
    AuthorizeRequest,
    CallContext,
    Capabilities,
    DeliverableEvent,
    DeliveryResult,
    Endpoint,
    EventSink,
    FollowUp,
    Instrument,
    MethodContext,
    MethodInfo,
    OperationKind,
    Outcome,
    PaymentMethod,
    PluginInfo,
    Processor,
    RetryPolicy,
    hookimpl,
)
from paygate.core.errors import NotSentError
from paygate.plugins.defaults import Schedule
from paygate.plugins.host import Found

Step = Outcome | Exception


class CoinInput(BaseModel):
    coin: str = "gold"
    secret: str | None = None


class CoinMethod:
    """Pays with a coin whose name may be shown."""

    info = MethodInfo("coin", "Coin", frozenset({"toss"}), CoinInput, "invalid_coin")

    def prepare(self, details: BaseModel, context: MethodContext) -> Instrument:
        assert isinstance(details, CoinInput)
        secret = {"secret": details.secret} if details.secret else None
        return Instrument("coin", "toss", display={"coin": details.coin}, secret=secret)


@dataclass
class ScriptedProcessor:
    """Answers from a script; approves when it runs out. Remembers every call."""

    authorizations: list[Step] = field(default_factory=list)
    queries: list[Step] = field(default_factory=list)
    captures: list[Step] = field(default_factory=list)
    voids: list[Step] = field(default_factory=list)
    refunds: list[Step] = field(default_factory=list)
    calls: list[tuple[str, str, str]] = field(default_factory=list)
    secrets: list[object] = field(default_factory=list)
    takes: list[bool] = field(default_factory=list)
    follow_ups: list[FollowUp] = field(default_factory=list)
    refund_requests: list[FollowUp] = field(default_factory=list)
    before_answer: Callable[[str], object] | None = None

    info = PluginInfo("scripted", "1")
    capabilities = Capabilities(
        methods={"coin": frozenset({"toss"})},
        capture="multiple",
        void=True,
        refund="multiple",
        query=True,
    )

    async def authorize(self, request: AuthorizeRequest, context: CallContext) -> Outcome:
        self.calls.append(("authorize", context.operation_id, request.payment_id))
        self.secrets.append(request.instrument.secret)
        self.takes.append(request.capture)
        return await self._next(self.authorizations, request, context)

    async def capture(self, request: FollowUp, context: CallContext) -> Outcome:
        self.calls.append(("capture", context.operation_id, request.payment_id))
        self.follow_ups.append(request)
        return await self._next(self.captures, request, context)

    async def void(self, request: FollowUp, context: CallContext) -> Outcome:
        self.calls.append(("void", context.operation_id, request.payment_id))
        self.follow_ups.append(request)
        return await self._next(self.voids, request, context)

    async def refund(self, request: FollowUp, context: CallContext) -> Outcome:
        self.calls.append(("refund", context.operation_id, request.payment_id))
        self.refund_requests.append(request)
        return await self._next(self.refunds, request, context)

    async def query(self, kind: OperationKind, request: FollowUp, context: CallContext) -> Outcome:
        self.calls.append(("query", context.operation_id, request.payment_id))
        return await self._next(self.queries, request, context)

    async def _next(
        self, script: list[Step], request: AuthorizeRequest | FollowUp, context: CallContext
    ) -> Outcome:
        if self.before_answer is not None:
            waiting = self.before_answer(request.payment_id)
            if hasattr(waiting, "__await__"):
                await waiting
        step = script.pop(0) if script else Approved(f"ref-{context.operation_id}", request.amount)
        if isinstance(step, Exception):
            raise step
        return step


@dataclass
class RecordingSink:
    """Keeps what it is given; answers from a script, then 200."""

    script: list[DeliveryResult] = field(default_factory=list)
    delivered: list[DeliverableEvent] = field(default_factory=list)
    before_answer: Callable[[DeliverableEvent, Endpoint], object] | None = None

    info = PluginInfo("recording", "1")

    def wants(self, event_type: str, endpoint: Endpoint) -> bool:
        return endpoint.url is not None

    async def deliver(
        self, event: DeliverableEvent, endpoint: Endpoint, context: CallContext
    ) -> DeliveryResult:
        self.delivered.append(event)
        if self.before_answer is not None:
            waiting = self.before_answer(event, endpoint)
            if hasattr(waiting, "__await__"):
                await waiting
        return self.script.pop(0) if self.script else DeliveryResult(True, 200, "OK")

    @property
    def types(self) -> list[str]:
        return [event.type for event in self.delivered]


@dataclass
class Fakes:
    """One plugin that offers all of them, with short schedules."""

    processor: ScriptedProcessor = field(default_factory=ScriptedProcessor)
    sink: RecordingSink = field(default_factory=RecordingSink)
    delivery_waits_s: tuple[float, ...] = (0.0, 0.0, 0.0, 0.0)
    query_waits_s: tuple[float, ...] = (0.0, 0.0, 0.0)

    def forget(self) -> None:
        """Have no script and no memory, as when they were made."""
        for part in (self.processor, self.sink):
            vars(part).update(vars(type(part)()))

    def hold_answers(self) -> tuple[asyncio.Event, asyncio.Event]:
        """Keep the processor's answers back: set when it is called, and to be set to go on."""
        is_asked, may_answer = asyncio.Event(), asyncio.Event()

        async def wait(_payment_id: str) -> None:
            is_asked.set()
            await may_answer.wait()

        self.processor.before_answer = wait
        return is_asked, may_answer

    @hookimpl
    def paygate_methods(self) -> Iterable[PaymentMethod]:
        return [CoinMethod()]

    @hookimpl
    def paygate_processors(self) -> Iterable[Processor]:
        return [self.processor]

    @hookimpl
    def paygate_event_sinks(self) -> Iterable[EventSink]:
        return [self.sink]

    @hookimpl
    def paygate_retry_policies(self) -> Iterable[RetryPolicy]:
        def schedule(name: str, target: str, waits: Iterable[float]) -> Schedule:
            return Schedule(
                name, frozenset({target}), tuple(timedelta(seconds=wait) for wait in waits)
            )

        return [
            schedule("fast deliveries", "delivery", self.delivery_waits_s),
            schedule("fast queries", "query", self.query_waits_s),
            schedule("fast operations", "operation", self.query_waits_s),
        ]

    def found(self) -> list[Found]:
        return [Found("fakes", self, "1")]


def not_sent() -> NotSentError:
    return NotSentError("the line is down")
