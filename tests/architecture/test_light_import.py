"""A plugin's tests import paygate in a moment, without any machine."""

import json
import subprocess
import sys

import pytest

HEAVY = {
    "aiohttp",
    "asyncpg",
    "cryptography",
    "dotenv",
    "hypercorn",
    "quart",
    "redis",
    "saq",
    "structlog",
    "tortoise",
    "typer",
    "uvloop",
}

LIGHT = (
    "paygate",
    "paygate.plugins.host",
    "paygate_upi_sim",
    "paygate_card_sim",
    "paygate_webhook_http",
)
LOADED = "import json, sys, {module}; print(json.dumps(sorted(sys.modules)))"


@pytest.mark.parametrize("module", LIGHT)
def test_importing_it_loads_no_machine(module):
    code = LOADED.format(module=module)
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, timeout=30)

    loaded = {name.partition(".")[0] for name in json.loads(ran.stdout)}

    assert loaded & HEAVY == set()
