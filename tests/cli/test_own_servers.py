"""Embedded servers on the command line."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from tests.harness.databases import Databases
from tests.harness.folders import open_folder
from tests.harness.processes import Client, Stack, free_port


async def test_dev_with_a_configured_database_starts_only_valkey(
    databases: Databases, server_home: Path
):
    url = await databases.clone()
    port = str(free_port())
    stack = Stack(
        url, "", server_home, {"PAYGATE_DASHBOARD_PORT": "0", "PAYGATE_CHECKOUT_PORT": "0"}
    )
    dev = await stack.spawn("dev", PORT=port)
    try:
        client = Client(f"http://127.0.0.1:{port}")
        await client.until_healthy()
        _, health = await client.call("GET", "/health")
        assert dev.stdout is not None
        banner = await asyncio.wait_for(dev.stdout.readuntil(b"Stop with Ctrl+C"), 60)
    finally:
        dev.terminate()
        await dev.wait()
        await databases.drop(url)

    assert health["redis"] == "connected"
    assert f"in the database of DATABASE_URL; Valkey in {server_home}" in banner.decode()


async def test_dev_reports_why_servers_cannot_start_and_cleans_up(tmp_path: Path):
    (tmp_path / "file").touch()
    stack = Stack("", "", tmp_path)
    code, output, errors = await stack.run("dev", PAYGATE_HOME=str(tmp_path / "file"))

    assert (code, output, _working_in(tmp_path)) == (2, "", [])
    assert errors.startswith("paygate: PAYGATE_HOME: ")
    assert len(errors.splitlines()) == 1


def _working_in(folder: Path) -> list[str]:
    """Return the ids of the processes whose current folder it is."""
    found = []
    for link in Path("/proc").glob("[0-9]*/cwd"):
        with suppress(OSError):
            if link.readlink() == folder:
                found.append(link.parent.name)
    return found


async def test_psql_reaches_the_database_that_dev_would_use(server_home: Path):
    stack = Stack("", "", server_home)

    code, output, errors = await stack.run("psql", "-At", "-c", "SELECT current_user", PGPORT="1")

    assert (code, output.strip()) == (0, "paygate"), errors


# Only root can become a user without a name; others have theirs taken away.
AS_ROOT = os.geteuid() == 0
UID = 12345 if AS_ROOT else os.geteuid()
LOSE_NAME = (
    f"os.setgroups([]), os.setgid({UID}), os.setuid({UID})"
    if AS_ROOT
    else "pwd.getpwuid = {}.__getitem__"
)


def test_the_error_for_a_user_without_a_name_has_a_remedy():
    with open_folder() as home:
        if AS_ROOT:
            os.chown(home, UID, UID)
        code = (
            "import os, pwd\n"
            "from pathlib import Path\n"
            "from paygate.adapters.embedded import start_servers\n"
            "from paygate.core.errors import OperatorError\n"
            f"{LOSE_NAME}\n"
            "try:\n"
            f"    start_servers(Path({str(home)!r}) / 'data')\n"
            "except OperatorError as error:\n"
            "    print(error)\n"
        )
        ran = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd="/"
        )

    assert f"user {UID}, which has no entry in /etc/passwd" in ran.stdout, ran.stderr
    assert f"useradd --uid {UID} paygate" in ran.stdout
