"""Three days of a payment on the test clock: how long they take in real time."""

from __future__ import annotations

import asyncio
import statistics
import sys
import time
from pathlib import Path

from paygate.adapters.embedded import start_servers

sys.path.insert(0, str(Path(__file__).parents[1]))
from tests.harness.folders import open_folder
from tests.harness.processes import Client, free_port, stack

ROUNDS = 10
THREE_DAYS_S = 3 * 86_400
# Webhooks are tried again after minutes and hours, as in production.
ENVIRON = {"TEST_MODE": "false", "WEBHOOK_RETRY_INTERVALS_TEST": "false"}


async def story(client: Client) -> tuple[float, int]:
    """Pay, and let three days pass; how long that took, and in how many steps."""
    await client.pay()
    began = time.perf_counter()
    _, advanced = await client.call(
        "POST", "/api/v1/test/clock/advance", json={"seconds": THREE_DAYS_S}
    )
    assert advanced["idle"], "there was still work to do"
    return time.perf_counter() - began, advanced["steps"]


async def stories(home: Path) -> None:
    with start_servers(home / "servers") as servers:
        urls = servers.urls
        async with stack(urls.database_url, urls.redis_url, home, ENVIRON) as processes:
            client = await processes.serve("--prepare")
            await processes.start("work")
            unreachable = f"http://127.0.0.1:{free_port()}/nobody-listens"
            await client.call("PUT", "/api/v1/webhooks", json={"webhook_url": unreachable})
            await asyncio.sleep(2)
            rounds = [await story(client) for _ in range(ROUNDS)]
    took = sorted(seconds for seconds, _ in rounds)
    print(
        f"three days in {statistics.median(took):.3f} s (median of {ROUNDS}; "
        f"{took[0]:.3f} to {took[-1]:.3f} s), {rounds[0][1]} steps"
    )


def main() -> None:
    with open_folder() as home:
        asyncio.run(stories(home))


if __name__ == "__main__":
    main()
