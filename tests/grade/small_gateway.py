"""A gateway in memory that keeps the common contract, and can be made to break one clause."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import re
import secrets
import string
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import aiohttp
from aiohttp import web

Json = dict[str, Any]
VPA = re.compile(r"[a-zA-Z0-9._-]+@[a-zA-Z0-9]+")
NETWORKS = {"4": "visa", "5": "mastercard", "3": "amex", "6": "rupay"}
WAITS_S = (5, 10, 15, 20)
LOG_FIELDS = "id event status attempts created_at last_attempt_at response_code".split(" ")


ROUTES = {
    "GET /health": "health",
    "GET /test/merchant": "seeded",
    "GET /test/jobs/status": "jobs",
    r"GET /orders/(\w+)/public": "show_public_order",
    r"GET /payments/(\w+)/public": "show_public_payment",
    "POST /payments/public": "pay_publicly",
    "POST /orders": "create_order",
    r"GET /orders/(\w+)": "show_order",
    "POST /payments": "pay_once",
    "GET /payments": "list_payments",
    r"GET /payments/(\w+)": "show_payment",
    r"POST /payments/(\w+)/capture": "capture",
    r"POST /payments/(\w+)/refunds": "refund",
    r"GET /refunds/(\w+)": "show_refund",
    "GET /webhooks": "list_log",
    r"POST /webhooks/([\w-]+)/retry": "retry",
    "GET /merchant/config": "config",
    "PUT /webhooks/config": "configure",
}
OPEN = {
    "health",
    "seeded",
    "jobs",
    "show_public_order",
    "show_public_payment",
    "pay_publicly",
}
"""The routes without keys."""


class RefusalError(Exception):
    """A request that is refused."""

    def __init__(self, status: int, code: str, description: str) -> None:
        self.reply = Reply(status, {"error": {"code": code, "description": description}})
        super().__init__(description)


@dataclass
class Call:
    """A request."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: dict[str, str]
    body: Any


@dataclass
class Reply:
    """An answer."""

    status: int
    body: Any
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def raw(self) -> bytes:
        return json.dumps(self.body).encode()


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong.

    Args:
        before: Changes a request.
        after: Changes an answer.
        webhook: Changes the body of a webhook, and its headers after they were signed.
        answered: Changes the status that a receiver answered.
        waits_s: How long it waits before each retry of a webhook.
    """

    before: Callable[[Call], None] = lambda _call: None
    after: Callable[[Call, Reply], None] = lambda _call, _reply: None
    webhook: Callable[[bytes, Callable[[bytes], str]], tuple[bytes, str]] = lambda body, sign: (
        body,
        sign(body),
    )
    answered: Callable[[int], int] = lambda status: status
    waits_s: Sequence[float] = WAITS_S


@dataclass(eq=False)
class Merchant:
    id: str
    key: str
    secret: str
    webhook_secret: str = "whsec_small"
    url: str | None = None
    log: list[Json] = field(default_factory=list)


def now() -> str:
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S}.000Z"


def new_id(prefix: str) -> str:
    letters = string.ascii_letters + string.digits
    return prefix + "".join(secrets.choice(letters) for _ in range(16))


def refuse(description: str, code: str = "BAD_REQUEST_ERROR", status: int = 400) -> RefusalError:
    return RefusalError(status, code, description)


def missing(what: str) -> RefusalError:
    return refuse(f"{what} not found", "NOT_FOUND_ERROR", 404)


class SmallGateway:
    """The gateway.

    Args:
        fault: What it does wrong.
        delay_s: How long processing a payment takes, and then a refund.
    """

    def __init__(self, fault: Fault, delay_s: float) -> None:
        self._fault = fault
        self._delay_s = delay_s
        self.own = Merchant("550e8400-e29b-41d4-a716-446655440000", "key_small", "secret_small")
        self.other = Merchant(str(uuid4()), "key_second", "secret_second")
        self.orders: dict[str, Json] = {}
        self.payments: dict[str, Json] = {}
        self.refunds: dict[str, Json] = {}
        self._keys: dict[tuple[str, str], tuple[Json, Reply]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def handle(self, request: web.Request) -> web.Response:
        text = await request.text()
        call = Call(
            request.method,
            request.path.removeprefix("/api/v1"),
            request.query,
            {name.lower(): value for name, value in request.headers.items()},
            json.loads(text) if text else {},
        )
        self._fault.before(call)
        try:
            reply = self._answer(call)
        except RefusalError as error:
            reply = error.reply
        # Idempotent answers are stored as they are sent.
        reply = Reply(reply.status, json.loads(reply.raw), dict(reply.headers))
        self._fault.after(call, reply)
        return web.Response(
            status=reply.status,
            body=reply.raw,
            headers=reply.headers,
            content_type="application/json",
        )

    def _answer(self, call: Call) -> Reply:
        for pattern, name in ROUTES.items():
            if found := re.fullmatch(pattern, f"{call.method} {call.path}"):
                merchant = None if name in OPEN else self._authenticate(call)
                reply: Reply = getattr(self, f"_{name}")(call, merchant, *found.groups())
                return reply
        self._authenticate(call)
        raise missing("Route")

    def _health(self, _call: Call, _merchant: None) -> Reply:
        return Reply(200, {"status": "healthy", "database": "connected", "timestamp": now()})

    def _seeded(self, _call: Call, _merchant: None) -> Reply:
        seeded = {"email": "test@example.com", "api_key": "key_test_abc123", "seeded": True}
        return Reply(200, {"id": self.own.id, **seeded})

    def _jobs(self, _call: Call, _merchant: None) -> Reply:
        counts = dict.fromkeys(("pending", "processing", "completed", "failed"), 0)
        return Reply(200, {**counts, "worker_status": "running"})

    def _show_public_order(self, _call: Call, _merchant: None, id: str) -> Reply:
        order = self._order(id)
        return Reply(200, {k: order[k] for k in ("id", "amount", "currency", "status")})

    def _show_public_payment(self, _call: Call, _merchant: None, id: str) -> Reply:
        return Reply(200, {k: v for k, v in self._payment(id).items() if k != "merchant_id"})

    def _pay_publicly(self, call: Call, _merchant: None) -> Reply:
        return self._pay(call, self._merchant_of(self._order(call.body.get("order_id"))))

    def _show_order(self, _call: Call, merchant: Merchant, id: str) -> Reply:
        return Reply(200, self._order(id, merchant))

    def _show_payment(self, _call: Call, merchant: Merchant, id: str) -> Reply:
        return Reply(200, self._payment(id, merchant))

    def _list_payments(self, _call: Call, merchant: Merchant) -> Reply:
        own = [p for p in self.payments.values() if p["merchant_id"] == merchant.id]
        return Reply(200, own[::-1])

    def _show_refund(self, _call: Call, _merchant: Merchant, id: str) -> Reply:
        if id not in self.refunds:
            raise missing("Refund")
        return Reply(200, self.refunds[id])

    def _config(self, _call: Call, merchant: Merchant) -> Reply:
        shown = {"webhook_url": merchant.url, "webhook_secret": merchant.webhook_secret}
        return Reply(200, shown)

    def _configure(self, call: Call, merchant: Merchant) -> Reply:
        merchant.url = call.body["webhook_url"]
        return Reply(200, {"webhook_url": merchant.url})

    def _authenticate(self, call: Call) -> Merchant:
        given = call.headers.get("x-api-key"), call.headers.get("x-api-secret")
        for merchant in (self.own, self.other):
            if given == (merchant.key, merchant.secret):
                return merchant
        raise refuse("Invalid API credentials", "AUTHENTICATION_ERROR", 401)

    def _merchant_of(self, row: Json) -> Merchant:
        return self.own if row["merchant_id"] == self.own.id else self.other

    def _order(self, id: Any, merchant: Merchant | None = None) -> Json:
        order = self.orders.get(id)
        if order is None or merchant not in (None, self._merchant_of(order)):
            raise missing("Order")
        return order

    def _payment(self, id: str, merchant: Merchant | None = None) -> Json:
        payment = self.payments.get(id)
        if payment is None or merchant not in (None, self._merchant_of(payment)):
            raise missing("Payment")
        return payment

    def _create_order(self, call: Call, merchant: Merchant) -> Reply:
        amount = call.body.get("amount")
        if type(amount) is not int or amount < 100:
            raise refuse("amount must be at least 100")
        order = {"id": new_id("order_"), "merchant_id": merchant.id, "amount": amount}
        order |= {"currency": call.body.get("currency", "INR"), "status": "created"}
        order |= {"receipt": call.body.get("receipt"), "notes": call.body.get("notes", {})}
        order |= {"created_at": now(), "updated_at": now()}
        self.orders[order["id"]] = order
        return Reply(201, order)

    def _pay_once(self, call: Call, merchant: Merchant) -> Reply:
        key = call.headers.get("idempotency-key")
        if key is None:
            return self._pay(call, merchant)
        if (merchant.id, key) in self._keys:
            body, reply = self._keys[merchant.id, key]
            if body != call.body:
                raise refuse("The key was used before", "IDEMPOTENCY_KEY_REUSED", 422)
            return Reply(reply.status, reply.body, {"Idempotent-Replayed": "true"})
        reply = self._pay(call, merchant)
        self._keys[merchant.id, key] = call.body, Reply(reply.status, json.loads(reply.raw))
        return reply

    def _pay(self, call: Call, merchant: Merchant) -> Reply:
        order = self._order(call.body.get("order_id"), merchant)
        method = call.body.get("method")
        if method not in {"upi", "card"}:
            raise refuse("Invalid payment method")
        shown = _upi(call.body) if method == "upi" else _card(call.body["card"])
        payment = {"id": new_id("pay_"), "order_id": order["id"], "amount": order["amount"]}
        payment |= {"currency": order["currency"], "method": method, "status": "pending", **shown}
        created = {**payment, "created_at": now()}
        rest = {"merchant_id": merchant.id, "captured": False, "error_code": None}
        self.payments[payment["id"]] = {**created, **rest}
        self._start(self._process(self.payments[payment["id"]], merchant))
        return Reply(201, created)

    async def _process(self, payment: Json, merchant: Merchant) -> None:
        await asyncio.sleep(self._delay_s)
        payment["status"] = "success"
        self.emit(merchant, "payment.success", {"payment": payment})

    def _capture(self, _call: Call, merchant: Merchant, id: str) -> Reply:
        payment = self._payment(id, merchant)
        if payment["status"] != "success":
            raise refuse("Payment not in capturable state")
        if payment["captured"]:
            raise refuse("Payment already captured")
        payment["captured"] = True
        return Reply(200, payment)

    def _refund(self, call: Call, merchant: Merchant, id: str) -> Reply:
        payment, amount = self._payment(id, merchant), call.body["amount"]
        before = [r["amount"] for r in self.refunds.values() if r["payment_id"] == payment["id"]]
        if payment["status"] != "success":
            raise refuse("Payment not refundable")
        if amount + sum(before) > payment["amount"]:
            raise refuse("Refund amount exceeds available amount")
        refund = {"id": new_id("rfnd_"), "payment_id": payment["id"], "amount": amount}
        refund |= {"reason": call.body.get("reason"), "status": "pending", "created_at": now()}
        self.refunds[refund["id"]] = {**refund, "processed_at": None}
        self._start(self._settle(self.refunds[refund["id"]]))
        return Reply(201, refund)

    async def _settle(self, refund: Json) -> None:
        await asyncio.sleep(self._delay_s)
        refund |= {"status": "processed", "processed_at": now()}

    def _list_log(self, call: Call, merchant: Merchant) -> Reply:
        limit, offset = int(call.query.get("limit", 10)), int(call.query.get("offset", 0))
        rows = [{k: row[k] for k in LOG_FIELDS} for row in merchant.log[::-1]]
        page = {"total": len(rows), "limit": limit, "offset": offset}
        return Reply(200, {"data": rows[offset : offset + limit], **page})

    def _retry(self, _call: Call, merchant: Merchant, id: str) -> Reply:
        row = next((row for row in merchant.log if row["id"] == id), None)
        if row is None:
            raise missing("Webhook log")
        row |= {"attempts": 0, "status": "pending"}
        self._start(self._deliver(row, merchant))
        message = "Webhook retry scheduled"
        return Reply(200, {"id": id, "status": "pending", "message": message})

    def emit(self, merchant: Merchant, event: str, data: Json) -> None:
        if merchant.url is None:
            return
        body = {"event": event, "timestamp": int(datetime.now(UTC).timestamp()), "data": data}
        row = {"id": str(uuid4()), "event": event, "status": "pending", "attempts": 0}
        row |= {"created_at": now(), "last_attempt_at": None, "response_code": None}
        row["body"] = json.dumps(body, separators=(",", ":")).encode()
        merchant.log.append(row)
        self._start(self._deliver(row, merchant))

    async def _deliver(self, row: Json, merchant: Merchant) -> None:
        def sign(body: bytes) -> str:
            return hmac.new(merchant.webhook_secret.encode(), body, hashlib.sha256).hexdigest()

        async with aiohttp.ClientSession() as session:
            while row["status"] == "pending" and merchant.url is not None:
                body, signature = self._fault.webhook(row["body"], sign)
                headers = {"X-Webhook-Signature": signature}
                try:
                    async with session.post(merchant.url, data=body, headers=headers) as answer:
                        status: int | None = self._fault.answered(answer.status)
                except aiohttp.ClientError:
                    status = None
                row |= {"attempts": row["attempts"] + 1, "last_attempt_at": now()}
                row |= {"response_code": status}
                if status is not None and 200 <= status < 300:
                    row["status"] = "success"
                elif row["attempts"] > len(self._fault.waits_s):
                    row["status"] = "failed"
                else:
                    await asyncio.sleep(self._fault.waits_s[row["attempts"] - 1])

    def _start(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


def _upi(body: Json) -> Json:
    if not VPA.fullmatch(body["vpa"]):
        raise refuse("VPA format invalid", "INVALID_VPA")
    return {"vpa": body["vpa"]}


def _card(card: Json) -> Json:
    digits = re.sub(r"[ -]", "", card["number"])
    doubled = [int(d) if place % 2 == 0 else int("0246813579"[int(d)]) for place, d in
               enumerate(digits[::-1])]  # fmt: skip
    if sum(doubled) % 10:
        raise refuse("Card validation failed", "INVALID_CARD")
    year = int(card["expiry_year"]) % 100 + 2000
    today = datetime.now(UTC)
    if (year, int(card["expiry_month"])) < (today.year, today.month):
        raise refuse("Card expiry date invalid", "EXPIRED_CARD")
    return {"card_network": NETWORKS[digits[0]], "card_last4": digits[-4:]}


@asynccontextmanager
async def serve(fault: Fault, delay_s: float = 0.2) -> AsyncIterator[tuple[SmallGateway, str]]:
    """Serve a gateway, and provide its address."""
    gateway = SmallGateway(fault, delay_s)
    served = web.Application()
    served.router.add_route("*", "/{path:.*}", gateway.handle)
    runner = web.AppRunner(served, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield gateway, f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await gateway.close()
        await runner.cleanup()
