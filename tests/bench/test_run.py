"""Loads are chosen by name, and CPU time is that of the processes that are asked about."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time

import pytest

from bench.figures import Figures, Row, Variant
from bench.load import LoadError
from bench.machine import CpuMeter, busy_us, cpu_us, describe_machine, memory_kib, parent_of
from bench.plan import QUICK, Run
from bench.report import ratios_of
from bench.run import LOADS, bench, choose, choose_peers, choose_variants

BURN = "import time\nwhile time.process_time() < 0.4: pass"


def test_all_loads_run_unless_some_are_named():
    assert choose("") == list(LOADS)
    assert choose("get,create") == ["create", "get"]
    assert choose("create*") == [name for name in LOADS if name.startswith("create")]


def test_a_quick_run_leaves_out_loads_that_no_ratio_needs():
    names = choose("", QUICK.left_out)

    assert set(names) == set(LOADS) - QUICK.left_out
    assert {"create", "create_with_key", "create_with_key_and_endpoint", "growth"} <= set(names)
    assert {"end_to_end_1000", "end_to_end_8000", "end_to_end_20000"} <= set(names)
    assert choose("order", QUICK.left_out) == ["order"]


def test_peers_are_chosen_by_name():
    assert choose_peers("none") == frozenset()
    assert choose_peers("express,fastapi") == {"express", "fastapi"}
    with pytest.raises(SystemExit, match="no peer rails; there are express, fastapi"):
        choose_peers("express,rails")


def test_the_file_has_the_plan():
    plan = json.loads(json.dumps(QUICK.to_json()))

    assert (plan["rounds"], plan["peers"]) == (1, ["express"])


async def test_a_load_that_fails_does_not_end_the_others(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    async def broken(run: Run) -> list[Row]:
        raise LoadError("answered 500")

    async def tiny(run: Run) -> list[Row]:
        return [Row("tiny", "paygate", Figures(rps=7.0))]

    monkeypatch.setattr("bench.run.LOADS", {"broken": broken, "tiny": tiny})
    cores = os.sched_getaffinity(0)

    content = await bench(QUICK, ["broken", "tiny"])

    assert content["failed"] == {"broken": "answered 500"}
    assert [row["name"] for row in content["rows"]] == ["tiny"]
    assert content["machine"]["ceiling_rps"] > 0
    assert "failed: answered 500" in capsys.readouterr().out
    assert os.sched_getaffinity(0) == cores


def test_an_unknown_load_is_refused_with_the_names_of_all():
    with pytest.raises(SystemExit, match="no load creat; there are create, create_with_key"):
        choose("get,creat")


def test_the_cpu_time_of_children_counts_while_they_run_and_after():
    with subprocess.Popen([sys.executable, "-c", f"{BURN}\nimport time; time.sleep(60)"]) as child:
        meter = CpuMeter([os.getpid()])
        before = busy_us()
        meter.start()
        until = time.monotonic() + 30
        while cpu_us(child.pid) < 200_000 and time.monotonic() < until:
            time.sleep(0.01)
        meter.stop()
        assert parent_of(child.pid) == os.getpid()
        assert memory_kib(child.pid) > 1_000
        child.kill()
        child.wait()
    after = cpu_us(os.getpid())

    assert meter.used_us[0] >= 100_000
    assert busy_us() - before >= 100_000
    assert after >= 200_000


def test_a_process_that_has_ended_uses_nothing():
    with subprocess.Popen(["true"]) as child:
        child.wait()

    assert cpu_us(child.pid) == 0


def test_the_machine_is_described():
    assert {"processor", "cores", "memory_gib", "system", "python"} <= set(describe_machine())


def test_variants_are_every_server_with_every_number_of_processes():
    assert choose_variants("hypercorn", "1") == ()
    assert choose_variants("uvicorn", "1") == (Variant("uvicorn"),)
    assert [each.system for each in choose_variants("uvicorn", "1,2")] == [
        "paygate_x2",
        "paygate_uvicorn",
        "paygate_uvicorn_x2",
    ]


def test_a_variant_is_compared_with_what_is_started_by_default():
    rows = [
        Row("create", "paygate", Figures(rps=100.0)),
        Row("create", "paygate_uvicorn", Figures(rps=150.0)),
    ]

    assert ratios_of(rows)["create_paygate_uvicorn_vs_paygate"] == 1.5
