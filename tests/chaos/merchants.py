"""The merchants' programs."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence
from random import Random
from typing import Any

import aiohttp

from tests.harness.apps import KEYS

from .journal import CONFLICT, CREATED, OK, Journal
from .payers import Payers
from .plan import Purchase

AGAIN_S = 0.2
# A payment of a bank that cannot be asked may stay open; its merchant goes on to the next one.
PATIENCE_S = 25.0
REQUEST_TIMEOUT_S = 15.0


class Merchants:
    """Programs that sell until they are stopped.

    Args:
        apis: The gateway's addresses; a request goes to any of them.
        purchases: What they sell.
        rng: Chooses among the addresses.
    """

    def __init__(self, apis: Sequence[str], purchases: Iterator[Purchase], rng: Random) -> None:
        self.journal = Journal()
        self._apis = apis
        self._purchases = purchases
        self._rng = rng
        self._payers = Payers(apis, self.journal, rng)
        self._is_over = False
        self._left: int | None = None

    async def sell(self, *, programs: int, payments: int | None) -> None:
        """Sell until stopped, or until so many payments were begun."""
        self._left = payments
        timeout = aiohttp.ClientTimeout(total=REQUEST_TIMEOUT_S)
        async with (
            aiohttp.ClientSession(headers=KEYS, timeout=timeout) as session,
            aiohttp.ClientSession(timeout=timeout) as browsers,
            asyncio.TaskGroup() as group,
        ):
            for _ in range(programs):
                group.create_task(self._run(session, browsers))

    def stop(self) -> None:
        """Begin nothing new."""
        self._is_over = True

    async def _run(self, session: aiohttp.ClientSession, browsers: aiohttp.ClientSession) -> None:
        while not self._is_over and (self._left is None or self._left > 0):
            if self._left is not None:
                self._left -= 1
            await self._sell_one(session, browsers, next(self._purchases))

    async def _sell_one(
        self,
        session: aiohttp.ClientSession,
        browsers: aiohttp.ClientSession,
        purchase: Purchase,
    ) -> None:
        key = f"purchase-{purchase.number}"
        mode = {"capture": "manual"} if purchase.is_manual else {}
        order = await self._until_answered(
            session, "orders", {"amount": purchase.amount, **mode}, f"{key}-order"
        )
        self.journal.orders.add(order["id"])
        body = {
            "order_id": order["id"],
            "method": "bank",
            "flow": purchase.flow,
            "charge": purchase.charge,
            "later": purchase.later,
        }
        answers = await asyncio.gather(
            *(
                self._until_answered(session, "payments", body, f"{key}-payment")
                for _ in range(purchase.copies)
            )
        )
        ids = {answer["id"] for answer in answers}
        if len(ids) > 1:
            self.journal.broken_promises.append(f"one key, several payments: {sorted(ids)}")
        (payment_id, *_) = ids
        self.journal.payments[payment_id] = purchase
        if purchase.charge == "ask":
            await self._payers.act(browsers, payment_id, order["client_secret"], purchase.payer)
        await self._follow_up(session, payment_id, purchase, key)

    async def _follow_up(
        self, session: aiohttp.ClientSession, payment_id: str, purchase: Purchase, key: str
    ) -> None:
        if purchase.follow_up == "nothing":
            return
        wanted = "authorized" if purchase.is_manual else "success"
        if not await self._is_reached(session, payment_id, wanted):
            return
        half = purchase.amount // 2
        match purchase.follow_up:
            case "refund":
                await self._refund(session, payment_id, purchase.amount, f"{key}-refund")
            case "refund in parts":
                # Together more than the payment: at most one of the large ones may succeed.
                parts = (half, half + 100, purchase.amount - half)
                await asyncio.gather(
                    *(
                        self._refund(session, payment_id, part, f"{key}-refund-{number}")
                        for number, part in enumerate(parts)
                    )
                )
            case "capture":
                await self._capture(session, payment_id, {}, f"{key}-capture")
            case "capture in parts":
                part = {"amount": half, "final": False}
                await self._capture(session, payment_id, part, f"{key}-capture-1")
                if await self._is_reached(session, payment_id, "authorized"):
                    await self._capture(session, payment_id, {}, f"{key}-capture-2")
            case "void":
                path = f"payments/{payment_id}/cancel"
                if await self._until_answered(session, path, {}, f"{key}-void") is not None:
                    self.journal.voids[payment_id] += 1

    async def _refund(
        self, session: aiohttp.ClientSession, payment_id: str, amount: int, key: str
    ) -> None:
        path = f"payments/{payment_id}/refunds"
        refund = await self._until_answered(session, path, {"amount": amount}, key)
        if refund is not None:
            self.journal.refunds[refund["id"]] = payment_id

    async def _capture(
        self, session: aiohttp.ClientSession, payment_id: str, body: dict[str, Any], key: str
    ) -> None:
        path = f"payments/{payment_id}/capture"
        if await self._until_answered(session, path, body, key) is not None:
            self.journal.captures[payment_id] += 1

    async def _is_reached(
        self, session: aiohttp.ClientSession, payment_id: str, wanted: str
    ) -> bool:
        """Wait for a status; return False if another one is final, or it takes too long."""
        give_up_s = time.monotonic() + PATIENCE_S
        while time.monotonic() < give_up_s and not self._is_over:
            status, payment = await self._send(session, "GET", f"payments/{payment_id}", None, None)
            if status == OK:
                if payment["substatus"] == wanted:
                    return True
                if payment["substatus"] in {"success", "failed", "cancelled"}:
                    return False
            await asyncio.sleep(AGAIN_S)
        return False

    async def _until_answered(
        self, session: aiohttp.ClientSession, path: str, body: dict[str, Any], key: str
    ) -> Any:
        """Repeat a request with its key until there is a definite response.

        Returns:
            The response; None if the request was refused.
        """
        while True:
            status, answer = await self._send(session, "POST", path, body, key)
            if status in {OK, CREATED}:
                return answer
            is_in_progress = status == CONFLICT and answer.get("error", {}).get("code") == (
                "IDEMPOTENCY_IN_PROGRESS"
            )
            if 400 <= status < 500 and not is_in_progress:
                return None
            await asyncio.sleep(AGAIN_S)

    async def _send(
        self,
        session: aiohttp.ClientSession,
        method: str,
        path: str,
        body: dict[str, Any] | None,
        key: str | None,
    ) -> tuple[int, Any]:
        """Send a request once; return 0 if there is no response."""
        url = f"{self._rng.choice(self._apis)}/api/v1/{path}"
        headers = {} if key is None else {"Idempotency-Key": key}
        try:
            async with session.request(method, url, json=body, headers=headers) as response:
                answer = await response.json()
        except (aiohttp.ClientError, TimeoutError):
            return 0, {}
        self.journal.statuses[response.status] += 1
        if response.status == CREATED:
            self.journal.created_s.append(time.monotonic())
        return response.status, answer
