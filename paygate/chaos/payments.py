"""Make real payments through the API, and collect their events from its stream."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

from ..adapters.http.api_client import Api, StreamedEvent
from ..core.errors import OperatorError
from ..core.event import EventType
from ..core.plugin_api.sink import DeliverableEvent
from .books import PlayedPayment

WAIT_S = 60.0
# A refund of the simulators takes seconds, and many may wait at the same time.
AHEAD = 48
DETAILS: Mapping[str, Mapping[str, Any]] = {
    "upi": {"vpa": "asha@paytm"},
    "card": {
        "card": {
            "number": "4111111111111111",
            "expiry_month": "12",
            "expiry_year": "2035",
            "cvv": "123",
            "holder_name": "Asha Rao",
        }
    },
}
"""The details of a payment by method."""


@dataclass(frozen=True, slots=True)
class PaymentWish:
    """What is paid.

    Args:
        amount_minor: The amount, in minor units.
        method: The payment method, one of ``DETAILS``.
        scenario: What the simulated processor does.
        capture: The capture mode of the order.
    """

    amount_minor: int
    method: str = "upi"
    scenario: str = "approve"
    capture: str = "automatic"


async def create_payment(api: Api, wish: PaymentWish) -> tuple[Any, Any]:
    """Create an order and a payment of it; return both as the API shows them.

    Raises:
        OperatorError: The method is not known here, or the API refuses a request.
    """
    details = DETAILS.get(wish.method)
    if details is None:
        raise OperatorError(
            setting="--method",
            problem=f"{wish.method!r} is not known to this command",
            remedy=f"Choose one of: {', '.join(DETAILS)}",
        )
    order = await api.call(
        "POST", "/orders", {"amount": wish.amount_minor, "capture": wish.capture}
    )
    asked = {"order_id": order["id"], "method": wish.method, **details}
    payment = await api.call("POST", "/payments", asked, {"Paygate-Scenario": wish.scenario})
    return order, payment


@dataclass
class _Arrived:
    """The events of one payment so far."""

    events: dict[str, DeliverableEvent] = field(default_factory=dict)
    changed: asyncio.Event = field(default_factory=asyncio.Event)


class ApiPayments:
    """Implements ``Payments``: each is paid, and refunded in part if that is wanted.

    Some payments are made in advance, because a refund takes seconds.

    Args:
        api: The API.
        wish: What is paid.
        refund_minor: How much of it is refunded, in minor units; 0 for nothing.
        ahead: How many payments are made in advance.
    """

    def __init__(
        self, api: Api, wish: PaymentWish, *, refund_minor: int, ahead: int = AHEAD
    ) -> None:
        self._api = api
        self._wish = wish
        self._refund_minor = refund_minor
        self._ahead = ahead
        self._arrived: dict[str, _Arrived] = {}
        self._made: deque[asyncio.Task[PlayedPayment]] = deque()
        self._reader: asyncio.Task[None] | None = None

    async def __aenter__(self) -> ApiPayments:
        opened = asyncio.Event()
        self._reader = asyncio.create_task(self._read(opened))
        await self._unless_stopped(opened)
        return self

    async def __aexit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        running = [*self._made, *([self._reader] if self._reader else [])]
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    async def next(self) -> PlayedPayment:
        """Return a payment that no one else gets.

        Raises:
            OperatorError: The API refuses, or no worker processes the payment.
        """
        while len(self._made) < self._ahead:
            self._made.append(asyncio.create_task(self._make()))
        return await self._made.popleft()

    async def _make(self) -> PlayedPayment:
        order, payment = await create_payment(self._api, self._wish)
        await self._wait(payment["id"], EventType.PAYMENT_SUCCESS, EventType.PAYMENT_FAILED)
        if self._refund_minor:
            asked = {"amount": self._refund_minor, "reason": "chaos"}
            await self._api.call("POST", f"/payments/{payment['id']}/refunds", asked)
            await self._wait(payment["id"], EventType.REFUND_PROCESSED, EventType.REFUND_FAILED)
        return PlayedPayment(
            payment["id"], order["id"], order["currency"], self._arrived[payment["id"]].events
        )

    async def _wait(self, payment_id: str, wanted: str, unwanted: str) -> None:
        arrived = self._of(payment_id)
        while wanted not in arrived.events:
            arrived.changed.clear()
            await self._unless_stopped(arrived.changed)
            if unwanted in arrived.events:
                raise OperatorError(
                    setting="paygate chaos",
                    problem=f"the payment {payment_id} has the event {unwanted}",
                    remedy="See `paygate payments timeline`: simulated processors must approve",
                )

    async def _unless_stopped(self, event: asyncio.Event) -> None:
        """Wait for an event; not longer than the stream is read."""
        assert self._reader is not None, "it was entered"
        waiting = asyncio.create_task(event.wait())
        try:
            await asyncio.wait(
                {waiting, self._reader}, timeout=WAIT_S, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            waiting.cancel()
        if self._reader.done():
            self._reader.result()
        if not event.is_set():
            raise OperatorError(
                setting="paygate chaos",
                problem=f"no event came within {WAIT_S:g} s",
                remedy="Start a worker with `paygate work`, and release a stopped test clock",
            )

    async def _read(self, opened: asyncio.Event) -> None:
        async for streamed in self._api.events(None, opened):
            data = json.loads(streamed.body)["data"]
            if payment_id := data.get("payment_id"):
                arrived = self._of(str(payment_id))
                arrived.events.setdefault(streamed.type, _deliverable(streamed, str(payment_id)))
                arrived.changed.set()

    def _of(self, payment_id: str) -> _Arrived:
        return self._arrived.setdefault(payment_id, _Arrived())


def _deliverable(streamed: StreamedEvent, payment_id: str) -> DeliverableEvent:
    at = datetime.fromtimestamp(json.loads(streamed.body)["timestamp"], UTC)
    return DeliverableEvent(streamed.id, streamed.type, streamed.body, at, payment_id)
