"""What can be known of the systemd units without systemd."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from typer.testing import CliRunner

from paygate.cli.verbs import app
from paygate.core.queue.worker import DRAIN_S
from paygate.settings import setting_names

ROOT = Path(__file__).parents[2]
UNITS = sorted((ROOT / "deploy/systemd").glob("*.service"))
PAGE = (ROOT / "docs/how-to/run-with-systemd.md").read_text()
PROGRAM = "/opt/paygate/bin/paygate"
Unit = Mapping[str, Mapping[str, Sequence[str]]]
"""Section → setting → its values, in order."""


def parse_unit(text: str) -> Unit:
    sections: dict[str, dict[str, list[str]]] = {}
    settings: dict[str, list[str]] = {}
    for line in text.splitlines():
        if not line or line.startswith("#"):
            continue
        if line.startswith("["):
            settings = sections.setdefault(line.strip("[]"), {})
            continue
        name, _, value = line.partition("=")
        settings.setdefault(name, []).append(value)
    return sections


@pytest.fixture(params=UNITS, ids=lambda path: path.stem)
def unit(request: pytest.FixtureRequest) -> Unit:
    return parse_unit(request.param.read_text())


def test_there_is_a_unit_for_the_api_and_one_for_the_worker():
    commands = [parse_unit(path.read_text())["Service"]["ExecStart"] for path in UNITS]

    assert [path.stem for path in UNITS] == ["paygate-api", "paygate-worker"]
    assert commands == [[f"{PROGRAM} serve"], [f"{PROGRAM} work"]]


def test_every_command_of_units_and_page_exists():
    texts = [*(path.read_text() for path in UNITS), PAGE]
    commands = {words for text in texts for words in re.findall(rf"{PROGRAM} ([^\n`]+)", text)}

    assert len(commands) >= 3
    for words in commands:
        assert CliRunner().invoke(app, [*words.split(), "--help"]).exit_code == 0, words


def test_every_variable_of_units_and_page_is_a_setting(unit: Unit):
    set_here = {line.partition("=")[0] for line in unit["Service"]["Environment"]}
    of_page = set(re.findall(r"^ +([A-Z_]+)=", PAGE, re.MULTILINE))

    assert {"DATABASE_URL", "REDIS_URL", "PAYGATE_VAULT_KEY"} <= of_page
    assert set_here | of_page <= setting_names()


def test_the_units_are_in_production_and_have_no_secret(unit: Unit):
    service = unit["Service"]

    assert "PAYGATE_ENV=production" in service["Environment"]
    assert service["EnvironmentFile"] == ["/etc/paygate/paygate.env"]
    assert not any(re.search("KEY|URL|TOKEN|SECRET", line) for line in service["Environment"])


def test_a_process_that_ends_is_started_again_and_one_that_stops_may_finish(unit: Unit):
    service = unit["Service"]

    assert service["Restart"] == ["always"]
    assert unit["Unit"]["StartLimitIntervalSec"] == ["0"]
    assert int(service["TimeoutStopSec"][0]) > DRAIN_S


def test_the_units_have_the_same_restrictions_and_no_capabilities():
    first, second = (dict(parse_unit(path.read_text())["Service"]) for path in UNITS)
    own = {"ExecStart", "Environment"}

    assert {name: first[name] for name in first if name not in own} == {
        name: second[name] for name in second if name not in own
    }
    assert first["CapabilityBoundingSet"] == [""]
    for name in ("DynamicUser", "NoNewPrivileges", "PrivateDevices", "PrivateTmp", "ProtectHome"):
        assert first[name] == ["yes"], name
    assert first["ProtectSystem"] == ["strict"]


def test_each_unit_shows_its_metrics_on_a_port_of_its_own():
    ports = [
        line
        for path in UNITS
        for line in parse_unit(path.read_text())["Service"]["Environment"]
        if line.startswith("PAYGATE_METRICS_PORT=")
    ]

    assert len(ports) == len(set(ports)) == len(UNITS)
    assert [port for port in ports if port.partition("=")[2] not in PAGE] == []
