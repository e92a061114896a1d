"""The programs of the page on Razorpay integrations."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from paygate.testing import PaygateServer
from tests.docs.blocks import BLOCK, ROOT
from tests.wire.test_razorpay_node import NODE

PAGE = ROOT / "docs/how-to/test-a-razorpay-integration.md"
PROGRAMS = {
    "js": (["node", "--input-type=module", "-"], NODE, "created\n"),
    "python": ([sys.executable, "-"], ROOT, ""),
}


@pytest.mark.parametrize("language", PROGRAMS)
def test_its_program_runs(language: str, paygate_server: PaygateServer):
    command, folder, printed = PROGRAMS[language]
    (program,) = [code for kind, code in BLOCK.findall(PAGE.read_text()) if kind == language]
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
    assert ran.stdout == printed
