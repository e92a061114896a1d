"""Test suites of merchants, each run by its own pytest."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from paygate.testing.session import Session
from tests.harness.suites import PATIENCE_S, PYTEST, run_suite

ROOT = Path(__file__).parents[2]

TESTS = """
import asyncio
import pytest
from paygate.testing import FakeProcessor

{mark}
async def test_pays(paygate_app, webhook_inbox):
    with paygate_app.use(FakeProcessor(decline="declined")):
        assert (await paygate_app.pay())["status"] == "failed"
    payment = await paygate_app.pay()
    await webhook_inbox.expect("payment.success", payment_id=payment["id"])

{mark}
async def test_pays_twice_at_once(paygate_app, clock):
    both = await asyncio.gather(paygate_app.pay(), paygate_app.pay())
    assert [each["status"] for each in both] == ["success", "success"]
    await clock.advance(days=1)

def test_without_a_loop(paygate_server):
    assert paygate_server.pay()["status"] == "success"
"""

FLAVOURS = {
    "auto": ("", "asyncio_mode = auto"),
    "strict": ("@pytest.mark.asyncio", "asyncio_mode = strict"),
    "session": (
        "@pytest.mark.asyncio(loop_scope='session')",
        "asyncio_mode = strict\nasyncio_default_fixture_loop_scope = session",
    ),
    "anyio": (
        "@pytest.mark.anyio\n@pytest.mark.parametrize('anyio_backend', ['asyncio'])",
        "addopts = -p no:asyncio",
    ),
}


def suite_environ(**more: str) -> dict[str, str]:
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTEST_", "COV_"))
    }
    return {**inherited, **more}


def run(folder: Path, *arguments: str, server_url: str = "", **more: str):
    environ = suite_environ(PAYGATE_TEST_DATABASE_URL=server_url, **more)
    return run_suite(*arguments, cwd=folder, environ=environ)


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_the_fixtures_work_with_every_async_plugin(
    tmp_path: Path, server_urls: tuple[str, str], paygate_session: Session, flavour: str
):
    # While our own session is open, its migrated database is there to be copied.
    mark, settings = FLAVOURS[flavour]
    (tmp_path / "pytest.ini").write_text(f"[pytest]\n{settings}\n")
    (tmp_path / "test_shop.py").write_text(TESTS.format(mark=mark))

    ran = run(tmp_path, server_url=server_urls[0])

    assert "3 passed" in ran.stdout, ran.stdout + ran.stderr


def test_the_examples_of_a_merchant_pass(server_urls: tuple[str, str], paygate_session: Session):
    ran = run(ROOT / "examples" / "merchant_tests", server_url=server_urls[0])

    assert "5 passed" in ran.stdout, ran.stdout + ran.stderr


def test_processes_share_a_server_and_do_not_affect_each_other():
    folder = ROOT / "bench" / "crossing"
    ran = run(folder, "-n", "2", CROSSING_TESTS="8")

    assert "8 passed" in ran.stdout, ran.stdout + ran.stderr


def test_a_run_without_these_fixtures_imports_nothing_of_paygate(tmp_path):
    (tmp_path / "test_other.py").write_text(
        "import sys\ndef test_it(): assert 'paygate' not in sys.modules\n"
    )

    ran = subprocess.run(
        [sys.executable, "-m", "pytest", *PYTEST, "-p", "no:asyncio"],
        cwd=tmp_path,
        env=suite_environ(),
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )

    assert "1 passed" in ran.stdout, ran.stdout + ran.stderr
