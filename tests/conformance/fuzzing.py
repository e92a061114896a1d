"""Random requests, generated from the OpenAPI document."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from tests.harness.processes import Stack

# Beyond the contract's own gate, which is 2,000 cases over all operations.
EXAMPLES_PER_OPERATION = 6
CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,"
    "response_schema_conformance"
)


async def ask_whatever(gateway: Stack) -> tuple[int | None, str]:
    """Ask and check the answers; the exit code and what was printed."""
    client = await gateway.serve("--prepare", "--with-worker")
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
        cwd=gateway.home,
        env={"PATH": os.environ["PATH"], "HOME": str(gateway.home)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await asyncio.wait_for(process.communicate(), timeout=900)
    return process.returncode, output.decode()
