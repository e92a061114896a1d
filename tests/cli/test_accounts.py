"""Users and merchants created on the command line, without a seeded merchant."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from tests.harness.processes import Stack, stack


@pytest.fixture
async def processes(database_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[Stack]:
    async with stack(database_url, redis_url, tmp_path, {}) as running:
        yield running


async def test_a_merchant_and_its_first_user(processes: Stack, database_url: str):
    code, output, _ = await processes.run("merchant", "add", "Acme", "Shop@Acme.example")
    merchant_id = output.split()[1]
    let_in = ("user", "add", "Asha@acme.example", "--merchant", merchant_id)
    added, password, _ = await processes.run(*let_in)
    refusals = [
        await processes.run(*words)
        for words in (
            ("merchant", "add", "Other", "shop@acme.example"),
            ("merchant", "add", "Other", "no address"),
            let_in,
            ("user", "add", "b@acme.example", "--merchant", "nobody"),
            ("user", "password", "stranger@acme.example"),
        )
    ]
    connection = await asyncpg.connect(database_url)
    try:
        rows = await connection.fetch("SELECT actor_kind, action FROM audit_log ORDER BY id")
        merchants = await connection.fetchval(
            "SELECT count(*) FROM merchants WHERE email LIKE '%acme%'"
        )
    finally:
        await connection.close()

    assert (code, added, merchants) == (0, 0, 1)
    assert len(password.strip()) >= 20
    assert [tuple(row) for row in rows] == [
        ("system", "merchant.create"),
        ("system", "user.create"),
    ]
    for code, _, errors in refusals:
        assert code == 2, errors
        assert len(errors.strip().splitlines()) == 1, errors
    assert [errors.partition(":")[2].partition(":")[0].strip() for _, _, errors in refusals] == [
        "EMAIL", "EMAIL", "EMAIL", "--merchant", "EMAIL",
    ]  # fmt: skip


async def test_a_merchants_own_pair_is_rotated_and_revoked(processes: Stack, database_url: str):
    _, made, _ = await processes.run("merchant", "add", "Acme", "shop@acme.example")
    words = made.split()
    merchant_id, key, first = words[1], words[3], words[5]
    code, output, _ = await processes.run("merchant", "rotate-key", merchant_id)
    second = output.split()[3]
    client = await processes.serve()

    async def status(secret: str) -> int:
        headers = {"X-Api-Key": key, "X-Api-Secret": secret}
        return (await client.call("GET", "/api/v1/orders", headers=headers))[0]

    rotated = [await status(first), await status(second)]
    gone, revoked, _ = await processes.run("merchant", "revoke-key", merchant_id)
    after = [await status(first), await status(second)]
    _, output, _ = await processes.run("merchant", "rotate-key", merchant_id, "--grace-hours", "0")
    refusals = [
        await processes.run("merchant", verb, id)
        for verb in ("rotate-key", "revoke-key")
        for id in ("nobody", "00000000-0000-0000-0000-000000000000")
    ]

    assert (code, gone, revoked.strip()) == (0, 0, f"revoked {key}")
    assert (rotated, after) == ([200, 200], [401, 401])
    assert [await status(output.split()[3]), await status(second)] == [200, 401]
    assert [(code, errors.split(":")[1].strip()) for code, _, errors in refusals] == [(2, "ID")] * 4
