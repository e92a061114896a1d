"""Random requests, generated from the OpenAPI document by Schemathesis."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.harness.processes import Client

# The answer has no undocumented status, header or field, and the server is not at fault.
ANSWERS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,"
    "response_schema_conformance"
)
# Beside these: requests that the schema allows and the API refuses, and the other way round. Rules
# that no schema can say refuse requests, and empty parameters count as missing.
EVERY_CHECK = (
    f"{ANSWERS},unsupported_method,allow_header_conformance,missing_required_header,"
    "response_headers_conformance,use_after_free,ensure_resource_availability,ignored_auth"
)
CREDENTIALS = ("X-Api-Key: key_test_abc123", "X-Api-Secret: secret_test_xyz789")

# The same functions under other paths; the clock, which makes everything wait; the stream, which
# has no end to wait for; and what ends the pair that asks.
LEFT_OUT = "^/(?!api|health|$)|/test/clock|/stream$|/keys/root"


@dataclass(frozen=True)
class Fuzzed:
    """A run of Schemathesis: its exit code, number of test cases and output."""

    code: int | None
    cases: int
    output: str


async def fuzz(
    client: Client,
    home: Path,
    *,
    examples: int,
    checks: str = ANSWERS,
    phases: str = "examples,coverage,fuzzing",
    seed: int | None = None,
    with_keys: bool = True,
    timeout_s: float = 900,
) -> Fuzzed:
    """Send random requests to every operation and check the answers.

    Args:
        client: The gateway.
        home: A folder for what Schemathesis stores.
        examples: Random requests an operation, and sequences of requests.
        checks: The checks of Schemathesis.
        phases: Its phases.
        seed: Of the random numbers; None for requests that are the same in each run.
        with_keys: Whether requests have a merchant's API key.
        timeout_s: How long it may take.
    """
    seeded = ["--generation-deterministic"] if seed is None else ["--seed", str(seed)]
    headers = [word for line in CREDENTIALS for word in ("--header", line)] if with_keys else []
    process = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).parent / "schemathesis"),
        *("run", f"{client.base}/openapi.json", "--checks", checks, "--phases", phases),
        *("--max-examples", str(examples), "--exclude-path-regex", LEFT_OUT, "--no-color"),
        *seeded,
        *headers,
        cwd=home,
        env={"PATH": os.environ["PATH"], "HOME": str(home)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        output, _ = await asyncio.wait_for(process.communicate(), timeout_s)
    except TimeoutError:
        process.kill()
        await process.wait()
        raise
    text = output.decode()
    found = re.search(r"(\d[\d,]*) generated", text)
    cases = int(found[1].replace(",", "")) if found else 0
    return Fuzzed(process.returncode, cases, text)
