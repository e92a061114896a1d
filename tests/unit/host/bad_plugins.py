"""Plugins that misbehave, one class for each way, and helpers around them."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from random import Random
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from paygate import (
    AuthorizeRequest,
    CallContext,
    Capabilities,
    DeliverableEvent,
    DeliveryResult,
    Endpoint,
    FollowUp,
    Instrument,
    MethodInfo,
    PluginInfo,
)
from paygate.plugins.guard import GuardedMethod, GuardedProcessor, GuardedSink
from tests.unit.samples import MERCHANT_ID, NOW, RS_499

CAN_TOSS = Capabilities(methods={"coin": frozenset({"toss"})}, query=True, refund="full")


@dataclass
class ListLog:
    """Keeps what is logged."""

    lines: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def debug(self, event, **fields):
        self.lines.append((event, fields))

    info = warning = debug


class StillClock:
    def now(self):
        return NOW


class NoHttp:
    def check(self, url):
        raise AssertionError("nobody asked for the network")

    async def post(self, url, **_):
        raise AssertionError("nobody asked for the network")

    async def close(self):
        pass


def context(*, deadline=timedelta(seconds=5), state=None, log=None):
    return CallContext(
        merchant_id=MERCHANT_ID,
        operation_id="op_ABCDEFGHijklmn01",
        deadline=deadline,
        clock=StillClock(),
        rng=Random(1),
        http=NoHttp(),
        logger=log or ListLog(),
        state=state,
    )


def request(*, display=None):
    instrument = Instrument("coin", "toss", {"coin": "gold"} if display is None else display)
    return AuthorizeRequest("pay_ABCDEFGHijklmn01", RS_499, instrument)


def follow_up():
    asked = request()
    return FollowUp(asked.payment_id, "op_1", asked.amount, asked.instrument, asked_at=NOW)


class Answers:
    """A processor that answers with whatever it was given, or raises it."""

    info = PluginInfo("answers", "1")
    capabilities = CAN_TOSS

    def __init__(self, answer):
        self.answer = answer

    async def authorize(self, request, context):
        return await self._say(request, context)

    async def query(self, kind, request, context):
        return await self._say(request, context)

    async def refund(self, request, context):
        return await self._say(request, context)

    async def _say(self, request, context):
        if isinstance(self.answer, BaseException):
            raise self.answer
        return self.answer(request, context) if callable(self.answer) else self.answer


class Hangs(Answers):
    """Never answers, and ends when it is cancelled."""

    def __init__(self):
        self.began, self.ended, self.may_end = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def _say(self, request, context):
        self.began.set()
        try:
            await self._hang()
        finally:
            self.ended.set()

    async def _hang(self):
        await self.may_end.wait()


class Stubborn(Hangs):
    """Does not even end when it is cancelled."""

    async def _hang(self):
        while not self.may_end.is_set():
            with suppress(asyncio.CancelledError):
                await self.may_end.wait()


class CancelsItself(Answers):
    """Waits for a task of its own that was cancelled."""

    def __init__(self):
        pass

    async def _say(self, request, context):
        task = asyncio.ensure_future(asyncio.Event().wait())
        asyncio.get_running_loop().call_soon(task.cancel)
        await task


class PlainFunctions:
    """Forgot that it is to be awaited."""

    info = PluginInfo("plain", "1")
    capabilities = CAN_TOSS

    def __init__(self, answer):
        self.answer = answer

    def authorize(self, request, context):
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def query(self, kind, request, context):
        return self.authorize(request, context)

    def refund(self, request, context):
        return self.authorize(request, context)


class OtherSignature:
    """Takes other arguments than it is given."""

    info = PluginInfo("other", "1")
    capabilities = CAN_TOSS

    async def authorize(self, request):
        raise AssertionError("unreachable")

    async def query(self, request):
        raise AssertionError("unreachable")

    async def refund(self):
        raise AssertionError("unreachable")


class CannotBeAsked:
    """Has no query and no refund."""

    info = PluginInfo("mute", "1")
    capabilities = replace(CAN_TOSS, query=False, refund="none")

    async def authorize(self, request, context):
        raise AssertionError("unreachable")


def guarded(plugin):
    return GuardedProcessor(plugin, plugin.info, plugin.capabilities)


class CoinInput(BaseModel):
    coin: str = "gold"


@dataclass
class Prepares:
    """A method that prepares whatever it was given, or raises it."""

    prepared: object

    info = MethodInfo("coin", "Coin", frozenset({"toss"}), CoinInput)

    def prepare(self, details, context):
        if isinstance(self.prepared, Exception):
            raise self.prepared
        return self.prepared


def guarded_method(prepared):
    return GuardedMethod(Prepares(prepared), Prepares.info)


@dataclass
class Delivers:
    """A sink that delivers whatever it was given, or raises it."""

    result: object
    wanted: object = True
    began: asyncio.Event = field(default_factory=asyncio.Event)

    info = PluginInfo("delivers", "1")

    def wants(self, event_type, endpoint):
        if isinstance(self.wanted, Exception):
            raise self.wanted
        return self.wanted

    async def deliver(self, event, endpoint, context):
        self.began.set()
        if isinstance(self.result, BaseException):
            raise self.result
        if self.result is asyncio.Event:
            await asyncio.Event().wait()
        return self.result


class PlainSink(Delivers):
    """Forgot that it is to be awaited."""

    def deliver(self, event, endpoint, context):
        return DeliveryResult(True, 200)


def guarded_sink(plugin):
    return GuardedSink(plugin, plugin.info, "bad")


EVENT = DeliverableEvent("evt_1", "payment.success", b"{}", NOW)
ENDPOINT = Endpoint(UUID(int=3), MERCHANT_ID, "https://shop.example/hooks", "whsec_x")
