"""What a claim of deliveries costs: ``.venv/bin/python bench/claims.py [endpoints]``."""

from __future__ import annotations

import asyncio
import statistics
import sys
import time
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import asyncpg

from paygate.adapters.embedded import start_servers
from paygate.adapters.postgres.migrate import migrate
from paygate.adapters.postgres.tables.deliveries import CLAIM
from paygate.core.limits import ENDPOINT_IN_FLIGHT_MAX
from tests.harness.folders import open_folder

ENDPOINTS = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
ROUNDS = 30
DUE = 10

MERCHANTS = """
INSERT INTO merchants (name, email, api_key, api_secret, webhook_url)
SELECT 'M', 'm' || n || '@example.com', 'key_' || n, '', 'http://localhost:9/'
FROM generate_series(1, $1::int) AS n
"""
ONE_EACH = """
INSERT INTO webhook_logs (merchant_id, event, payload, next_retry_at, event_id, sink,
    endpoint_id, attempts)
SELECT id, 'webhook.test', '{}', now() + $1::interval,
    'evt_' || gen_random_uuid(), 'webhook_http', id, 1
FROM merchants LIMIT $2
"""


async def main() -> None:
    with open_folder() as home, start_servers(home, durable=False) as servers:
        url = servers.urls.database_url
        await migrate(url)
        connection = await asyncpg.connect(url)
        await connection.execute(MERCHANTS, ENDPOINTS)
        await connection.execute(ONE_EACH, timedelta(hours=1), ENDPOINTS)
        await connection.execute(ONE_EACH, timedelta(minutes=-1), DUE)
        await connection.execute("VACUUM ANALYZE")
        await show(connection, f"{ENDPOINTS} endpoints wait for later, {DUE} rows are due")
        await connection.execute(
            "UPDATE webhook_logs SET next_retry_at = now() - interval '1 hour'; "
            "UPDATE merchants SET webhook_disabled_at = now(), webhook_disabled_reason = 'manual'"
        )
        await connection.execute("VACUUM ANALYZE")
        await show(connection, f"{ENDPOINTS} endpoints are disabled, all their rows are held")
        await connection.close()


async def show(connection: asyncpg.Connection, what: str) -> None:
    took_ms, rows = [], 0
    for _ in range(ROUNDS):
        transaction = connection.transaction()
        await transaction.start()
        began = time.perf_counter()
        rows = len(await claim(connection))
        took_ms.append(1000 * (time.perf_counter() - began))
        await transaction.rollback()
    print(
        f"{what}: {rows} claimed, median {statistics.median(took_ms):.1f} ms, "
        f"p95 {statistics.quantiles(took_ms, n=20)[-1]:.1f} ms"
    )


async def claim(connection: asyncpg.Connection) -> list[asyncpg.Record]:
    now = datetime.now(UTC)
    args = (uuid4(), "bench", 128, now, ENDPOINT_IN_FLIGHT_MAX, ["webhook_http"], 96, 128)
    found: list[asyncpg.Record] = await connection.fetch(CLAIM, *args)
    return found


if __name__ == "__main__":
    asyncio.run(main())
