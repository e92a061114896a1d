"""The programs of the pages on integrations with other gateways."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping

import pytest

from paygate.testing import PaygateServer
from tests.docs.blocks import BLOCK, ROOT
from tests.wire.test_razorpay_node import NODE

PAGES = {
    "docs/how-to/test-a-razorpay-integration.md": "created\n",
    "docs/how-to/test-a-stripe-integration.md": "requires_payment_method\n",
}
"""Page → what its program for Node prints."""
COMMANDS = {
    "js": (["node", "--input-type=module", "-"], NODE),
    "python": ([sys.executable, "-"], ROOT),
}


@pytest.fixture
def paygate_settings() -> Mapping[str, str]:
    return {"PAYGATE_ROOT_DIALECT": "stripe"}


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("language", COMMANDS)
def test_its_program_runs(language: str, page: str, paygate_server: PaygateServer):
    command, folder = COMMANDS[language]
    (program,) = [
        code for kind, code in BLOCK.findall((ROOT / page).read_text()) if kind == language
    ]
    environ = {
        "PAYGATE_URL": paygate_server.url,
        "PAYGATE_API_KEY": paygate_server.api_key,
        "PAYGATE_API_SECRET": paygate_server.api_secret,
    }

    ran = subprocess.run(
        command,
        input=program,
        cwd=folder,
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert ran.stdout == (PAGES[page] if language == "js" else "")
