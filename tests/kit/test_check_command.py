"""``paygate plugin check``: a table, JSON, exit codes; what was not judged is said."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from paygate import OperatorError, hookimpl
from paygate.cli import app
from paygate.commands import plugin_check
from paygate.plugins.host import Found
from tests.kit import good
from tests.kit.bad.others import SendsTwice

RUN = CliRunner()


def test_a_built_in_plugin_keeps_its_rules():
    ran = RUN.invoke(app, ["plugin", "check", "webhook_http"])

    assert ran.exit_code == 0, ran.output
    assert "sink webhook_http" in ran.output
    assert " 0 broken" in ran.output


@pytest.mark.parametrize("name", ["upi_sim", "card_sim"])
def test_the_simulators_bring_samples_so_that_everything_is_judged(name: str):
    ran = RUN.invoke(app, ["plugin", "check", name, "--json"])

    told = json.loads(ran.output)
    assert ran.exit_code == 0, ran.output
    assert told["counts"]["not_judged"] == 0
    assert {each["subject"].split()[0] for each in told["findings"]} == {"method", "processor"}


def test_a_broken_rule_is_named_with_what_to_do(monkeypatch: pytest.MonkeyPatch):
    plugin = SimpleNamespace(paygate_event_sinks=hookimpl(lambda: [SendsTwice()]))
    monkeypatch.setattr(plugin_check, "installed_plugins", lambda: [Found("bad", plugin, "1")])

    ran = RUN.invoke(app, ["plugin", "check", "bad"])

    assert ran.exit_code == 1
    assert "BROKEN      sink.sends_once" in ran.output
    assert "2 requests left in one call" in ran.output
    assert "post once" in ran.output


def test_without_samples_what_needs_them_is_said_to_be_unjudged(monkeypatch: pytest.MonkeyPatch):
    plugin = SimpleNamespace(paygate_processors=hookimpl(lambda context: [good.Good()]))
    monkeypatch.setattr(plugin_check, "installed_plugins", lambda: [Found("bare", plugin, "1")])

    ran = RUN.invoke(app, ["plugin", "check", "bare"])

    assert ran.exit_code == 0
    assert "not judged  processor.approves" in ran.output
    assert "no samples: `approved` is not given" in ran.output


def test_a_misspelt_sample_is_refused(monkeypatch: pytest.MonkeyPatch):
    plugin = SimpleNamespace(
        paygate_processors=hookimpl(lambda context: [good.Good()]),
        paygate_check_samples={"processors": {"good": {"aproved": {}}}},
    )
    monkeypatch.setattr(plugin_check, "installed_plugins", lambda: [Found("bare", plugin, "1")])

    ran = RUN.invoke(app, ["plugin", "check", "bare"])

    assert isinstance(ran.exception, OperatorError)
    assert "aproved" in str(ran.exception)


def test_a_plugin_that_is_not_there_is_an_operators_mistake():
    ran = RUN.invoke(app, ["plugin", "check", "nobody"])

    assert isinstance(ran.exception, OperatorError)
    assert "webhook_http" in str(ran.exception)
