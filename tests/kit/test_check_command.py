"""``paygate plugin check``: a table, JSON, exit codes, and rules that were not judged."""

from __future__ import annotations

import io
import json
import logging
import threading
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from paygate import OperatorError, hookimpl
from paygate.cli import plugin_tools
from paygate.cli.verbs import app
from paygate.plugins import collecting
from paygate.plugins.host import Found
from paygate.simulator.scenario import Scenario
from tests.kit import good
from tests.kit.bad import dialects
from tests.kit.bad.others import SendsTwice

RUN = CliRunner()


@pytest.mark.parametrize("name", ["webhook_http", "razorpay_wire", "stripe_wire"])
def test_a_built_in_plugin_keeps_its_rules(name: str):
    ran = RUN.invoke(app, ["plugin", "check", name])

    assert ran.exit_code == 0, ran.output
    assert f"sink {name}" in ran.output
    assert "kept        sink.signs_the_body" in ran.output
    assert " 0 broken" in ran.output


@pytest.mark.parametrize("name", ["upi_sim", "card_sim"])
def test_the_simulators_have_samples_for_every_rule(name: str):
    ran = RUN.invoke(app, ["plugin", "check", name, "--json"])

    report = json.loads(ran.stdout)
    assert ran.exit_code == 0, ran.output
    assert report["counts"]["not_judged"] == 0
    assert {each["subject"].split()[0] for each in report["findings"]} == {"method", "processor"}


def test_a_broken_rule_is_named_with_what_to_do(monkeypatch: pytest.MonkeyPatch):
    plugin = SimpleNamespace(paygate_event_sinks=hookimpl(lambda: [SendsTwice()]))
    monkeypatch.setattr(
        plugin_tools, "installed_plugins", lambda folder: [Found("bad", plugin, "1")]
    )

    ran = RUN.invoke(app, ["plugin", "check", "bad"])

    assert ran.exit_code == 1
    assert "BROKEN      sink.sends_once" in ran.output
    assert "2 requests were sent in one call" in ran.output
    assert "send one request" in ran.output


def plugin_with(monkeypatch: pytest.MonkeyPatch, **members: object) -> None:
    plugin = SimpleNamespace(**members)
    monkeypatch.setattr(
        plugin_tools, "installed_plugins", lambda folder: [Found("bare", plugin, "1")]
    )


def offers_good(**members: object) -> dict[str, object]:
    return {"paygate_processors": hookimpl(lambda context: [good.Good()]), **members}


def test_more_unjudged_than_judged_rules_is_a_failure(monkeypatch: pytest.MonkeyPatch):
    plugin_with(monkeypatch, **offers_good())

    ran = RUN.invoke(app, ["plugin", "check", "bare"])

    assert ran.exit_code == 3
    assert "not judged  processor.approves" in ran.stdout
    assert "no samples: `approved` is not given" in ran.stdout
    assert "fewer rules were judged than not judged. Give samples" in ran.stderr


MISSPELT_SAMPLES = {
    "'procesors' is not a key of samples; did you mean 'processors'?": {"procesors": {}},
    "'aproved' is not a key of samples; did you mean 'approved'?": {
        "processors": {"good": {"aproved": {}}},
    },
    "'godo' is not a key of samples; did you mean 'good'?": {
        "processors": {"godo": {"approved": {}}}
    },
    "PAYGATE_BARE_RATE: nothing reads this setting": {"environ": {"PAYGATE_BARE_RATE": "1"}},
}


@pytest.mark.parametrize(("sentence", "samples"), MISSPELT_SAMPLES.items())
def test_a_misspelt_sample_is_refused_with_the_nearest(
    monkeypatch: pytest.MonkeyPatch, sentence: str, samples: dict[str, object]
):
    plugin_with(monkeypatch, **offers_good(paygate_check_samples=samples))

    ran = RUN.invoke(app, ["plugin", "check", "bare"])

    assert isinstance(ran.exception, OperatorError)
    assert sentence in str(ran.exception)


def test_a_plugin_with_scenarios_only_passes_and_the_note_says_that_it_has_no_rules(
    monkeypatch: pytest.MonkeyPatch,
):
    plugin_with(
        monkeypatch,
        paygate_scenarios=hookimpl(
            lambda: [Scenario(name="slow_rain", number=900, description="x")]
        ),
    )
    ran = RUN.invoke(app, ["plugin", "check", "bare"])
    plugin_with(monkeypatch, paygate_dialects=hookimpl(lambda context: ()))
    empty = RUN.invoke(app, ["plugin", "check", "bare"])

    assert ran.exit_code == 0, ran.output
    assert "the kit has no rules for what it offers" in ran.stderr
    assert "plugin bare: it offers nothing" in str(empty.exception)


def test_a_dialect_is_judged(monkeypatch: pytest.MonkeyPatch):
    samples = {"dialects": {"good": {"keys": dialects.keys, "repeated": dialects.REPEATED}}}
    for kind in (dialects.GoodDialect, dialects.LetsEveryoneIn):
        offers = hookimpl(lambda kind=kind: [kind().dialect()])
        plugin_with(monkeypatch, paygate_dialects=offers, paygate_check_samples=samples)
        ran = RUN.invoke(app, ["plugin", "check", "bare"])

        is_bad = kind is dialects.LetsEveryoneIn
        assert (ran.exit_code, "BROKEN      dialect.requires" in ran.output) == (is_bad, is_bad)


def test_a_plugin_that_the_host_refuses_is_not_judged(
    monkeypatch: pytest.MonkeyPatch,
):
    plugin_with(monkeypatch, paygate_processors=lambda context: [good.Good()])

    ran = RUN.invoke(app, ["plugin", "check", "bare"])

    assert str(ran.exception) == (
        "plugin bare: its function paygate_processors is not marked as a hook. "
        "Put @hookimpl above it."
    )
    assert ran.stdout == ""
    # The warnings of other loads in this process are written as before.
    assert logging.getLogger(collecting.__name__).level == logging.NOTSET


def test_a_conflict_with_an_installed_plugin_is_reported(monkeypatch: pytest.MonkeyPatch):
    one, other = (SimpleNamespace(**offers_good()) for _ in range(2))
    found = [Found("one", one, "1"), Found("other", other, "1")]
    monkeypatch.setattr(plugin_tools, "installed_plugins", lambda folder: found)

    ran = RUN.invoke(app, ["plugin", "check", "one"])

    assert "'good' is taken by plugin other, plugin one offers it too" in str(ran.exception)


def test_a_slow_check_reports_progress(monkeypatch: pytest.MonkeyPatch):
    reported = threading.Event()

    class Output(io.StringIO):
        def write(self, text):
            if "still judging" in text:
                reported.set()
            return super().write(text)

    class Slow(good.GoodPolicy):
        def next_delay(self, tries, *, now, rng):
            reported.wait(30)
            return super().next_delay(tries, now=now, rng=rng)

    plugin_with(monkeypatch, paygate_retry_policies=hookimpl(lambda: [Slow()]))
    monkeypatch.setattr(plugin_tools, "STILL_JUDGING_EVERY_S", 0.05)
    monkeypatch.setattr("sys.stderr", report := Output())

    plugin_tools.plugin_check("bare", as_json=True)

    assert "still judging after" in report.getvalue()


def test_an_unknown_plugin_is_an_operator_error():
    ran = RUN.invoke(app, ["plugin", "check", "nobody"])

    assert isinstance(ran.exception, OperatorError)
    assert "webhook_http" in str(ran.exception)
