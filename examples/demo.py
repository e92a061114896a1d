"""An end-to-end demo: what `make demo` runs.

It starts paygate on free ports with its own data folder, receives webhooks, verifies each with
the official ``standardwebhooks`` package, creates a UPI payment and two card payments, and
exits with 0 only if everything succeeded.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
import tempfile
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import IO, Any

import aiohttp
from aiohttp import web
from standardwebhooks import Webhook, WebhookVerificationError

READY_WITHIN_S = 60
DONE_WITHIN_S = 20
# A request may fail shortly before the end of paygate is detected.
END_WITHIN_S = 2
LAST_LINES = 20
KEYS = {"X-Api-Key": "key_test_abc123", "X-Api-Secret": "secret_test_xyz789"}
GOOD_CARD = "4111111111111111"
BAD_CARD = "4000000000000002"


@dataclass
class Receiver:
    """Receives webhooks and accepts only signed ones."""

    secret: str = ""
    verified: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    refused: int = 0
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    async def receive(self, request: web.Request) -> web.Response:
        body = await request.read()
        try:
            event: Any = Webhook(self.secret).verify(body.decode(), dict(request.headers))
        except WebhookVerificationError as error:
            self.refused += 1
            print(f"  refused a webhook: {error}")
            return web.Response(status=401, text="Invalid signature")
        self.verified[event["data"]["payment_id"]].append(event["event"])
        self.arrived.set()
        return web.Response(text="OK")

    async def until(self, payment_id: str, last: str) -> None:
        while last not in self.verified[payment_id]:
            self.arrived.clear()
            await self.arrived.wait()


class Client:
    """A merchant's program."""

    def __init__(self, session: aiohttp.ClientSession, base: str) -> None:
        self._session = session
        self._base = base

    async def call(self, method: str, path: str, body: object = None) -> Any:
        url = f"{self._base}{path}"
        async with self._session.request(method, url, json=body, headers=KEYS) as response:
            answer = await response.json()
            if response.status >= 400:
                raise SystemExit(f"{method} {path} answered {response.status}: {answer}")
            return answer

    async def pay(self, amount_minor: int, instrument: dict[str, Any]) -> str:
        order = await self.call("POST", "/api/v1/orders", {"amount": amount_minor})
        payment = await self.call(
            "POST", "/api/v1/payments", {"order_id": order["id"], **instrument}
        )
        assert payment["status"] == "pending", payment
        return str(payment["id"])


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class DemoError(Exception):
    """Why the demo failed, in a sentence."""


@dataclass
class Gateway:
    """A ``paygate dev`` process and its output."""

    base: str
    process: asyncio.subprocess.Process
    log: IO[bytes]

    def last_lines(self) -> str:
        self.log.seek(0)
        lines = self.log.read().decode(errors="replace").splitlines()[-LAST_LINES:]
        return "\n".join(f"  {line}" for line in lines)

    def ended(self) -> DemoError:
        code = self.process.returncode
        return DemoError(
            f"paygate dev ended with exit code {code}; its last lines:\n{self.last_lines()}"
        )


@asynccontextmanager
async def paygate(home: str) -> AsyncIterator[Gateway]:
    port = free_port()
    environ = {
        **os.environ,
        "PORT": str(port),
        "PAYGATE_HOME": home,
        "PAYGATE_LOG_LEVEL": "warning",
        "TEST_MODE": "true",
        "TEST_PAYMENT_SUCCESS": "true",
        "TEST_PROCESSING_DELAY": "500",
    }
    for name in ("DATABASE_URL", "REDIS_URL"):
        environ.pop(name, None)
    with tempfile.TemporaryFile() as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "paygate", "dev", env=environ, stdout=log, stderr=log
        )
        try:
            yield Gateway(f"http://127.0.0.1:{port}", process, log)
        finally:
            if process.returncode is None:
                process.send_signal(signal.SIGTERM)
            await process.wait()


async def until_healthy(session: aiohttp.ClientSession, base: str) -> None:
    async with asyncio.timeout(READY_WITHIN_S):
        while True:
            with suppress(aiohttp.ClientConnectionError):
                async with session.get(f"{base}/health") as response:
                    if response.status == 200:
                        return
            await asyncio.sleep(0.05)


@asynccontextmanager
async def listening(receiver: Receiver) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_post("/webhook", receiver.receive)
    runner = web.AppRunner(app)
    await runner.setup()
    port = free_port()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        yield f"http://127.0.0.1:{port}/webhook"
    finally:
        await runner.cleanup()


def card(number: str) -> dict[str, Any]:
    details = {"number": number, "expiry_month": "12", "expiry_year": "2035", "cvv": "123"}
    return {"method": "card", "card": {**details, "holder_name": "Asha Rao"}}


async def show(client: Client, payment_id: str, expected: str) -> bool:
    payment = await client.call("GET", f"/api/v1/payments/{payment_id}")
    story = await client.call("GET", f"/api/v1/payments/{payment_id}/timeline")
    print(f"\n{payment_id} by {payment['method']}: {payment['status']}")
    for moment in story["data"]:
        print(f"  {moment['at'][11:-1]}  {moment['what']}")
    return bool(payment["status"] == expected)


async def demo(home: str) -> int:
    async with paygate(home) as gateway:
        buying = asyncio.create_task(buy(gateway.base))
        ended = asyncio.create_task(gateway.process.wait())
        await asyncio.wait({buying, ended}, return_when=asyncio.FIRST_COMPLETED)
        if ended.done():
            buying.cancel()
            raise gateway.ended()
        try:
            return buying.result()
        except aiohttp.ClientError as error:
            await asyncio.wait({ended}, timeout=END_WITHIN_S)
            raise gateway.ended() if ended.done() else DemoError(str(error)) from error
        except TimeoutError:
            raise DemoError(f"timeout; last lines of paygate:\n{gateway.last_lines()}") from None
        finally:
            ended.cancel()


async def buy(base: str) -> int:
    receiver = Receiver()
    async with listening(receiver) as webhook_url, aiohttp.ClientSession() as session:
        await until_healthy(session, base)
        client = Client(session, base)
        await client.call("PATCH", "/api/v1/merchant/webhook", {"webhook_url": webhook_url})
        merchant = await client.call("POST", "/api/v1/merchant/webhook/regenerate")
        receiver.secret = merchant["webhook_secret"]
        wanted = {
            await client.pay(50_000, {"method": "upi", "vpa": "asha@paytm"}): "success",
            await client.pay(120_000, card(GOOD_CARD)): "success",
            await client.pay(75_000, card(BAD_CARD)): "failed",
        }
        async with asyncio.timeout(DONE_WITHIN_S):
            for payment_id, status in wanted.items():
                await receiver.until(payment_id, f"payment.{status}")
        shown = [await show(client, id, status) for id, status in wanted.items()]
    return report(receiver, wanted, all(shown))


def report(receiver: Receiver, wanted: dict[str, str], ended_right: bool) -> int:
    expected = {
        id: ["payment.created", "payment.pending", f"payment.{status}"]
        for id, status in wanted.items()
    }
    is_complete = dict(receiver.verified) == expected
    count = sum(map(len, receiver.verified.values()))
    print(f"\n{count} webhooks verified, {receiver.refused} refused")
    if ended_right and is_complete and not receiver.refused:
        print("demo: succeeded")
        return 0
    print("demo FAILED: wanted", json.dumps(expected), "got", json.dumps(receiver.verified))
    return 1


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="paygate-demo-") as home:
        # As root the servers run as another user, who must be able to enter the folder.
        os.chmod(home, 0o711)
        try:
            return asyncio.run(demo(home))
        except DemoError as error:
            print(f"demo FAILED: {error}")
            return 1


if __name__ == "__main__":
    raise SystemExit(main())
