"""How long a refused sign-in takes, with and without an account: the times must not differ."""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path
from statistics import median

from paygate.adapters.embedded import start_servers
from paygate.core.accounts.model import Role
from paygate.core.accounts.team import AddUser, add_user

sys.path.insert(0, str(Path(__file__).parents[1]))
from tests.harness.apps import TestApp, running_app
from tests.harness.databases import Databases, open_databases
from tests.harness.folders import open_folder
from tests.harness.people import merchant_id

ROUNDS = 200
KNOWN, OFF, NOBODY = "asha@x.y", "off@x.y", "nobody@x.y"


async def refused(app: TestApp, email: str) -> float:
    """Send a wrong password; return the milliseconds until the response."""
    began_s = time.perf_counter()
    typed = {"email": email, "password": "a wrong password"}
    answer = await app.call("POST", "/session", keys=None, json=typed)
    assert answer.status == 401
    return (time.perf_counter() - began_s) * 1000


async def sign_ins(databases: Databases, home: Path) -> None:
    url = await databases.clone()
    async with running_app(url, home) as app:
        merchant = await merchant_id(app)
        for email in (KNOWN, OFF):
            await add_user(AddUser(merchant, email, Role.OWNER, "a right password"), app.app.deps)
        await app.rows("UPDATE users SET is_active = false WHERE email = $1", OFF)
        took_ms: dict[str, list[float]] = {KNOWN: [], OFF: [], NOBODY: []}
        # In turns, so that whatever else the machine does is in all of them.
        emails = [KNOWN, OFF, NOBODY]
        for _ in range(ROUNDS):
            await app.rows("DELETE FROM login_tries")
            for email in emails:
                took_ms[email].append(await refused(app, email))
            # No user is always the first after the deletion.
            emails = [*emails[1:], emails[0]]
    unknown = median(took_ms[NOBODY])
    for email, took in took_ms.items():
        print(f"{email:12} median {median(took):.1f} ms ({median(took) / unknown - 1:+.1%})")


def main() -> None:
    with (
        open_folder() as home,
        start_servers(home / "servers", durable=False) as servers,
        open_databases(servers.urls.database_url) as databases,
    ):
        asyncio.run(sign_ins(databases, home))


if __name__ == "__main__":
    main()
