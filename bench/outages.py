"""Faults of PostgreSQL under load, a line of JSON each.

Nothing may be answered 500, no process may end, and everything that was accepted is to be
settled within 15 s of the end of the fault.
"""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import asdict
from pathlib import Path

from paygate.adapters.embedded import start_servers

sys.path.insert(0, str(Path(__file__).parents[1]))
from tests.harness.folders import open_folder
from tests.harness.outages import (
    FAULTS,
    Fault,
    OutageResult,
    merchant_and_workers,
    own_postgres,
    suffer,
)

SETTLED_WITHIN_S = 15.0
LASTS_S = {"read_only": 5.0, "alter_table": 4.0, "rights_revoked": 6.0}


async def one(name: str, fault: Fault, redis_url: str) -> OutageResult:
    with open_folder() as home, own_postgres(home) as postgres:
        async with merchant_and_workers(postgres, redis_url, home) as (running, client):
            return await suffer(
                fault,
                postgres,
                running,
                client,
                programs=8,
                lasts_s=LASTS_S.get(name, 0.0),
                before=30,
                patience_s=60.0,
            )


def is_good(result: OutageResult) -> bool:
    return (
        set(result.answers) <= {201, 503}
        and not result.without_retry_after
        and not result.ended
        and not result.unsettled
        and result.settled_after_s <= SETTLED_WITHIN_S
    )


def main() -> int:
    wanted = sys.argv[1:] or list(FAULTS)
    results = []
    with open_folder() as home, start_servers(home) as servers:
        for name in wanted:
            result = asyncio.run(one(name, FAULTS[name], servers.urls.redis_url))
            results.append(is_good(result))
            print(json.dumps({"fault": name, "ok": results[-1], **asdict(result)}), flush=True)
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
