"""The shell block of docs/tutorials/first-plugin.md gives what the page promises."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from paygate import Approved, DeclineCode, Declined
from paygate.testing import FakeProcessor, PaygateServer

PAGE = (Path(__file__).parents[2] / "docs" / "tutorials" / "first-plugin.md").read_text()
BASE = "http://localhost:8000/api/v1"
[BLOCK] = [block for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL) if BASE in block]


def acme(request, context):
    if request.instrument.display["vpa"].startswith("decline"):
        return Declined(DeclineCode.INSUFFICIENT_FUNDS)
    return Approved(f"acme-{context.operation_id}", request.amount)


@pytest.mark.parametrize(
    ("vpa", "promised"),
    [
        ("asha@okaxis", {"status": "success", "processor": "acme"}),
        ("decline@okaxis", {"status": "failed", "decline_code": "insufficient_funds"}),
    ],
)
def test_the_block_of_the_page_creates_the_payment(
    paygate_server: PaygateServer, tmp_path: Path, vpa: str, promised: dict[str, str]
):
    block = BLOCK.replace(BASE, paygate_server.api_url).replace("asha@okaxis", vpa)
    with paygate_server.use(FakeProcessor(id="acme", answers=acme)):
        done = subprocess.run(
            ["bash", "-c", block], check=False, capture_output=True, text=True, timeout=60
        )

    assert done.returncode == 0, done.stderr
    payment = json.loads(done.stdout)
    assert {name: payment[name] for name in promised} == promised
    for name, value in promised.items():
        assert value == "failed" or f'"{name}":"{value}"' in PAGE
        assert f'"{name}":"{value}"' in done.stdout.replace('": "', '":"')
