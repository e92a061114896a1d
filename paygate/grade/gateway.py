"""The gateway under test: requests with or without keys, and what most clauses need first."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeVar

from ..core.clock import Clock
from ..core.plugin_api.http_client import Http, HttpError, HttpMethod
from .answer import (
    MASK,
    Answer,
    BrokenClauseError,
    Evidence,
    NotSeenError,
    masked,
    printable,
)

API = "/api/v1"
POLL_S = 0.1
BODY_BYTES_MAX = 1024 * 1024
AMOUNT_MINOR = 50_000
PAYMENTS_MAX = 3
"""So many payments are tried until one succeeds: outside of a test mode some are declined."""
ALL_FAILED = (
    f"{PAYMENTS_MAX} payments in turn failed; start the gateway with TEST_MODE=true and "
    "TEST_PAYMENT_SUCCESS=true"
)
Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Keys:
    """What a request is authenticated with.

    Args:
        shown: Its name in a report.
        key: ``X-Api-Key``; None leaves the header out.
        secret: ``X-Api-Secret``; None leaves the header out.
    """

    shown: str
    key: str | None = None
    secret: str | None = field(default=None, repr=False)

    @property
    def headers(self) -> dict[str, str]:
        """The headers of a request."""
        given = {"X-Api-Key": self.key, "X-Api-Secret": self.secret}
        return {name: value for name, value in given.items() if value is not None}


NO_KEYS = Keys("without keys")


@dataclass(frozen=True, slots=True)
class Target:
    """Which gateway is checked, and as whom.

    Args:
        url: Its address, without ``/api/v1``.
        keys: The merchant's keys.
        others: The keys of another merchant, if there are any.
        timeout: Of each request and of each wait for something to happen.
        run_id: Is in every text that must be new in each run.
    """

    url: str
    keys: Keys
    others: Keys | None = None
    timeout: timedelta = timedelta(seconds=30)
    run_id: str = "grade"


class Gateway:
    """Requests to the gateway under test.

    Args:
        target: The gateway.
        http: Sends the requests.
        clock: The time of the machine that checks.
    """

    def __init__(self, target: Target, http: Http, clock: Clock) -> None:
        self.target = target
        self.clock = clock
        self.secrets: set[str] = set()
        self.pending_s: float | None = None
        """So long every payment was pending that was waited for, in seconds; maybe longer."""
        self._http = http
        for keys in (target.keys, target.others):
            if keys is not None and keys.secret:
                self.secrets.add(keys.secret)

    @property
    def timeout_s(self) -> float:
        """How long to wait for something to happen, in seconds."""
        return self.target.timeout.total_seconds()

    def hide(self, text: str) -> str:
        """Return a text with a mask in place of every secret of this run."""
        for secret in self.secrets:
            text = text.replace(secret, MASK)
        return text

    async def call(
        self,
        method: HttpMethod,
        path: str,
        body: Any = None,
        *,
        keys: Keys | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send a request.

        Args:
            method: The HTTP method.
            path: Below ``/api/v1``; ``/health`` is at the root.
            body: Sent as JSON; None for no body.
            keys: None for the merchant's own.
            headers: Further headers.

        Raises:
            BrokenClauseError: There is no answer.
        """
        signed = keys or self.target.keys
        whole = path if path == "/health" else f"{API}{path}"
        sent = self._shown(method, whole, body, signed, headers or {})
        given = {**signed.headers, **(headers or {})}
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        try:
            response = await self._http.request(
                method,
                f"{self.target.url}{whole}",
                body=b"" if body is None else json.dumps(body).encode(),
                headers=given if body is None else {"Content-Type": "application/json", **given},
                timeout=self.target.timeout,
                response_bytes_max=BODY_BYTES_MAX,
            )
        except HttpError as error:
            evidence = Evidence(sent, "an answer", printable(self.hide(str(error))))
            raise BrokenClauseError(f"there is no answer ({error.kind})", evidence) from error
        ended_s = loop.time()
        if response.broken is not None:
            evidence = Evidence(sent, "a whole answer", f"status {response.status} and a part")
            raise BrokenClauseError(f"the answer breaks off ({response.broken})", evidence)
        return Answer(
            sent,
            response.status,
            response.headers,
            response.body,
            ended_s,
            ended_s - began_s,
            self.hide,
        )

    def _shown(
        self, method: str, path: str, body: Any, keys: Keys, headers: Mapping[str, str]
    ) -> str:
        named = "".join(f", {name}: {value}" for name, value in headers.items())
        text = f": {json.dumps(masked(body), ensure_ascii=False)}" if body is not None else ""
        return printable(self.hide(f"{method} {path} ({keys.shown}{named}){text}"))

    async def order(self, amount: int = AMOUNT_MINOR) -> str:
        """Create an order and return its id.

        Raises:
            BrokenClauseError: The gateway creates none.
        """
        answer = await self.call("POST", "/orders", {"amount": amount, "currency": "INR"})
        return self._created(answer, "an order")

    async def pay(self, order_id: str | None = None, **fields: Any) -> Answer:
        """Create a UPI payment of an order; fields replace those of the request, None removes."""
        chosen = order_id or await self.order()
        body = {"order_id": chosen, "method": "upi", "vpa": "a@paytm", **fields}
        given = {name: value for name, value in body.items() if value is not None}
        return await self.call("POST", "/payments", given)

    async def payment(self, order_id: str | None = None) -> tuple[str, Answer]:
        """Create a UPI payment; return its id and the answer.

        Raises:
            BrokenClauseError: The gateway creates none.
        """
        answer = await self.pay(order_id)
        return self._created(answer, "a payment"), answer

    async def paid(self, order_id: str | None = None) -> str:
        """Return the id of a payment that has succeeded.

        Args:
            order_id: Its order; None for a new one.

        Raises:
            BrokenClauseError: A payment neither succeeds nor fails in time.
            NotSeenError: Every payment fails.
        """
        for _ in range(PAYMENTS_MAX):
            payment_id, created = await self.payment(order_id)
            if (await self.ended(payment_id, created)).field("status") == "success":
                return payment_id
        raise NotSeenError(ALL_FAILED)

    async def ended(self, payment_id: str, created: Answer) -> Answer:
        """Wait until a payment has succeeded or failed; return it as it is shown then.

        Args:
            payment_id: The payment.
            created: The answer to its creation.

        Raises:
            BrokenClauseError: It does neither in time.
        """
        was_pending_s = created.ended_s

        async def show() -> Answer:
            nonlocal was_pending_s
            answer = await self.call("GET", f"/payments/{payment_id}")
            if answer.field("status") == "pending":
                was_pending_s = answer.began_s
            return answer

        shown = await self.until(show, _has_ended)
        if not _has_ended(shown):
            shown.refuse(
                f"the payment did not end in {self.timeout_s:g} s", "status success or failed"
            )
        # When it ended is not known better: the answers may have been slow.
        pending_s = was_pending_s - created.ended_s
        self.pending_s = pending_s if self.pending_s is None else min(pending_s, self.pending_s)
        return shown

    async def until(
        self,
        ask: Callable[[], Awaitable[Found]],
        is_reached: Callable[[Found], bool],
        within_s: float | None = None,
    ) -> Found:
        """Ask again and again; return the first answer that is reached, or the last one.

        Args:
            ask: Called at least once.
            is_reached: Whether to stop.
            within_s: For how long, in seconds; None for the timeout.
        """
        loop = asyncio.get_running_loop()
        ends_s = loop.time() + (self.timeout_s if within_s is None else within_s)
        while True:
            found = await ask()
            if is_reached(found) or loop.time() >= ends_s:
                return found
            await asyncio.sleep(POLL_S)

    def _created(self, answer: Answer, what: str) -> str:
        id = answer.field("id")
        if answer.status not in {200, 201} or not isinstance(id, str):
            answer.refuse(f"{what} is needed first and cannot be created", "status 201 and an id")
        return id


def _has_ended(shown: Answer) -> bool:
    return shown.field("status") in ("success", "failed")
