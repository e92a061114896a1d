"""Processes wait for servers that are starting, and log their connections."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

from paygate.adapters.embedded import start_servers
from tests.harness.processes import Stack, free_port


async def lines_until(process: asyncio.subprocess.Process, wanted: str) -> list[str]:
    assert process.stderr is not None
    found: list[str] = []
    async with asyncio.timeout(90):
        while not found or wanted not in found[-1]:
            line = (await process.stderr.readline()).decode()
            assert line, found
            found.append(line)
    return found


async def test_serve_and_work_wait_for_servers_that_are_starting(
    database_url: str, server_home: Path, tmp_path: Path
):
    socket = server_home / "data" / "sockets" / "valkey.sock"
    stack = Stack(database_url, f"unix://{socket}?db=0", tmp_path, {"PAYGATE_START_TIMEOUT": "60"})
    started = [
        await stack.spawn(verb, PAYGATE_LOG_LEVEL="info", PORT=str(free_port()))
        for verb in ("serve", "work")
    ]
    try:
        waiting = [(await lines_until(process, "waiting for Redis")) for process in started]
        with await asyncio.to_thread(start_servers, server_home, durable=False):
            ready = [
                await lines_until(started[0], "serving"),
                await lines_until(started[1], "working"),
            ]
            for process in started:
                process.send_signal(signal.SIGTERM)
            codes = [await asyncio.wait_for(process.wait(), 60) for process in started]
    finally:
        for process in started:
            if process.returncode is None:
                process.kill()

    assert all(lines for lines in waiting)
    assert all("connected to PostgreSQL" in "".join(lines) for lines in ready)
    assert all("connected to Redis" in "".join(lines) for lines in ready)
    assert codes == [0, 0]


async def test_waiting_for_a_server_ends_after_the_timeout(database_url: str, tmp_path: Path):
    stack = Stack("postgresql://nobody@127.0.0.1:1/none", "", tmp_path)

    code, _, errors = await stack.run("work", PAYGATE_START_TIMEOUT="1")

    assert code == 2
    assert "waiting for PostgreSQL" in errors.splitlines()[0]
    assert errors.splitlines()[-1].startswith(
        "paygate: DATABASE_URL: the database is not available"
    )


async def test_doctor_checks_the_worker_of_this_machine(
    database_url: str, redis_url: str, tmp_path: Path
):
    stack = Stack(database_url, redis_url, tmp_path)
    before, _, _ = await stack.run("doctor", "--worker")
    try:
        await stack.start("work")
        async with asyncio.timeout(90):
            while (await stack.run("doctor", "--worker"))[0] != 0:
                pass
    finally:
        await stack.close()

    assert before == 1
