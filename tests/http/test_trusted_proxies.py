"""Limits and locks count the client, and not the proxy in front."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from paygate.core.accounts.model import Role
from paygate.core.accounts.team import AddUser, add_user
from tests.harness.apps import TestApp, running_app
from tests.harness.fakes import Fakes
from tests.harness.people import merchant_id
from tests.harness.processes import stack

EMAIL, PASSWORD = "asha@x.y", "a password to be kept"
PROXY, STRANGER = "10.0.0.1", "203.0.113.66"
ENVIRON = {"PAYGATE_TRUSTED_PROXIES": "10.0.0.0/8", "PAYGATE_LIMIT_SIGN_INS": "0"}


@pytest.fixture
async def behind_proxy(database_url: str, tmp_path: Path, fakes: Fakes) -> AsyncIterator[TestApp]:
    plugins = fakes.found()
    async with running_app(database_url, tmp_path, plugins=plugins, environ=ENVIRON) as app:
        command = AddUser(await merchant_id(app), EMAIL, Role.OWNER, PASSWORD)
        await add_user(command, app.app.deps)
        yield app


async def sign_in(app: TestApp, peer: str, forwarded: str, password: str = "wrong") -> int:
    more: dict[str, Any] = {"scope_base": {"client": (peer, 4711)}}
    body = {"email": EMAIL, "password": password}
    headers = {"X-Forwarded-For": forwarded}
    return (
        await app.call("POST", "/session", keys=None, json=body, headers=headers, **more)
    ).status


async def test_a_lock_applies_to_one_client_of_a_proxy(behind_proxy: TestApp):
    for number in range(10):
        # What is left of the proxy's own entry is the client's invention.
        await sign_in(behind_proxy, PROXY, f"192.0.2.{number}, 198.51.100.9")
    locked = await sign_in(behind_proxy, PROXY, "198.51.100.9", PASSWORD)
    other = await sign_in(behind_proxy, PROXY, "198.51.100.10", PASSWORD)
    ips = await behind_proxy.rows("SELECT ip FROM audit_log WHERE action = 'session.create'")

    assert (locked, other) == (401, 200)
    assert [row["ip"] for row in ips] == ["198.51.100.10"]


async def test_a_forged_header_does_not_bypass_a_lock(behind_proxy: TestApp):
    for number in range(10):
        await sign_in(behind_proxy, STRANGER, f"198.51.100.{number}")
    locked = await sign_in(behind_proxy, STRANGER, "198.51.100.99", PASSWORD)
    victim = await sign_in(behind_proxy, PROXY, "198.51.100.5", PASSWORD)

    assert (locked, victim) == (401, 200)


async def test_another_address_of_an_ipv6_network_does_not_bypass_a_lock(behind_proxy: TestApp):
    for number in range(10):
        await sign_in(behind_proxy, PROXY, f"2001:db8:7:7::{number:x}")

    assert await sign_in(behind_proxy, PROXY, "2001:db8:7:7:1:2:3:4", PASSWORD) == 401
    assert await sign_in(behind_proxy, PROXY, "2001:db8:7:8::1", PASSWORD) == 200


@pytest.mark.parametrize("server", ["hypercorn", "uvicorn"])
async def test_each_client_of_a_proxy_has_its_own_limits(
    server: str, database_url: str, redis_url: str, tmp_path: Path
):
    environ = {
        "TEST_MODE": "true",
        "PAYGATE_SERVER": server,
        "PAYGATE_TRUSTED_PROXIES": "127.0.0.1",
        "PAYGATE_LIMIT_SIGN_INS": "2",
    }
    async with stack(database_url, redis_url, tmp_path, environ, logs=tmp_path) as running:
        client = await running.serve()

        async def tries(address: str) -> list[int]:
            body = {"email": "a@b.c", "password": "wrong"}
            headers = {"X-Forwarded-For": address}
            path = "/api/v1/session"
            return [
                (await client.call("POST", path, json=body, headers=headers))[0] for _ in range(3)
            ]

        first = await tries("1.1.1.1, 198.51.100.9")
        second = await tries("198.51.100.10")

    assert first == second == [401, 401, 429]
