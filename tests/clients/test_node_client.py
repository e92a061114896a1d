"""The Node client: its own tests with a real gateway, and paygate's own signatures."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import time
from pathlib import Path

from paygate.testing import PaygateServer
from paygate_webhook_http.signature import signed_headers

PACKAGE = Path(__file__).parents[2] / "sdk" / "js" / "server"
NEW, OLD, OTHER = ("whsec_" + base64.b64encode(bytes([n]) * 32).decode() for n in (1, 2, 3))
# Not base64; base64 of too few bytes; base64 without its padding; bits that no encoder sets;
# without the prefix.
ODD = (
    "whsec_test_abc123",
    "whsec_c2hvcnQ=",
    NEW.rstrip("="),
    f"whsec_{'A' * 21}B==",
    "plain words",
    NEW.removeprefix("whsec_"),
)
BODY = '{"event":"payment.success","timestamp":%d,"data":{"note":"₹\u2028"}}'
PROGRAM = """
import { verifyLegacyWebhook, verifyWebhook } from "@paygate/server";
const accepts = (verify, ...given) => {
  try { return verify(...given).type === "payment.success"; } catch { return false; }
};
const answers = GIVEN.map(([body, headers, secret]) => [
  accepts(verifyWebhook, Buffer.from(body), headers, secret),
  accepts(verifyLegacyWebhook, Buffer.from(body), headers, secret),
]);
console.log(JSON.stringify(answers));
"""


def node(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["node", *arguments],
        cwd=PACKAGE,
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_its_own_tests_pass_with_a_gateway(paygate_server: PaygateServer):
    files = [f"test/{path.name}" for path in sorted((PACKAGE / "test").glob("*.test.mjs"))]

    ran = node(
        "--test",
        "--test-reporter=tap",
        *files,
        PAYGATE_URL=paygate_server.url,
        PAYGATE_API_KEY=paygate_server.api_key,
        PAYGATE_API_SECRET=paygate_server.api_secret,
    )

    assert len(files) == 3
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "# skipped 0" in ran.stdout


def test_signatures_of_paygate_are_verified():
    now = int(time.time())
    body = BODY % now

    def signed(secret: str, previous: str | None = None) -> dict[str, str]:
        headers = signed_headers(
            id="evt_1", timestamp=now, body=body.encode(), secret=secret, previous=previous
        )
        return dict(headers)

    right = [[body, signed(each), each] for each in (*ODD, NEW)]
    wrong = [[body, signed(each), OTHER] for each in (*ODD, NEW)]
    rotated = [body, signed(NEW, OLD), OLD]
    program = f"const GIVEN = {json.dumps([*right, *wrong, rotated])};{PROGRAM}"
    ran = node("--input-type=module", "-e", program)

    assert ran.returncode == 0, ran.stderr
    # The plain header has the signature of the new secret only.
    expected = [[True, True]] * 7 + [[False, False]] * 7 + [[True, False]]
    assert json.loads(ran.stdout) == expected
