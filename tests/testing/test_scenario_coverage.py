"""``pytest --paygate-coverage``: which scenarios a suite met, and whether it asserted an ending."""

from __future__ import annotations

from pathlib import Path

import pytest

from paygate.testing.session import Session
from tests.testing.test_suites import run

TESTS = {
    "test_asserted.py": """
async def test_a_decline(paygate_app, webhook_inbox):
    payment = await paygate_app.pay(scenario="insufficient_funds")
    await webhook_inbox.expect("payment.failed", payment_id=payment["id"])

def test_a_late_refund(paygate_server):
    payment = paygate_server.pay(scenario="refund_slow")
    paygate_server.refund(payment, 100)
    paygate_server.clock.advance_until("refund.processed")

async def test_a_slow_payment(paygate_app):
    payment = await paygate_app.pay(scenario="approve_slowly")
    await paygate_app.until(payment, "success")
""",
    "test_met.py": """
async def test_the_beginning_only(paygate_app, webhook_inbox):
    payment = await paygate_app.pay(scenario="payer_rejected")
    await webhook_inbox.expect("payment.created", payment_id=payment["id"])
    await paygate_app.pay()
""",
}


@pytest.fixture
def suite(tmp_path: Path, paygate_session: Session) -> Path:
    # While our own session is open, its migrated database is there to be copied.
    (tmp_path / "pytest.ini").write_text("[pytest]\nasyncio_mode = auto\n")
    for name, text in TESTS.items():
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.mark.parametrize("processes", [(), ("-n", "2", "--dist", "loadfile")])
def test_the_summary_counts_what_was_met_and_asserted(
    suite: Path, server_urls: tuple[str, str], processes: tuple[str, ...]
):
    ran = run(
        suite,
        *processes,
        "--paygate-coverage",
        "--paygate-coverage-min=3",
        server_url=server_urls[0],
    )

    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "3/56 scenarios have an asserted ending, 4 were met\n" in ran.stdout
    assert "met without an asserted ending: payer_rejected\n" in ran.stdout
    assert "not met: " in ran.stdout


def test_a_suite_below_the_floor_fails_though_its_tests_pass(
    suite: Path, server_urls: tuple[str, str]
):
    ran = run(suite, "test_met.py", "--paygate-coverage-min=1", server_url=server_urls[0])

    assert ran.returncode == 1, ran.stdout + ran.stderr
    assert "1 passed" in ran.stdout
    assert "0/56 scenarios have an asserted ending, 1 were met" in ran.stdout
    assert "FAILED: --paygate-coverage-min=1 is not reached" in ran.stdout


def test_without_the_option_nothing_is_shown(suite: Path, server_urls: tuple[str, str]):
    ran = run(suite, "test_met.py", server_url=server_urls[0])

    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "scenarios" not in ran.stdout
