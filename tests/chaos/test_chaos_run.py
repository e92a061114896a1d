"""A short run, as ``make chaos`` makes a longer one."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.chaos import faults, plan
from tests.harness.prepared import ROOT

PATIENCE_S = 240
MUST_BE_ZERO = {
    "lost",
    "double_charged",
    "double_refunded",
    "charged_but_failed",
    "success_without_charge",
    "approvals_lost",
    "double_transitions",
    "wrong_books",
    "undelivered",
    "stuck",
    "broken_promises",
    "http_500",
    "deadlocks",
    "recording_failed",
}


def chaos(*arguments: str) -> dict[str, Any]:
    """Run it; return the figures of a run that went well."""
    ran = subprocess.run(
        [sys.executable, "-m", "tests.chaos", "--programs", "4", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert ran.returncode in {0, 1}, ran.stderr
    *sentences, last = ran.stdout.splitlines()
    figures = json.loads(last)

    assert {name: figures[name] for name in MUST_BE_ZERO} == dict.fromkeys(MUST_BE_ZERO, 0), (
        sentences
    )
    assert ran.returncode == 0
    return dict(figures)


def test_the_audit_passes_after_any_faults(tmp_path: Path):
    figures = chaos("--seconds", "15", "--seed", "11", "--logs", str(tmp_path))

    assert figures["faults"] == len(plan.faults(11, 15))
    assert figures["payments"] >= 10


def test_a_promoted_standby_continues_without_loss(tmp_path: Path):
    figures = chaos("--seconds", "15", "--seed", "12", "--standby", "--logs", str(tmp_path))

    assert len(figures["created_after_promotion_s"]) == plan.FAIL_OVERS
    assert max(figures["created_after_promotion_s"]) <= 10
    assert figures["payments"] >= 10


def test_the_same_seed_makes_the_same_plan():
    def first(seed: int) -> list[plan.Purchase]:
        return list(itertools.islice(plan.purchases(seed), 200))

    assert first(5) == first(5)
    assert first(5) != first(6)
    assert plan.faults(5, 300) == plan.faults(5, 300)
    assert plan.faults(5, 300) != plan.faults(6, 300)


def test_a_five_minute_run_has_every_fault_and_bank_behaviour():
    planned = plan.faults(1, 300)
    sold = list(itertools.islice(plan.purchases(1), 1_000))

    assert {each.name for each in planned} == set(plan.FAULTS)
    assert {*plan.FAULTS, plan.FAIL_OVER} == set(faults.FAULTS)
    assert len(planned) >= 134
    for flow, words in plan.CHARGES.items():
        assert {each.charge for each in sold if each.flow == flow} == set(words)
    assert {each.payer for each in sold if each.charge == "ask"} == set(plan.PAYERS)
    assert {each.follow_up for each in sold} == {*plan.AUTOMATIC, *plan.MANUAL}
