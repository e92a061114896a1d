"""``paygate trigger`` makes events, and ``paygate listen`` forwards all of them in their order."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import pytest_asyncio
import structlog
from aiohttp import web
from standardwebhooks import Webhook
from typer.testing import CliRunner

from paygate.adapters.http.api_client import Access
from paygate.cli.merchant import trigger as trigger_module
from paygate.cli.merchant.listen import Listen, listen, new_secret
from paygate.cli.merchant.trigger import RECIPES, Trigger, trigger
from paygate.cli.verbs import app
from paygate.core.errors import OperatorError
from tests.harness.apps import KEYS
from tests.harness.processes import Client, stack

ENVIRON = {"TEST_MODE": "true", "TEST_PROCESSING_DELAY": "0"}


def access_to(url: str) -> Access:
    return Access(url, KEYS["X-Api-Key"], KEYS["X-Api-Secret"])


@pytest_asyncio.fixture
async def gateway(database_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[Client]:
    async with stack(database_url, redis_url, tmp_path, ENVIRON) as processes:
        yield await processes.serve("--prepare", "--with-worker")


@dataclass
class Handler:
    """A merchant's handler, which verifies what it receives."""

    secret: str
    status: int = 200
    url: str = ""
    received: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        event = Webhook(self.secret).verify(await request.read(), headers)
        self.received.append((headers["webhook-id"], event))
        return web.Response(status=self.status)


@asynccontextmanager
async def handler(status: int = 200) -> AsyncIterator[Handler]:
    here = Handler(new_secret(), status)
    receiver = web.Application()
    receiver.router.add_post("/webhook", here.handle)
    runner = web.AppRunner(receiver)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    here.url = f"http://127.0.0.1:{runner.addresses[0][1]}/webhook"
    try:
        yield here
    finally:
        await runner.cleanup()


@asynccontextmanager
async def cutting_proxy(target: str, after_bytes: int) -> AsyncIterator[tuple[str, list[int]]]:
    """A proxy that closes a connection after so many bytes of the response."""
    port, cuts = int(target.rpartition(":")[2]), [0]

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        up_reader, up_writer = await asyncio.open_connection("127.0.0.1", port)

        async def send_up() -> None:
            while data := await reader.read(4096):
                up_writer.write(data)

        sending = asyncio.create_task(send_up())
        left = after_bytes
        with contextlib.suppress(ConnectionError):
            while left > 0 and (data := await up_reader.read(min(left, 4096))):
                writer.write(data)
                await writer.drain()
                left -= len(data)
        cuts[0] += left <= 0
        sending.cancel()
        up_writer.close()
        writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", cuts
    finally:
        server.close()


@pytest.mark.timeout(180)
async def test_each_event_can_be_triggered(gateway: Client, database_url: str):
    made = {
        wanted: await trigger(Trigger(access_to(gateway.base), wanted, method=method))
        for wanted, method in zip(RECIPES, ["upi", "card"] * len(RECIPES), strict=False)
    }

    connection = await asyncpg.connect(database_url)
    rows = await connection.fetch("SELECT DISTINCT type FROM events")
    await connection.close()
    assert set(RECIPES) <= {row["type"] for row in rows}
    assert made["payment.captured"].status == "authorized"
    assert made["payment.cancelled"].status == "cancelled"
    assert set(made["refund.processed"].ids) == {"order", "payment", "refund"}
    assert json.loads(made["payment.failed"].printed(as_json=True))["status"] == "failed"


async def test_a_scenario_can_be_triggered_and_an_unknown_one_is_refused(gateway: Client):
    made = await trigger(Trigger(access_to(gateway.base), "insufficient_funds"))

    assert made.status == "failed"
    with pytest.raises(OperatorError, match=r"no event that can be triggered.*payment\.success"):
        await trigger(Trigger(access_to(gateway.base), "nonsense"))


async def test_an_event_that_does_not_happen_ends_the_command(
    database_url: str, redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(trigger_module, "WAIT_S", 0.2)
    async with stack(database_url, redis_url, tmp_path, ENVIRON) as processes:
        without_worker = access_to((await processes.serve("--prepare")).base)
        made = await trigger(Trigger(without_worker, "payment.pending"))
        for wanted in sorted(RECIPES.keys() - {"payment.created", "payment.pending"}):
            with pytest.raises(OperatorError, match=r"the payment pay_\w+ is pending"):
                await trigger(Trigger(without_worker, wanted))

    assert made.status == "pending"


@pytest.mark.timeout(180)
async def test_every_event_is_forwarded_once_in_order_across_twenty_disconnects(
    gateway: Client, capsys: pytest.CaptureFixture[str]
):
    payments = 60
    for _ in range(payments):
        await gateway.pay()
    expected = 3 * payments
    async with handler() as shop, cutting_proxy(gateway.base, 6_000) as (url, cuts):
        command = Listen(
            access_to(url), shop.url, since="0", secret=shop.secret, count=expected, as_json=True
        )
        code = await listen(command)

    printed = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    cursors = [int(each["cursor"]) for each in printed]
    steps: dict[str, list[str]] = {}
    for _, event in shop.received:
        steps.setdefault(event["data"]["payment_id"], []).append(event["event"])
    assert code == 0
    assert cuts[0] >= 20
    assert len({id for id, _ in shop.received}) == len(shop.received) == expected
    assert cursors == sorted(set(cursors))
    assert [each["id"] for each in printed] == [id for id, _ in shop.received]
    assert set(map(tuple, steps.values())) == {
        ("payment.created", "payment.pending", "payment.success")
    }


async def test_only_the_wanted_events_are_forwarded(gateway: Client):
    await trigger(Trigger(access_to(gateway.base), "refund.processed"))
    async with handler() as shop:
        await listen(
            Listen(
                access_to(gateway.base),
                shop.url,
                events=("refund.*",),
                since="0",
                secret=shop.secret,
                count=2,
            )
        )

    assert [event["event"] for _, event in shop.received] == ["refund.created", "refund.processed"]


async def test_listening_changes_no_logger_of_its_process(gateway: Client):
    before = structlog.get_config()
    await gateway.pay()
    await listen(Listen(access_to(gateway.base), None, since="0", count=1))

    assert structlog.get_config() == before


async def test_a_handler_that_refuses_ends_the_command_if_wanted(
    gateway: Client, capsys: pytest.CaptureFixture[str]
):
    await trigger(Trigger(access_to(gateway.base), "payment.success"))
    async with handler(status=500) as shop:
        listening = Listen(access_to(gateway.base), shop.url, since="0", secret=shop.secret)
        ended = await listen(
            Listen(
                access_to(gateway.base),
                shop.url,
                since="0",
                secret=shop.secret,
                exit_on_failure=True,
            )
        )
        count = len(shop.received)
        task = asyncio.create_task(listen(listening))
        async with asyncio.timeout(20):
            while len(shop.received) < count + 3:
                await asyncio.sleep(0.01)
        task.cancel()

    assert ended == 1
    assert count == 1
    assert "-> 500 in " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("keys", "problem"),
    [(("key_test_abc123", "wrong"), "the API answered 401"), (None, "there is no API at")],
)
async def test_an_unusable_api_ends_the_command(
    gateway: Client, keys: tuple[str, str] | None, problem: str
):
    access = Access(gateway.base, *keys) if keys else Access("http://127.0.0.1:9", "k", "s")

    with pytest.raises(OperatorError, match=problem):
        await listen(Listen(access, None))


async def test_a_sink_that_is_not_installed_is_named(gateway: Client):
    with pytest.raises(OperatorError, match="webhook_http"):
        await listen(Listen(access_to(gateway.base), "http://127.0.0.1:1/", sink="nonsense"))


async def run(gateway: Client, *words: str) -> Any:
    """Run a command with --json; what it prints, and its exit code."""
    command = [*words, "--url", gateway.base, "--json"]
    result = await asyncio.to_thread(CliRunner().invoke, app, command)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.output.splitlines()]


async def test_payments_refunds_and_deliveries_are_listed_and_shown(gateway: Client):
    async with handler() as shop:
        await gateway.call(
            "PUT", "/api/v1/webhooks", json={"webhook_url": shop.url, "webhook_secret": shop.secret}
        )
        (made,) = await run(gateway, "trigger", "refund.processed")
        payment, refund = made["payment"], made["refund"]
        (shown,) = await run(gateway, "payments", "show", payment)
        timeline = await run(gateway, "payments", "timeline", payment)
        (refunded,) = await run(gateway, "refunds", "show", refund)
        sent = await run(gateway, "deliveries", "list", "--payment", payment)
        (again,) = await run(gateway, "deliveries", "resend", sent[0]["id"])
        (counted,) = await run(gateway, "deliveries", "recover", "--since", "2026-01-01T00:00:00Z")

    listed = await run(gateway, "payments", "list", "--status", "success", "--limit", "5")
    assert [each["id"] for each in listed] == [payment] == [shown["id"]]
    assert {"transition", "refund"} <= {entry["kind"] for entry in timeline}
    assert [each["id"] for each in await run(gateway, "refunds", "list", "--payment", payment)] == [
        refund
    ]
    assert (refunded["status"], len(sent)) == ("processed", 5)
    assert again["id"] == sent[0]["id"]
    assert (counted["dry_run"], counted["resent"]) == (True, 0)


async def test_the_clock_is_moved_and_released(gateway: Client):
    (before,) = await run(gateway, "clock", "show")
    (after,) = await run(gateway, "clock", "advance", "3600")
    (stopped,) = await run(gateway, "clock", "set", "2099-01-01T00:00:00Z")
    (released,) = await run(gateway, "clock", "release")

    assert not before["held"]
    assert after["shift_seconds"] >= 3599
    assert (stopped["held"], stopped["now"]) == (True, "2099-01-01T00:00:00.000Z")
    assert not released["held"]


async def test_the_api_is_named_that_refuses_a_command(gateway: Client):
    with pytest.raises(OperatorError, match="Payment not found"):
        await run(gateway, "payments", "show", "pay_0000000000000000")


async def test_scenarios_are_listed(gateway: Client):
    assert {"approve", "decline"} <= {each["name"] for each in await run(gateway, "scenarios")}
