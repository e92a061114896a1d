"""The documented verification code accepts only webhooks that paygate signed."""

from __future__ import annotations

import base64
import json
import re
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from paygate_webhook_http.signature import signed_headers

PAGE = (Path(__file__).parents[2] / "docs" / "how-to" / "verify-webhooks.md").read_text()
BODY = b'{"event":"payment.success"}'
SEEDED = "whsec_test_abc123"
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


def made(*, secret: str, age_s: int = 0, previous: str | None = None) -> dict[str, str]:
    timestamp = int(time.time()) - age_s
    headers = signed_headers(
        id="evt_1", timestamp=timestamp, body=BODY, secret=secret, previous=previous
    )
    return dict(headers)


def official(body: bytes, headers: dict[str, str], secret: str) -> bool:
    """As the page says: a secret that paygate did not make is given as its own bytes."""
    key = secret.encode() if secret in ODD else secret
    try:
        Webhook(key).verify(body, headers)
    except WebhookVerificationError:
        return False
    return True


# Not base64; base64 of too few bytes; base64 without its padding; without the prefix.
ODD = (SEEDED, "whsec_c2hvcnQ=", NEW.rstrip("="), "plain words", NEW.removeprefix("whsec_"))
VERIFIERS = [python, node, official]


@pytest.mark.parametrize("verify", VERIFIERS)
def test_during_a_rotation_either_secret_verifies(verify: Verify):
    headers = made(secret=NEW, previous=OLD)

    assert [verify(BODY, headers, each) for each in (NEW, OLD, OTHER)] == [True, True, False]
    assert not verify(BODY + b" ", headers, NEW)
    assert not verify(BODY, {**headers, "webhook-id": "evt_2"}, NEW)


@pytest.mark.parametrize("verify", VERIFIERS)
@pytest.mark.parametrize("secret", [*ODD, NEW])
def test_only_the_right_secret_verifies_in_every_format(verify: Verify, secret: str):
    headers = made(secret=secret)

    assert verify(BODY, headers, secret)
    assert not verify(BODY, headers, "whsec_test_abc124")
    assert not verify(BODY + b" ", headers, secret)


@pytest.mark.parametrize("verify", VERIFIERS)
@pytest.mark.parametrize("age_s", [400, -400])
def test_a_timestamp_too_far_from_now_is_refused(verify: Verify, age_s: int):
    assert verify(BODY, made(secret=NEW), NEW)
    assert not verify(BODY, made(secret=NEW, age_s=age_s), NEW)


@pytest.mark.parametrize("verify", [python, node])
@pytest.mark.parametrize("timestamp", ["", "soon", "-5", "1e9", "1\n", "9" * 400])
def test_an_invalid_timestamp_is_refused(verify: Verify, timestamp: str):
    assert not verify(BODY, {**made(secret=NEW), "webhook-timestamp": timestamp}, NEW)
