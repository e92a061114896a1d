"""The sample receiver accepts signed webhooks, shows them, and fails on request."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import importlib.util
import os
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import aiohttp
import pytest
from aiohttp.test_utils import TestClient, TestServer
from standardwebhooks import Webhook

from paygate_webhook_http.signature import signed_headers, standard_key
from tests.harness.processes import free_port

PROGRAM = Path(__file__).parents[2] / "examples" / "merchant" / "receiver.py"
SECRET = "whsec_test_abc123"
MADE_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo="
BODY = '{"event":"refund.processed","data":{"reason":"वापसी 😀 \\" \\\\ \u2028"}}'.encode()


def load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("merchant_receiver", PROGRAM)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


receiver = load()
Shop = TestClient[Any, Any]


@asynccontextmanager
async def listening(secret: str = SECRET, **options: Any) -> AsyncIterator[Shop]:
    app = receiver.application(receiver.Receiver(secret, **options))
    async with TestClient(TestServer(app)) as client:
        yield client


def signed(
    body: bytes = BODY, *, secret: str = SECRET, id: str = "evt_1", at: datetime | None = None
) -> Mapping[str, str]:
    timestamp = int((at or datetime.now(UTC)).timestamp())
    return signed_headers(id=id, timestamp=timestamp, body=body, secret=secret)


async def post(
    shop: Shop, body: bytes = BODY, headers: Mapping[str, str] | None = None
) -> tuple[int, str]:
    async with shop.post("/webhook", data=body, headers=headers or signed(body)) as answer:
        return answer.status, await answer.text()


async def read(shop: Shop, path: str = "/logs") -> Any:
    async with shop.get(path) as answer:
        return await answer.json()


@pytest.mark.parametrize("secret", [SECRET, MADE_SECRET, "whsec_c2hvcnQ=", "plain words"])
async def test_signed_webhooks_are_accepted_with_every_secret_format(secret: str):
    async with listening(secret) as shop:
        answer = await post(shop, headers=signed(secret=secret))

    assert answer == (200, "OK")
    assert receiver.standard_key(secret) == standard_key(secret)


async def test_the_hex_signature_alone_is_enough():
    headers = {"X-Webhook-Signature": hmac.new(SECRET.encode(), BODY, hashlib.sha256).hexdigest()}
    async with listening() as shop:
        answer = await post(shop, headers=headers)

    assert answer == (200, "OK")


OLD = datetime.now(UTC) - timedelta(minutes=6)


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "application/json"},
        {**signed(), "X-Webhook-Signature": ""},
        {**signed(), "X-Webhook-Signature": "0" * 64},
        {**signed(), "X-Webhook-Signature": "é" * 64},
        {**signed(), "X-Webhook-Signature": signed()["X-Webhook-Signature"].upper()},
        signed(secret="whsec_another1"),
        signed(BODY + b" "),
        signed(at=OLD),
        {**signed(), "webhook-id": "evt_2"},
        {**signed(), "webhook-timestamp": "soon"},
        {**signed(), "webhook-signature": "v1"},
        {**signed(), "webhook-signature": "v1,no base64"},
        {**signed(), "webhook-signature": "v2,AAAA"},
        {**signed(), "webhook-signature": ""},
    ],
)
async def test_a_wrong_signature_is_refused_and_logged(headers: Mapping[str, str]):
    async with listening() as shop:
        answer = await post(shop, headers=headers)
        (entry,) = await read(shop)

    assert answer == (401, "Invalid signature")
    assert (entry["valid"], entry["answered"]) == (False, 401)


@pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"not json", b"[" * 5000, b'{"event":NaN}'])
async def test_a_body_that_is_not_json_does_no_harm(body: bytes):
    plain = {"X-Webhook-Signature": signed(body)["X-Webhook-Signature"]}
    async with listening() as shop:
        refused = await post(shop, body, headers={**plain, "X-Webhook-Signature": "0"})
        taken = await post(shop, body, headers=plain)
        entries = await read(shop)

    assert (refused[0], taken[0]) == (401, 200)
    assert [entry["valid"] for entry in entries] == [True, False]


async def test_webhooks_signed_by_the_official_library_are_accepted():
    now = datetime.now(UTC)
    plain = hmac.new(MADE_SECRET.encode(), BODY, hashlib.sha256).hexdigest()
    headers = {
        "X-Webhook-Signature": plain,
        "webhook-id": "evt_1",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(MADE_SECRET).sign("evt_1", now, BODY.decode()),
    }
    async with listening(MADE_SECRET) as shop:
        answer = await post(shop, headers=headers)

    assert answer == (200, "OK")


async def test_the_log_shows_the_newest_first_and_each_by_its_id():
    async with listening() as shop:
        for number in range(3):
            body = b'{"event":"webhook.test","number":%d}' % number
            await post(shop, body, signed(body, id=f"evt_{number}"))
        entries = await read(shop)
        one = await read(shop, f"/logs/{entries[1]['id']}")
        async with shop.get("/logs/77") as missing:
            status = missing.status

    assert [entry["body"]["number"] for entry in entries] == [2, 1, 0]
    assert one == entries[1]
    assert entries[0].keys() >= {"id", "event", "receivedAt", "body", "valid", "webhookId"}
    assert entries[0]["event"] == "webhook.test"
    at = datetime.fromisoformat(entries[0]["receivedAt"])
    assert timedelta(0) <= datetime.now(UTC) - at < timedelta(seconds=30)
    assert status == 404


async def test_the_log_can_be_emptied():
    async with listening() as shop:
        await post(shop)
        async with shop.delete("/logs") as answer:
            assert answer.status == 200
        emptied = await read(shop)
        health = await read(shop, "/health")

    assert emptied == []
    assert (health["status"], health["received"], health["kept"]) == ("ok", 1, 0)


async def test_a_duplicate_is_acknowledged_and_marked():
    async with listening() as shop:
        answers = [await post(shop), await post(shop)]
        other = await post(shop, headers=signed(id="evt_2"))
        entries = await read(shop)

    assert [*answers, other] == [(200, "OK")] * 3
    assert [entry["duplicate"] for entry in entries] == [False, True, False]


async def test_a_retry_of_a_refused_webhook_is_not_a_duplicate():
    async with listening(fail_first=1) as shop:
        first, second, third = [await post(shop) for _ in range(3)]
        entries = await read(shop)

    assert (first[0], second[0], third[0]) == (503, 200, 200)
    assert [entry["duplicate"] for entry in entries] == [True, False, False]
    assert entries[-1]["valid"] is True


async def test_unsigned_requests_do_not_use_up_the_failures():
    async with listening(fail_first=1) as shop:
        stranger = await post(shop, headers=signed(secret="whsec_another1"))
        genuine = await post(shop)

    assert (stranger[0], genuine[0]) == (401, 503)


async def test_failures_can_be_enabled_and_disabled_at_run_time():
    async with listening() as shop:
        async with shop.post("/fail", json={"first": 5, "status": 418}) as response:
            assert await response.json() == {"first": 5, "status": 418}
        failing = await post(shop)
        async with shop.post("/fail", json={"first": 0}) as response:
            assert response.status == 200
        working = await post(shop)

    assert (failing[0], working[0]) == (418, 200)


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{}", b'{"first":-1}', b'{"first":"2"}', b'{"first":1,"status":200}',
     b'{"first":1,"status":"503"}', b'{"first":1,"status":[]}'],
)  # fmt: skip
async def test_invalid_settings_are_refused(body: bytes):
    async with listening() as shop:
        async with shop.post("/fail", data=body) as response:
            assert response.status == 400
        assert (await post(shop))[0] == 200


async def test_it_waits_for_the_configured_delay():
    async with listening(delay_s=0.2) as shop:
        began = time.monotonic()
        await post(shop)
        took_s = time.monotonic() - began

    assert 0.2 <= took_s < 20


async def test_the_receiver_reads_its_settings_from_the_environment():
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(PROGRAM),
        "--port",
        str(port),
        env={"PATH": os.environ["PATH"], "WEBHOOK_SECRET": MADE_SECRET, "FAIL_FIRST_N": "1"},
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(60), aiohttp.ClientSession() as session:
            hello = await process.stdout.readline()
            statuses = [await _post_when_up(session, port) for _ in range(2)]
            lines = [(await process.stdout.readline()).decode() for _ in range(2)]
    finally:
        process.terminate()
        await process.wait()

    assert f"127.0.0.1:{port}/webhook".encode() in hello
    assert statuses == [503, 200]
    assert "503  refund.processed" in lines[0]
    assert "200  refund.processed" in lines[1]


async def _post_when_up(session: aiohttp.ClientSession, port: int) -> int:
    url = f"http://127.0.0.1:{port}/webhook"
    while True:
        try:
            async with session.post(url, data=BODY, headers=signed(secret=MADE_SECRET)) as answer:
                return answer.status
        except aiohttp.ClientConnectionError:
            await asyncio.sleep(0.02)
