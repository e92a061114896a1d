"""Production refuses what is unsafe, one by one: a sentence that names it, and exit code 2."""

from __future__ import annotations

from pathlib import Path

import asyncpg
import pytest

from paygate.adapters.vault.keyed import new_key
from paygate.production import refuse_unsafe
from paygate.settings import read_settings
from tests.harness.processes import Stack

SAFE = {
    "PAYGATE_ENV": "production",
    "PAYGATE_VAULT_KEY": new_key(),
    "PAYGATE_ALLOW_SIMULATORS": "true",
}
UNSAFE = {
    "no vault key": ("PAYGATE_VAULT_KEY", {"PAYGATE_VAULT_KEY": ""}),
    "the published vault key": (
        "PAYGATE_VAULT_KEY",
        {"PAYGATE_VAULT_KEY": "cGF5Z2F0ZS1kZW1vLWtleS1ub3QtZm9yLXByb2R1Y3Q="},
    ),
    "the published vault key behind another": (
        "PAYGATE_VAULT_KEY",
        {"PAYGATE_VAULT_KEY": f"{new_key()},cGF5Z2F0ZS1kZW1vLWtleS1ub3QtZm9yLXByb2R1Y3Q="},
    ),
    "simulators": ("PAYGATE_ALLOW_SIMULATORS", {"PAYGATE_ALLOW_SIMULATORS": ""}),
    "the published secret of simulators": (
        "PAYGATE_SIMULATOR_SECRET",
        {"PAYGATE_SIMULATOR_SECRET": "simulator_secret"},
    ),
    "the same for one plugin": (
        "PAYGATE_SIMULATOR_SECRET",
        {"PAYGATE_UPI_SIM_CALLBACK_SECRET": "simulator_secret"},
    ),
    "test mode": ("TEST_MODE", {"TEST_MODE": "true"}),
    "test mode of one plugin": ("TEST_MODE", {"PAYGATE_CARD_SIM_TEST_MODE": "true"}),
    "scenarios by amount": (
        "PAYGATE_SCENARIO_AMOUNTS",
        {"PAYGATE_SCENARIO_AMOUNTS": "true", "PAYGATE_ALLOW_SIMULATORS": "false"},
    ),
    "scenarios of a file": (
        "PAYGATE_SCENARIOS",
        {"PAYGATE_SCENARIOS": "scenarios.toml", "PAYGATE_ALLOW_SIMULATORS": "false"},
    ),
    "a test's waits": ("WEBHOOK_RETRY_INTERVALS_TEST", {"WEBHOOK_RETRY_INTERVALS_TEST": "1"}),
    "a list of waits": (
        "WEBHOOK_RETRY_INTERVALS_TEST",
        {"WEBHOOK_RETRY_INTERVALS_TEST": "5,10,15,20"},
    ),
    "ids that can be foretold": ("PAYGATE_REPLAY", {"PAYGATE_REPLAY": "true"}),
    "a process that kills itself": ("PAYGATE_CRASH_AT", {"PAYGATE_CRASH_AT": "charge.after_sent"}),
    "callers without keys": ("PAYGATE_PROFILE", {"PAYGATE_PROFILE": "open-demo"}),
    "a folder of plugins": ("PAYGATE_PLUGIN_FOLDER", {"PAYGATE_PLUGIN_FOLDER": "plugins"}),
    "a plain API": ("PAYGATE_API_URL", {"PAYGATE_API_URL": "http://api.example"}),
    "a plain checkout": ("CHECKOUT_URL", {"CHECKOUT_URL": "http://pay.example"}),
    "a plain dashboard": ("DASHBOARD_URL", {"DASHBOARD_URL": "http://desk.example"}),
    "a plain origin": (
        "PAYGATE_ALLOWED_ORIGINS",
        {"PAYGATE_ALLOWED_ORIGINS": "https://a.example,http://b.example"},
    ),
    "no database": ("DATABASE_URL", {"DATABASE_URL": ""}),
    "the published password": (
        "DATABASE_URL",
        {"DATABASE_URL": "postgresql://gateway_user:gateway_pass@127.0.0.1:1/payment_gateway"},
    ),
}
OF_WORKERS = ("the published vault key", "simulators", "test mode", "a list of waits")
OF_PAGES = (
    "the published vault key",
    "test mode",
    "callers without keys",
    "a plain API",
    "a plain checkout",
    "a plain dashboard",
)


@pytest.fixture
def processes(database_url: str, redis_url: str, tmp_path: Path) -> Stack:
    (tmp_path / "scenarios.toml").write_text("")
    return Stack(database_url, redis_url, tmp_path, SAFE)


async def refused(processes: Stack, *arguments: str, **more: str) -> str:
    code, _, errors = await processes.run(*arguments, **more)
    lines = errors.strip().splitlines()
    assert (code, len(lines)) == (2, 1), errors
    return lines[0]


@pytest.mark.parametrize("what", UNSAFE)
async def test_each_unsafe_setting_is_named(processes: Stack, what: str):
    setting, given = UNSAFE[what]

    assert (await refused(processes, "serve", **given)).startswith(f"paygate: {setting}: ")


def test_the_strict_profile_is_safe():
    given = {**SAFE, "DATABASE_URL": "postgresql://a:b@127.0.0.1/c", "PAYGATE_PROFILE": "strict"}

    refuse_unsafe(read_settings(given), given)


@pytest.mark.parametrize("what", OF_WORKERS)
async def test_workers_refuse_unsafe_settings(processes: Stack, what: str):
    setting, given = UNSAFE[what]

    assert (await refused(processes, "work", **given)).startswith(f"paygate: {setting}: ")


@pytest.mark.parametrize("what", OF_PAGES)
async def test_pages_refuse_their_unsafe_settings(processes: Stack, what: str):
    setting, given = UNSAFE[what]
    sentence = await refused(processes, "pages", "checkout", "--port", "0", **given)

    assert sentence.startswith(f"paygate: {setting}: ")


@pytest.mark.parametrize("arguments", [["dev"], ["dev", "--ephemeral"]])
async def test_dev_is_for_development_only(processes: Stack, arguments: list[str]):
    assert (await refused(processes, *arguments)).startswith("paygate: PAYGATE_ENV: ")


@pytest.mark.parametrize("arguments", [["serve"], ["pages", "dashboard"], ["dev"]])
async def test_a_development_server_refuses_other_machines(processes: Stack, arguments: list[str]):
    given = {"PAYGATE_ENV": "development", "HOST": "0.0.0.0"}

    assert (await refused(processes, *arguments, **given)).startswith("paygate: HOST: ")


async def test_a_development_server_accepts_other_machines_if_allowed(processes: Stack):
    processes.environ = {"HOST": "0.0.0.0", "PAYGATE_ALLOW_REMOTE_DEV": "1"}
    try:
        client = await processes.serve()
        status, _ = await client.call("GET", "/health")
    finally:
        await processes.close()

    assert status == 200


async def test_safe_production_settings_are_enough_to_start(processes: Stack):
    try:
        client = await processes.serve()
        status, _ = await client.call("GET", "/health")
        by_the_pair, _ = await client.call("GET", "/api/v1/orders")
    finally:
        await processes.close()

    assert (status, by_the_pair) == (200, 401)


async def test_stored_unsafe_settings_are_refused(processes: Stack, database_url: str):
    connection = await asyncpg.connect(database_url)
    await connection.execute(
        """INSERT INTO plugin_settings (plugin, "values", updated_at)
        VALUES ('upi_sim', '{"test_mode": true}', now())"""
    )
    await connection.close()

    assert (await refused(processes, "work")).startswith("paygate: TEST_MODE: ")


async def test_a_database_of_development_is_refused_until_its_credentials_are_removed(
    processes: Stack,
):
    try:
        dev = await processes.serve(PAYGATE_ENV="development")
        status, opened = await dev.call("POST", "/api/v1/test/namespaces", json={})
        assert status == 201
        refusals = [await refused(processes, verb) for verb in ("serve", "work", "doctor")]
        _, removed, _ = await processes.run("seed", "--remove")
        _, again, _ = await processes.run("seed", "--remove")
        production = await processes.serve()
        # The development server still runs on the same database, and seeds again.
        await processes.run("seed", PAYGATE_ENV="development")
        login = {"email": "test@example.com", "password": "anything"}
        answers = [
            (await production.call("GET", "/api/v1/orders"))[0],
            (await production.call("POST", "/api/v1/session", json=login))[0],
        ]
        in_development = (await dev.call("GET", "/api/v1/orders"))[0]
    finally:
        await processes.close()

    for sentence in refusals:
        assert sentence.startswith("paygate: DATABASE_URL: ")
        assert "key_test_abc123" in sentence or opened["api_key"] in sentence
        assert "paygate seed --remove" in sentence
    assert sorted(removed.splitlines()) == [
        f"deactivated {opened['api_key']}",
        "deactivated key_test_abc123",
    ]
    assert again == "nothing to do\n"
    assert answers == [401, 401]
    assert in_development == 200
