"""The shell blocks of docs/tutorials/first-payment.md, one after the other, do what it says."""

from __future__ import annotations

import subprocess

import pytest

from paygate.testing import PaygateServer
from tests.docs.blocks import blocks_of

BASE = "http://localhost:8000/api/v1"
PLACE = "http://localhost:8000"


def test_the_blocks_of_the_page_pay_and_refund(paygate_server: PaygateServer):
    program = "\n".join(blocks_of("tutorials/first-payment.md", "sh"))
    inbox = paygate_server.inbox.url
    program = program.replace(BASE, paygate_server.api_url).replace(
        "http://localhost:4000/webhook", inbox
    )
    done = subprocess.run(
        ["bash", "-ec", program], check=False, capture_output=True, text=True, timeout=60
    )

    assert done.returncode == 0, done.stderr
    [payment] = paygate_server.call("GET", "/payments").json
    [refund] = paygate_server.call("GET", "/refunds?limit=10").json["data"]
    assert (payment["status"], payment["amount"], payment["vpa"]) == (
        "success",
        50_000,
        "asha@okaxis",
    )
    assert (refund["payment_id"], refund["amount"]) == (payment["id"], 20_000)
    assert payment["order_id"] in done.stdout
    paygate_server.inbox.expect("payment.success", payment_id=payment["id"])
    paygate_server.inbox.expect("refund.created", payment_id=payment["id"])


def test_the_python_block_of_the_page_pays(
    paygate_server: PaygateServer, capsys: pytest.CaptureFixture[str]
):
    (code,) = blocks_of("tutorials/first-payment.md", "python")
    exec(compile(code.replace(PLACE, paygate_server.url), "first-payment.md", "exec"), {})
    payment_id, status = capsys.readouterr().out.split()
    paygate_server.quiet()

    assert status == "pending"
    assert paygate_server.payment(payment_id)["status"] == "success"
