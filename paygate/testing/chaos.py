"""The bad days of a payment in a merchant's test suite."""

from __future__ import annotations

import asyncio
import inspect
import json
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from ..adapters.clock.database import SystemClock
from ..adapters.http.loopback import LoopbackClient
from ..chaos.books import PlayedPayment
from ..chaos.check import ChaosQuestion, UrlCheck
from ..chaos.handler import Answer, Handler, HttpHandler
from ..chaos.plan import PlanOptions, SignatureKind
from ..chaos.report import ChaosReport
from ..chaos.run import ChaosOptions, ChaosRun
from ..chaos.sequence import Fault, parse_steps, steps_to_text
from ..core.plugin_api.http_client import HttpResponse
from ..core.plugin_api.sink import DeliverableEvent
from ..core.webhooks.store import FedEvent
from ..plugins.forwarding import Forwarder, find_sink
from . import actions
from .background_loop import BackgroundLoop
from .core import AppCore

SINK = "webhook_http"
HOST = "handler.localhost"

HandlerFunction = Callable[[bytes, Mapping[str, str]], int | Awaitable[int]]
"""A handler without a socket: gets the body and the headers, returns the status."""
CheckFunction = Callable[[ChaosQuestion], Any]
"""A check: see ``Chaos.run``."""


class Chaos:
    """Plays the bad days of payments of one gateway to a webhook handler.

    Args:
        loop: The loop in which the app runs.
        core: The app.
    """

    def __init__(self, loop: BackgroundLoop, core: AppCore) -> None:
        self._loop = loop
        self._core = core

    def __call__(
        self, handler: str | HandlerFunction, check: str | CheckFunction, **options: Any
    ) -> ChaosReport:
        """Play and judge, and block until it is done. See ``run``; not for async tests."""
        return asyncio.run(self.run(handler, check, **options))

    async def run(
        self,
        handler: str | HandlerFunction,
        check: str | CheckFunction,
        *,
        amount: int = 50_000,
        seed: int = 1,
        orders: int = 120,
        mixed: int = 40,
        events: tuple[str, ...] = (),
        sequence: str | None = None,
        signature: str = SignatureKind.STANDARD,
        secret: str | None = None,
    ) -> ChaosReport:
        """Play every sequence, each with a payment of its own, and judge the shop's books.

        Args:
            handler: A URL on this machine, or a function that gets the body and the headers (their
                names in lower case) and returns the status.
            check: A URL, or a function that gets a ``ChaosQuestion``. The books are right if it
                returns None or True. They are wrong if it returns False or a text, or raises an
                AssertionError. If it returns a mapping, its fields are compared with those of
                ``question.expected``.
            amount: The amount of each payment, in minor units. Two fifths are refunded.
            seed: Of what is chosen at random.
            orders: At most so many orders of the events.
            mixed: So many sequences with several faults at once.
            events: Filters such as ``payment.*``; empty for all.
            sequence: Play only this one, as a report prints it.
            signature: ``standard`` or ``plain``: what the handler verifies.
            secret: Signs the events; None for the secret of the merchant.

        Returns:
            The report, if everything was right.

        Raises:
            AssertionError: The handler failed; the message is the report.
            ValueError: An option is wrong, or the gateway delivers to the handler by itself.
        """
        await self._refuse_own_deliveries(handler)
        options = ChaosOptions(
            plan=PlanOptions(seed, orders, mixed, SignatureKind(signature)),
            events=events,
            only=None if sequence is None else parse_steps(sequence),
            at_once=1,
        )
        if secret is None:
            secret = await self._loop.run_async(self._core.webhook_secret())
        payments = _AppPayments(self._loop, self._core, amount)
        judge = UrlCheck(check) if isinstance(check, str) else _FunctionCheck(check)
        http = LoopbackClient()
        sender = self._sender(handler, http, secret)
        try:
            return _accepted(await ChaosRun(payments, sender, judge, options).run())
        except ExceptionGroup as group:
            # The first error ended the others.
            raise group.exceptions[0] from None
        finally:
            await http.close()

    def _sender(self, handler: str | HandlerFunction, http: LoopbackClient, secret: str) -> Handler:
        """Return what sends to the handler; a function gets the requests of a host of its own."""
        url = handler if isinstance(handler, str) else f"http://{HOST}/webhook"
        clock, logger = SystemClock(), self._core.deps.logger
        forwarder = Forwarder(find_sink(SINK, {}), url, http=http, clock=clock, logger=logger)
        sender = HttpHandler(forwarder, http=http, clock=clock, secret=secret)
        if isinstance(handler, str):
            return sender
        function = _FunctionHandler(handler)
        http.receive(HOST, function.receive)
        return _FunctionSender(function, sender)

    async def _refuse_own_deliveries(self, handler: str | HandlerFunction) -> None:
        config = await self._loop.run_async(self._core.api.get("/merchant/config"))
        if config["webhook_url"] == handler:
            raise ValueError(f"the gateway itself delivers to {handler}: it would get more events")


class _AppPayments:
    """Implements ``Payments`` with an app of the test."""

    def __init__(self, loop: BackgroundLoop, core: AppCore, amount_minor: int) -> None:
        self._loop = loop
        self._core = core
        self._amount_minor = amount_minor

    async def next(self) -> PlayedPayment:
        """See ``Payments.next``."""
        return await self._loop.run_async(self._make())

    async def _make(self) -> PlayedPayment:
        before = await self._core.deps.storage.feed.head()
        payment = await actions.pay(self._core, self._amount_minor, scenario="approve")
        await actions.refund(self._core, payment, 2 * self._amount_minor // 5)
        fed = await self._core.events_after(before)
        events = {each.type: event for each in fed if (event := _of(each, payment["id"]))}
        return PlayedPayment(payment["id"], payment["order_id"], payment["currency"], events)


def _accepted(report: ChaosReport) -> ChaosReport:
    """Return the report.

    Raises:
        AssertionError: Something is wrong.
    """
    if report.is_right:
        return report
    smallest = (steps_to_text(each.smallest.sequence) for each in report.failures)
    raise AssertionError(report.as_text([f"sequence={each!r}" for each in smallest]))


def _of(fed: FedEvent, payment_id: str) -> DeliverableEvent | None:
    payload = json.loads(fed.body)
    if payload["data"].get("payment_id") != payment_id:
        return None
    at = datetime.fromtimestamp(payload["timestamp"], UTC)
    return DeliverableEvent(fed.id, fed.type, fed.body, at, payment_id)


class _FunctionCheck:
    """Implements ``Check`` with a function of the test."""

    def __init__(self, check: CheckFunction) -> None:
        self._check = check

    async def ask(self, question: ChaosQuestion) -> str | None:
        """See ``Check.ask``."""
        try:
            result = self._check(question)
            if inspect.isawaitable(result):
                result = await result
        except AssertionError as error:
            return str(error) or "the check says no"
        if isinstance(result, Mapping):
            return ", ".join(question.expected.differences(result)) or None
        if result is None or isinstance(result, bool):
            return "the check says no" if result is False else None
        return str(result) or None


class _FunctionHandler:
    """Receives the requests of the sink with a function of the test.

    Args:
        handle: The function.
    """

    def __init__(self, handle: HandlerFunction) -> None:
        self._handle = handle
        self.error: Exception | None = None

    async def receive(self, _url: str, headers: Mapping[str, str], body: bytes) -> HttpResponse:
        """Respond to a request; see ``Receiver``."""
        try:
            status = self._handle(body, headers)
            if not isinstance(status, int):
                status = await status
        except Exception as error:
            # The host of the sink turns it into a failed delivery.
            self.error = error
            raise
        return HttpResponse(status, {}, b"", is_truncated=False)


class _FunctionSender:
    """Implements ``Handler``: an exception of the test's function ends the run."""

    def __init__(self, function: _FunctionHandler, sender: Handler) -> None:
        self._function = function
        self._sender = sender

    async def send(self, event: DeliverableEvent, fault: Fault | None) -> Answer:
        """See ``Handler.send``."""
        answer = await self._sender.send(event, fault)
        if self._function.error is not None:
            raise self._function.error
        return answer


__all__ = ["Chaos", "ChaosQuestion", "ChaosReport"]
