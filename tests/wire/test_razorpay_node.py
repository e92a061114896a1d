"""The official Node package."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

from paygate.testing import PaygateServer

NODE = Path(__file__).parent / "node"


def test_it_pays_captures_refunds_lists_and_reads_errors(
    paygate_server: PaygateServer, base_url: str
):
    environ = {
        "PAYGATE_WIRE": base_url,
        "PAYGATE_API_KEY": paygate_server.api_key,
        "PAYGATE_API_SECRET": paygate_server.api_secret,
    }

    ran = subprocess.run(
        ["node", "razorpay.mjs"],
        cwd=NODE,
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert json.loads(ran.stdout) == {
        "signs": True,
        "order": ["created", "tea"],
        "statuses": ["authorized", "captured"],
        "refund": [20_000, 1, True],
        "listed": [1, True],
        "errors": [
            [400, "BAD_REQUEST_ERROR"],
            [400, "BAD_REQUEST_ERROR"],
            [501, "SERVER_ERROR"],
        ],
    }
