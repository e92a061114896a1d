"""Importing paygate is fast: it loads no adapter."""

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
    "opentelemetry",
    "quart",
    "redis",
    "saq",
    "structlog",
    "tortoise",
    "typer",
    "uvicorn",
    "uvloop",
}

LIGHT = (
    "paygate",
    "paygate.plugins.host",
    "paygate_upi_sim",
    "paygate_card_sim",
    "paygate_webhook_http",
)
# `paygate --help` shows the commands at once, and `paygate dev` only starts other processes.
QUICK_COMMANDS = ("paygate.cli", "paygate.cli.dev")
LOADED = "import json, sys, {module}; print(json.dumps(sorted(sys.modules)))"


def loaded_by(module):
    code = LOADED.format(module=module)
    # One that hangs ends with its test.
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    return {name.partition(".")[0] for name in json.loads(ran.stdout)}


@pytest.mark.parametrize("module", LIGHT)
def test_importing_paygate_loads_no_adapter_library(module):
    assert loaded_by(module) & HEAVY == set()


@pytest.mark.parametrize("module", QUICK_COMMANDS)
def test_a_quick_command_loads_only_the_command_line(module):
    assert loaded_by(module) & HEAVY == {"typer"}


def test_importing_paygate_loads_no_library_until_a_name_is_used():
    assert loaded_by("paygate") & {*HEAVY, "pluggy", "pydantic"} == set()


def test_a_gateway_starts_without_the_library_for_traces():
    """The client of Redis imports it if it is installed; paygate does if traces are on."""
    without = "import sys; sys.modules['opentelemetry'] = None; import paygate.cli.serve; "
    code = without + "print('paygate.adapters.traces.otel' in sys.modules)"
    # One that hangs ends with its test.
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)

    assert ran.stdout == b"False\n"
