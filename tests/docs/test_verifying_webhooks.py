"""The code that the page about webhooks shows believes what paygate signs, and nothing else."""

from __future__ import annotations

import base64
import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from paygate_webhook_http.signature import signed_headers

PAGE = (Path(__file__).parents[2] / "docs" / "webhooks.md").read_text()
BODY = b'{"event":"payment.success"}'
NEW, OLD, OTHER = ("whsec_" + base64.b64encode(bytes([n]) * 32).decode() for n in (1, 2, 3))
Verify = Callable[[bytes, dict[str, str], str], bool]


def block(language: str, name: str) -> str:
    (found,) = [
        code for code in re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL) if name in code
    ]
    return str(found)


def python(body: bytes, headers: dict[str, str], secret: str) -> bool:
    names: dict[str, Any] = {}
    exec(block("python", "is_ours"), names)
    return bool(names["is_ours"](body, headers, secret))


def node(body: bytes, headers: dict[str, str], secret: str) -> bool:
    given = json.dumps([body.decode(), headers, secret])
    program = (
        block("js", "isOurs")
        + f"\nconst [b, h, s] = {given}\nconsole.log(isOurs(Buffer.from(b), h, s))"
    )
    ran = subprocess.run(["node", "-e", program], capture_output=True, text=True, check=True)
    return ran.stdout.strip() == "true"


@pytest.mark.parametrize("verify", [python, node])
def test_either_secret_is_believed_while_both_sign(verify: Verify):
    made = signed_headers(id="evt_1", timestamp=5, body=BODY, secret=NEW, previous=OLD)

    assert [verify(BODY, dict(made), secret) for secret in (NEW, OLD, OTHER)] == [True, True, False]
    assert not verify(BODY + b" ", dict(made), NEW)
    assert not verify(BODY, {**made, "webhook-id": "evt_2"}, NEW)
