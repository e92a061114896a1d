"""The blocks about the client libraries run against a gateway, as a reader would run them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from paygate.testing import PaygateServer
from tests.clients.test_node_client import PACKAGE
from tests.docs.blocks import BLOCK, ROOT
from tests.docs.test_code_blocks import WITH_A_GATEWAY

PAGE = "docs/how-to/use-the-client-libraries.md"
PROGRAMS = {
    # Only here its own name resolves without an installation.
    "js": (["node", "--input-type=module", "-"], PACKAGE),
    "python": ([sys.executable, "-"], ROOT),
}


# Their programs are run by tests of their own.
OTHERS = {
    "docs/how-to/test-a-razorpay-integration.md",
    "docs/how-to/test-a-stripe-integration.md",
    "docs/how-to/test-in-your-language.md",
    "docs/tutorials/first-payment.md",
}


def programs() -> list[tuple[str, str, str]]:
    pages = sorted(WITH_A_GATEWAY - OTHERS)
    return [
        (page, language, code)
        for page in pages
        for language, code in BLOCK.findall((ROOT / page).read_text())
        if language in PROGRAMS
    ]


def run(language: str, code: str, server: PaygateServer, folder: Path) -> str:
    command, cwd = PROGRAMS[language]
    ran = subprocess.run(
        command,
        input=code,
        cwd=cwd,
        env={
            **os.environ,
            "PAYGATE_URL": server.url,
            "PAYGATE_API_KEY": server.api_key,
            "PAYGATE_API_SECRET": server.api_secret,
            "HOME": str(folder),
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 0, f"{code}\n{ran.stdout}{ran.stderr}"
    assert "Assertion failed" not in ran.stderr
    return ran.stdout


def test_every_block_of_the_pages_runs(paygate_server: PaygateServer, tmp_path: Path):
    found = programs()
    printed = {code: run(language, code, paygate_server, tmp_path) for _, language, code in found}
    first = [out for code, out in printed.items() if "/webhook" in code]

    assert {page for page, _, _ in found} | OTHERS == WITH_A_GATEWAY
    assert len(found) >= 10
    # A webhook of the payment that the program created was verified.
    assert first == ["payment.success True\n", "payment.success true\n"]


@pytest.mark.parametrize("language", PROGRAMS)
def test_the_how_to_shows_both_languages(language: str):
    blocks = [found for page, found, _ in programs() if page == PAGE]

    assert blocks.count(language) >= 4


def test_the_table_of_the_page_has_every_method():
    from paygate_client import PaygateClient
    from tests.clients.test_parity import KEYS, methods_of

    table = (ROOT / PAGE).read_text().partition("## What both have")[2]
    listed = set()
    for line in table.splitlines():
        cells = line.split("|")
        if len(cells) == 4 and cells[1].strip().startswith("`"):
            resource = cells[1].strip().strip("`")
            listed |= {f"PaygateClient.{resource}.{name}" for name in cells[2].split("`")[1::2]}

    assert listed == set(methods_of(PaygateClient(**KEYS))) - {"PaygateClient.close"}
