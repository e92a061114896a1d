"""An operator's mistake is one sentence that names the setting, and exit code 2."""

from __future__ import annotations

import asyncio
import signal
import socket
from pathlib import Path

import asyncpg
import pytest

from paygate.adapters.postgres.database_url import with_database
from tests.harness.databases import Databases
from tests.harness.processes import Client, Stack, free_port


@pytest.fixture
def processes(database_url: str, redis_url: str, tmp_path: Path) -> Stack:
    return Stack(database_url, redis_url, tmp_path)


async def refused(processes: Stack, *arguments: str, **more: str) -> str:
    # What is not there may be starting; these tests know that it is not.
    code, _, errors = await processes.run(*arguments, **{"PAYGATE_START_TIMEOUT": "0", **more})
    lines = errors.strip().splitlines()
    assert code == 2, errors
    assert len(lines) == 1, errors
    assert "Traceback" not in errors
    return lines[0]


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://paygate@127.0.0.1:1/paygate",
        "postgresql://paygate@127.0.0.1:notaport/paygate",
        "mysql://root@localhost/paygate",
        "postgresql://paygate@127.0.0.1:5432",
        "nonsense",
    ],
)
@pytest.mark.parametrize("verb", ["serve", "work", "migrate", "doctor"])
async def test_a_wrong_database_url_is_named(processes: Stack, url: str, verb: str):
    assert "DATABASE_URL" in await refused(processes, verb, DATABASE_URL=url)


async def test_a_missing_database_is_named(processes: Stack, databases: Databases):
    url = with_database(databases.server_url, "nowhere")

    assert "DATABASE_URL" in await refused(processes, "serve", DATABASE_URL=url)


async def test_a_missing_migration_names_the_command(processes: Stack, databases: Databases):
    url = with_database(databases.server_url, "paygate_empty")
    admin = await asyncpg.connect(with_database(databases.server_url, "postgres"))
    await admin.execute("DROP DATABASE IF EXISTS paygate_empty")
    await admin.execute("CREATE DATABASE paygate_empty")
    try:
        sentence = await refused(processes, "serve", DATABASE_URL=url)
        code, output, _ = await processes.run("migrate", DATABASE_URL=url)
        again, second, _ = await processes.run("migrate", DATABASE_URL=url)
    finally:
        await admin.execute("DROP DATABASE paygate_empty WITH (FORCE)")
        await admin.close()

    assert "paygate migrate" in sentence
    assert (code, "applied 0001_tables" in output) == (0, True)
    assert (again, second.strip()) == (0, "nothing to do")


@pytest.mark.parametrize("url", ["redis://127.0.0.1:1/0", "unix:///nowhere.sock", "http://x"])
@pytest.mark.parametrize("verb", ["serve", "work"])
async def test_an_unavailable_redis_is_named(processes: Stack, url: str, verb: str):
    assert "REDIS_URL" in await refused(processes, verb, REDIS_URL=url)


async def test_a_port_in_use_is_named(processes: Stack):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])

        assert "PORT" in await refused(processes, "serve", PORT=port)
        assert "PORT" in await refused(processes, "dev", PORT=port)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "http"),
        ("PORT", "70000"),
        ("PAYGATE_ENV", "staging"),
        ("PAYGATE_SEED", "x"),
        ("PAYGATE_VAULT_KEY", "not-a-key"),
        ("PAYGATE_PROCESSORS", "nobody"),
        ("TEST_PROCESSING_DELAY", "soon"),
        ("UPI_SUCCESS_RATE", "2"),
        ("WEBHOOK_RETRY_INTERVALS_TEST", "5,10"),
    ],
)
async def test_a_wrong_setting_is_named(processes: Stack, name: str, value: str):
    assert name in await refused(processes, "serve", **{name: value})


async def test_production_requires_a_key_and_a_database(processes: Stack):
    assert "PAYGATE_VAULT_KEY" in await refused(processes, "serve", PAYGATE_ENV="production")
    assert "DATABASE_URL" in await refused(
        processes, "serve", PAYGATE_ENV="production", DATABASE_URL=""
    )


async def test_doctor_prints_the_configuration(processes: Stack):
    code, output, _ = await processes.run("doctor")

    assert code == 0
    assert "PostgreSQL" in output
    assert "the schema is up to date" in output
    assert "no worker is running" in output
    assert "plugin upi_sim" in output


async def test_plugins_lists_what_is_installed(processes: Stack):
    code, output, _ = await processes.run("plugins")

    assert code == 0
    for line in ("method     upi", "processor  card_sim", "sink       webhook_http"):
        assert line in output


async def test_seed_can_be_repeated(processes: Stack):
    first = await processes.run("seed")
    second = await processes.run("seed")

    assert first[:2] == second[:2] == (0, "key_test_abc123\n")


async def test_dev_uses_the_configured_servers_and_port(processes: Stack, database_url: str):
    port = free_port()
    dev = await processes.start("dev", "--port", str(port))
    client = Client(f"http://127.0.0.1:{port}")
    await client.until_healthy()
    await client.pay()
    dev.send_signal(signal.SIGTERM)
    code = await asyncio.wait_for(dev.wait(), 30)
    connection = await asyncpg.connect(database_url)
    payments = await connection.fetchval("SELECT count(*) FROM payments")
    await connection.close()

    assert (code, payments) == (0, 1)
    assert not (processes.home / "data").exists()


@pytest.mark.parametrize("verb", ["serve", "work"])
async def test_a_misspelt_setting_is_named_with_the_nearest(processes: Stack, verb: str):
    sentence = await refused(processes, verb, PAYGATE_KEEP_CALL_DAYS="30")

    assert sentence == (
        "paygate: PAYGATE_KEEP_CALL_DAYS: nothing reads this setting. "
        "Did you mean PAYGATE_KEEP_CALLS_DAYS."
    )
