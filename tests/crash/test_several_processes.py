"""``paygate serve --processes``: one port, and whatever happens to one of the processes."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress
from pathlib import Path

import aiohttp
import asyncpg
import pytest

from tests.harness.apps import KEYS
from tests.harness.prepared import Process
from tests.harness.processes import SERVERS, Client, Stack, stack

COUNT = 3
# The kernel spreads them by chance: that a process gets none is less likely than 1 in 10⁹.
CONNECTIONS = 60
ESTABLISHED, LISTENING = "01", "0A"
PATIENCE_S = 60.0
WAITING = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND wait_event_type = 'Lock'
"""


@pytest.fixture
async def processes(database_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[Stack]:
    environ = {"TEST_MODE": "true"}
    async with stack(database_url, redis_url, tmp_path, environ, logs=tmp_path) as running:
        yield running


def children_of(parent: Process) -> list[int]:
    listed = Path(f"/proc/{parent.pid}/task/{parent.pid}/children").read_text()
    return [int(pid) for pid in listed.split()]


def has_ended(pid: int) -> bool:
    """Check whether a process and all of its threads have ended: until then it has its sockets."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        return state == "Z" and len(list(Path(f"/proc/{pid}/task").iterdir())) == 1
    except FileNotFoundError:
        return True


def sockets_of(pid: int) -> set[str]:
    """Return the inodes of its sockets."""
    found: set[str] = set()
    folder = Path(f"/proc/{pid}/fd")
    for descriptor in list(folder.iterdir()) if folder.exists() else []:
        with suppress(FileNotFoundError):
            name = str(descriptor.readlink())
            found.add(name.removeprefix("socket:[").removesuffix("]"))
    return found


def sockets_on(port: int, state: str) -> set[str]:
    """Return the inodes of this machine's sockets with that local port and state."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return {row[9] for row in rows if row[1].endswith(f":{port:04X}") and row[3] == state}


def connections_of(child: int, client: Client) -> int:
    return len(sockets_of(child) & sockets_on(port_of(client), ESTABLISHED))


def port_of(client: Client) -> int:
    return int(client.base.rpartition(":")[2])


async def served_by(processes: Stack, *flags: str) -> tuple[Client, Process, list[int]]:
    """Return a gateway of several processes, all of which listen."""
    client = await processes.serve("--prepare", "--processes", str(COUNT), *flags)
    parent = processes.processes[-1]
    return client, parent, await until_complete(client, parent)


async def until_complete(client: Client, parent: Process, *, without: int = 0) -> list[int]:
    """Wait until all processes listen, and none of them is the one that ended."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            found = children_of(parent)
            listening = sockets_on(port_of(client), LISTENING)
            ready = [child for child in found if sockets_of(child) & listening]
            if len(ready) == COUNT and without not in ready:
                return ready
            await asyncio.sleep(0.02)


async def stop(parent: Process) -> int:
    parent.terminate()
    return await asyncio.wait_for(parent.wait(), PATIENCE_S)


@pytest.mark.parametrize("server", SERVERS)
async def test_every_process_answers_and_a_stop_ends_all_and_loses_no_request(
    processes: Stack, database_url: str, server: str
):
    client, parent, children = await served_by(processes, "--server", server)
    shares = await shares_of(children, client)
    made = [await client.call("POST", "/api/v1/orders", json={"amount": 50_000}) for _ in range(6)]
    statuses = await stopped_while_paying(
        client, parent, [order["id"] for _, order in made], database_url
    )

    assert sum(shares) == CONNECTIONS
    assert min(shares) > 0
    assert statuses == [201] * len(made)
    assert await asyncio.wait_for(parent.wait(), PATIENCE_S) == 0
    assert [child for child in children if not has_ended(child)] == []


async def shares_of(children: list[int], client: Client) -> list[int]:
    """Ask over many connections; return how many of them each process has."""
    async with AsyncExitStack() as opened:
        for _ in range(CONNECTIONS):
            session = aiohttp.ClientSession(headers=KEYS)
            await opened.enter_async_context(session)
            async with session.get(f"{client.base}/api/v1/payments") as response:
                assert response.status == 200
        return [connections_of(child, client) for child in children]


async def stopped_while_paying(
    client: Client, parent: Process, orders: list[str], database_url: str
) -> list[int]:
    """Stop the gateway while a payment of each order is in progress; return their statuses."""
    holder, observer = [await asyncpg.connect(database_url) for _ in range(2)]
    try:
        # Payments of these orders wait for their rows.
        async with holder.transaction():
            await holder.execute("SELECT 1 FROM orders WHERE id = ANY($1) FOR UPDATE", orders)
            paying = [
                asyncio.create_task(
                    client.call(
                        "POST",
                        "/api/v1/payments",
                        json={"order_id": order, "method": "upi", "vpa": "asha@paytm"},
                    )
                )
                for order in orders
            ]
            async with asyncio.timeout(PATIENCE_S):
                while await observer.fetchval(WAITING) < len(orders):
                    await asyncio.sleep(0.01)
            parent.terminate()
            async with asyncio.timeout(PATIENCE_S):
                while is_listened_to(port_of(client)):
                    await asyncio.sleep(0.01)
        return [(await each)[0] for each in paying]
    finally:
        await holder.close()
        await observer.close()


def is_listened_to(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


async def test_a_port_in_use_is_refused_and_a_killed_process_is_replaced_while_the_others_answer(
    processes: Stack, tmp_path: Path
):
    client, parent, children = await served_by(processes)

    code, _, errors = await processes.run(
        "serve", "--processes", "2", "--port", str(port_of(client))
    )
    os.kill(children[1], signal.SIGKILL)
    while not has_ended(children[1]):
        await asyncio.sleep(0.01)
    for _ in range(20):
        await client.pay()
    now = await until_complete(client, parent, without=children[1])

    assert code == 2
    assert errors.startswith("paygate: PORT: ")
    assert {children[0], children[2]} < set(now)
    assert await stop(parent) == 0
    assert f"pid={children[1]}" in log_of(tmp_path)
    assert "exit_code=-9" in log_of(tmp_path)


def log_of(folder: Path) -> str:
    return "".join(each.read_text() for each in folder.glob("*.log"))


async def test_the_processes_end_with_their_parent(processes: Stack):
    _, parent, children = await served_by(processes)

    parent.kill()
    await parent.wait()

    async with asyncio.timeout(PATIENCE_S):
        while not all(has_ended(child) for child in children):
            await asyncio.sleep(0.02)


async def test_processes_that_cannot_start_end_with_one_sentence(processes: Stack):
    code, _, errors = await processes.run(
        *("serve", "--processes", str(COUNT)),
        DATABASE_URL="postgresql://paygate@127.0.0.1:1/paygate",
        PAYGATE_START_TIMEOUT="0",
    )

    assert code == 2
    assert len(errors.splitlines()) == 1
    assert errors.startswith("paygate: DATABASE_URL: ")


async def test_a_reproducible_run_needs_a_single_process(processes: Stack):
    code, _, errors = await processes.run("serve", "--processes", "2", PAYGATE_REPLAY="true")

    assert code == 2
    assert errors.startswith("paygate: PAYGATE_REPLAY: ")
