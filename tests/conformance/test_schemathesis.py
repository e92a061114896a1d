"""Requests that nobody thought of, made from the document: no 5xx, nothing undocumented."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest

from tests.harness.processes import Stack, stack

# Beyond the contract's own gate, which is 2,000 cases over all operations.
EXAMPLES_PER_OPERATION = 10
CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,"
    "response_schema_conformance"
)


@pytest.fixture
async def processes(database_url: str, redis_url: str, tmp_path: Path):
    environ = {"TEST_MODE": "true", "TEST_PROCESSING_DELAY": "0"}
    async with stack(database_url, redis_url, tmp_path, environ) as running:
        yield running


async def test_no_request_is_answered_with_what_the_document_does_not_say(processes: Stack):
    client = await processes.serve("--prepare", "--with-worker")
    process = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).parent / "schemathesis"),
        "run",
        f"{client.base}/openapi.json",
        "--checks",
        CHECKS,
        "--max-examples",
        str(EXAMPLES_PER_OPERATION),
        "--phases",
        "examples,coverage,fuzzing",
        "--header",
        "X-Api-Key: key_test_abc123",
        "--header",
        "X-Api-Secret: secret_test_xyz789",
        "--exclude-path-regex",
        # The same functions under other paths; the clock, which makes everything wait;
        # the stream, which has no end to wait for; and what ends the pair that asks.
        "^/(?!api|health|$)|/test/clock|/stream$|/keys/root",
        "--generation-deterministic",
        "--no-color",
        cwd=processes.home,
        env={"PATH": os.environ["PATH"], "HOME": str(processes.home)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await asyncio.wait_for(process.communicate(), timeout=900)

    assert process.returncode == 0, output.decode()[-6000:]
