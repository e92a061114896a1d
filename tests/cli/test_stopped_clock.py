"""A test clock that an earlier run left stopped or moved is reported or released."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg
import pytest

from tests.harness.processes import Stack

from .test_dev_with import PATIENCE_S, free_port, until

STOPPED = "stopped at 2099-01-01 00:00:00 UTC"


async def run_sql(url: str, sql: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()


@pytest.fixture
async def stopped_url(database_url: str) -> str:
    """Of a database whose clock was stopped by an earlier run."""
    await run_sql(
        database_url,
        "INSERT INTO test_clock (id, held_at, version) VALUES (1, '2099-01-01T00:00:00Z', 1)",
    )
    return database_url


@pytest.fixture
async def shifted_url(database_url: str) -> str:
    """Of a database whose clock an earlier run moved three days on."""
    await run_sql(
        database_url,
        "INSERT INTO test_clock (id, resumed_from, resumed_at, version) "
        "VALUES (1, now() + interval '3 days', now(), 1)",
    )
    return database_url


@contextmanager
def started(stack: Stack, *options: str) -> Iterator[str]:
    """``paygate dev`` with these options, and what it says when it is ready."""
    output = stack.home / "output"
    # One process without Redis, which has no part in this.
    options = ("--port", str(free_port()), "--no-redis", *options)
    command = [sys.executable, "-m", "paygate", "dev", *options]
    environ = stack.environment(PAYGATE_DASHBOARD_PORT="0", PAYGATE_CHECKOUT_PORT="0")
    with output.open("wb") as file:
        dev = subprocess.Popen(command, env=environ, stdout=file, stderr=subprocess.STDOUT)
    try:
        until(lambda: "Pay an order" in output.read_text(), dev)
        yield output.read_text()
        dev.send_signal(signal.SIGINT)
        dev.wait(PATIENCE_S)
    finally:
        dev.kill()


async def test_dev_starts_with_running_time(stopped_url: str, redis_url: str, tmp_path: Path):
    with started(Stack(stopped_url, redis_url, tmp_path)) as output:
        held_at = await run_sql(stopped_url, "SELECT held_at FROM test_clock")

    assert "clock     runs with the real time" in output
    assert held_at is None


async def test_dev_keeps_the_clock_with_an_option_and_prints_how_to_release_it(
    stopped_url: str, redis_url: str, tmp_path: Path
):
    with started(Stack(stopped_url, redis_url, tmp_path), "--keep-clock") as output:
        held_at = await run_sql(stopped_url, "SELECT held_at FROM test_clock")

    assert "clock     STOPPED at 2099-01-01T00:00:00.000Z" in output
    assert "/api/v1/test/clock/release" in output
    assert held_at is not None


async def test_dev_releases_a_clock_that_runs_ahead(
    shifted_url: str, redis_url: str, tmp_path: Path
):
    with started(Stack(shifted_url, redis_url, tmp_path)) as output:
        ahead = await run_sql(shifted_url, "SELECT resumed_at FROM test_clock")

    assert "clock     runs with the real time" in output
    assert ahead is None


async def test_dev_keeps_a_clock_that_runs_ahead_with_an_option(
    shifted_url: str, redis_url: str, tmp_path: Path
):
    with started(Stack(shifted_url, redis_url, tmp_path), "--keep-clock") as output:
        ahead = await run_sql(shifted_url, "SELECT resumed_at FROM test_clock")

    assert "clock     SHIFTED, 3 days, 0:00:00 ahead of the real time" in output
    assert "/api/v1/test/clock/release" in output
    assert ahead is not None


async def test_doctor_reports_a_clock_that_runs_ahead(
    shifted_url: str, redis_url: str, tmp_path: Path
):
    _, shifted, _ = await Stack(shifted_url, redis_url, tmp_path).run("doctor")

    assert "note  the test clock runs 3 days, 0:00:00 ahead of the real time" in shifted
    assert "/api/v1/test/clock/release" in shifted


async def test_doctor_reports_a_stopped_clock(stopped_url: str, redis_url: str, tmp_path: Path):
    stack = Stack(stopped_url, redis_url, tmp_path)
    _, stopped, _ = await stack.run("doctor")
    await run_sql(stopped_url, "UPDATE test_clock SET held_at = NULL, version = 2")
    _, running, _ = await stack.run("doctor")

    assert STOPPED in stopped
    assert "/api/v1/test/clock/release" in stopped
    assert "ok    the test clock runs with the real time" in running
