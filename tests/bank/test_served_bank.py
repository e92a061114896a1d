"""``paygate bank`` as a process, called over HTTP."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.harness.processes import Stack

SUM = {"amount": 500, "currency": "INR"}


@asynccontextmanager
async def bank(folder: Path, *options: str) -> AsyncIterator[tuple[Any, Any]]:
    """Run a bank; yield what it prints, and its process."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "paygate", "bank", "--port", "0", *options),
        cwd=folder,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(60):
            assert process.stdout is not None
            yield json.loads(await process.stdout.readline()), process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def client(ready: Any) -> aiohttp.ClientSession:
    headers = {"Authorization": f"Bearer {ready['api_key']}"}
    return aiohttp.ClientSession(ready["url"], headers=headers)


async def charge(http: aiohttp.ClientSession, scenario: str, key: str) -> Any:
    content = {**SUM, "scenario": scenario}
    async with http.post("/charges", json=content, headers={"Idempotency-Key": key}) as answer:
        return answer.status, await answer.json()


async def get(http: aiohttp.ClientSession, path: str) -> Any:
    async with http.get(path) as answer:
        return await answer.json()


async def test_it_charges_breaks_connections_and_ends_with_its_standard_input(tmp_path: Path):
    options = ("--until-stdin-closes", "--api-key", "mine", "--callback-secret", "ours")
    async with bank(tmp_path, *options) as (ready, process), client(ready) as http:
        approved = await charge(http, "approve", "op_1")
        for scenario, key in (("crash_after_charge", "op_2"), ("down", "op_3")):
            with pytest.raises(aiohttp.ClientConnectionError):
                await charge(http, scenario, key)
        lost, never = await get(http, "/operations/op_2"), await get(http, "/operations/op_3")
        book = await get(http, "/book")
        # A call that hangs does not delay the end.
        hanging = asyncio.create_task(charge(http, "hang_then_approved", "op_4"))
        while len((await get(http, "/book"))["charges"]) < 3:
            pass
        process.stdin.close()
        code = await process.wait()
        with pytest.raises(aiohttp.ClientConnectionError):
            await hanging

    assert (ready["api_key"], ready["callback_secret"], code) == ("mine", "ours", 0)
    assert (approved[0], approved[1]["status"]) == (200, "approved")
    assert (lost["status"], never["error"]["code"]) == ("approved", "not_found")
    assert [entry["reference"] for entry in book["charges"]] == ["op_1", "op_2"]


async def test_it_answers_after_its_latency_and_refuses_long_bodies(tmp_path: Path):
    async with bank(tmp_path, "--latency-ms", "50") as (ready, _), client(ready) as http:
        began = asyncio.get_running_loop().time()
        await charge(http, "approve", "op_1")
        took_s = asyncio.get_running_loop().time() - began
        async with http.post("/charges", data=b" " * 70_000) as answer:
            refused = (answer.status, (await answer.json())["error"]["code"])

    assert took_s >= 0.05
    assert refused == (413, "too_large")


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--scenario", "none"), "--scenario: There is no scenario 'none'"),
        (("--callback-url", "gateway"), "--callback-url: String should match pattern"),
    ],
)
async def test_a_wrong_option_ends_it_with_a_sentence(
    tmp_path: Path, options: tuple[str, ...], sentence: str
):
    code, _, errors = await Stack("", "", tmp_path).run("bank", "--port", "0", *options)

    assert (code, sentence in errors) == (2, True), errors
