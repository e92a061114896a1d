"""What reads cost as a merchant's history grows: ``.venv/bin/python -m bench.reads [rows]``.

The same requests go in turns to a database with 10,000 payments and to one with a million, both
on one server, through an API in this process.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import time
from contextlib import AsyncExitStack
from pathlib import Path

import asyncpg

from paygate.adapters.embedded import start_servers
from paygate.adapters.postgres.database_url import with_database
from paygate.adapters.postgres.migrate import migrate
from tests.harness.apps import KEYS, TestApp, running_app
from tests.harness.fakes import Fakes
from tests.harness.folders import open_folder
from tests.harness.many_rows import fill

SIZES = (10_000, int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
ROUNDS = 60
NUMBER = f"{4_003:016}"
READS = {
    "list of 20": "/payments?limit=20",
    "next page": "/payments?limit=20&cursor={cursor}",
    "list by status": "/payments?limit=20&status=failed",
    "list of deliveries": "/webhooks?limit=20",
    "get": f"/payments/pay_{NUMBER}",
    "stats": "/payments/stats",
    "overview of a day": "/overview?hours=24",
    "overview of a month": "/overview?hours=720",
    "search by id": f"/payments?limit=20&q=pay_{NUMBER}",
    "search by a part": "/payments?limit=20&q=payer4001@",
}


async def open_filled(stack: AsyncExitStack, server_url: str, home: Path, rows: int) -> TestApp:
    """Return an app on a database of its own with so many payments."""
    name = f"reads_{rows}"
    connection = await asyncpg.connect(with_database(server_url, "postgres"))
    await connection.execute(f"CREATE DATABASE {name}")
    await connection.close()
    url = with_database(server_url, name)
    await migrate(url)
    folder = home / name
    folder.mkdir()
    app = await stack.enter_async_context(running_app(url, folder, plugins=Fakes().found()))
    began_s = time.monotonic()
    await fill(app, rows)
    print(f"{rows:,} payments stored in {time.monotonic() - began_s:.0f} s", file=sys.stderr)
    return app


async def took_ms(app: TestApp, path: str) -> float:
    began_s = time.perf_counter()
    response = await app.client.get(f"/api/v1{path}", headers=KEYS)
    await response.get_data()
    assert response.status_code == 200, path
    return 1000 * (time.perf_counter() - began_s)


async def main() -> None:
    async with AsyncExitStack() as stack:
        home = stack.enter_context(open_folder())
        servers = stack.enter_context(start_servers(home, durable=False))
        apps = [await open_filled(stack, servers.urls.database_url, home, rows) for rows in SIZES]
        cursors = [(await app.call("GET", READS["list of 20"])).json["next_cursor"] for app in apps]
        print(f"| read | {SIZES[0]:,} | {SIZES[1]:,} | ratio |\n|---|---|---|---|")
        for name, path in READS.items():
            took: tuple[list[float], list[float]] = ([], [])
            for number in range(ROUNDS + 10):
                for place in (0, 1) if number % 2 else (1, 0):
                    took[place].append(
                        await took_ms(apps[place], path.format(cursor=cursors[place]))
                    )
            # The first ones plan their statements and read the disk.
            small, large = (statistics.median(each[10:]) for each in took)
            print(f"| {name} | {small:.2f} ms | {large:.2f} ms | {large / small:.2f} |")


if __name__ == "__main__":
    asyncio.run(main())
