"""The shoppers: they decide at their bank, come back, or cancel, some of it at the same moment."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

import aiohttp

from .journal import OK, UNAVAILABLE, Journal
from .plan import Payer

LOOK_AGAIN_S = 0.1
# A payment may be without its action for as long as a fault lasts.
PATIENCE_S = 20.0
ATTEMPTS = 20
OVER = frozenset({"success", "failed", "cancelled", "authorized"})


@dataclass(frozen=True, slots=True)
class _Page:
    """A payment's page in the shopper's browser."""

    path: str
    headers: Mapping[str, str]


class Payers:
    """Shoppers of payments whose bank asks them.

    Args:
        apis: The gateway's addresses; a request goes to any of them.
        journal: Gets the statuses of responses, and the cancellations that were acknowledged.
        rng: Chooses among the addresses.
    """

    def __init__(self, apis: Sequence[str], journal: Journal, rng: Random) -> None:
        self._apis = apis
        self._journal = journal
        self._rng = rng

    async def act(
        self, session: aiohttp.ClientSession, payment_id: str, secret: str, payer: Payer
    ) -> None:
        """Wait until the payment asks its shopper, and do what this shopper does.

        Args:
            session: Without keys.
            payment_id: The payment.
            secret: The order's ``client_secret``.
            payer: What the shopper does.
        """
        page = _Page(f"payments/{payment_id}", {"X-Client-Secret": secret})
        url = await self._asked(session, page)
        if url is None or payer == "leaves":
            return
        if payer == "cancels":
            await self._cancel(session, payment_id, page)
            return
        deciding = self._decide(session, url, approved=payer != "rejects")
        match payer:
            case "approves" | "rejects":
                await deciding
            case "approves and returns":
                await asyncio.gather(deciding, self._return(session, page))
            case "returns first":
                await self._return(session, page)
                await deciding
                await self._return(session, page)
            case "cancels while approving":
                await asyncio.gather(deciding, self._cancel(session, payment_id, page))

    async def _asked(self, session: aiohttp.ClientSession, page: _Page) -> str | None:
        """Return the bank's address for the decision; None if the payment ends without one."""
        give_up_s = time.monotonic() + PATIENCE_S
        while time.monotonic() < give_up_s:
            status, shown = await self._send(session, "GET", f"{page.path}/public", page.headers)
            if status == OK:
                if "next_action" in shown:
                    return str(shown["next_action"]["data"]["url"])
                if shown["status"] in OVER:
                    return None
            await asyncio.sleep(LOOK_AGAIN_S)
        return None

    async def _decide(self, session: aiohttp.ClientSession, url: str, *, approved: bool) -> None:
        async with session.post(url, json={"approved": approved}) as response:
            assert response.status == OK, await response.text()

    async def _return(self, session: aiohttp.ClientSession, page: _Page) -> None:
        await self._until_answered(session, f"{page.path}/complete", page.headers)

    async def _cancel(self, session: aiohttp.ClientSession, payment_id: str, page: _Page) -> None:
        path = f"{page.path}/public/cancel"
        if await self._until_answered(session, path, page.headers) == OK:
            self._journal.cancelled.add(payment_id)

    async def _until_answered(
        self, session: aiohttp.ClientSession, path: str, headers: Mapping[str, str]
    ) -> int:
        """Return the status of the first response that says what happened."""
        status = 0
        for _ in range(ATTEMPTS):
            status, _ = await self._send(session, "POST", path, headers)
            if status not in {0, UNAVAILABLE}:
                break
            await asyncio.sleep(LOOK_AGAIN_S)
        return status

    async def _send(
        self, session: aiohttp.ClientSession, method: str, path: str, headers: Mapping[str, str]
    ) -> tuple[int, Any]:
        url = f"{self._rng.choice(self._apis)}/api/v1/{path}"
        try:
            async with session.request(method, url, headers=headers) as response:
                shown = await response.json()
        except (aiohttp.ClientError, TimeoutError):
            return 0, {}
        self._journal.statuses[response.status] += 1
        return response.status, shown
