"""Every planted mistake is caught by the rule that is named for it, and by no other."""

from __future__ import annotations

from datetime import timedelta

import pytest

from paygate.testing.kit.checks import method_input, processor_time, sink_delivers
from paygate.testing.kit.judge import judge, kind_of
from paygate.testing.kit.rules import all_rules, rules_of
from tests.kit import good
from tests.kit.bad import dialects, lost_responses, money_requests, others, processors
from tests.kit.bad.processors import BAD

BASES = {
    good.Purse: good.method_case,
    good.GoodSink: good.sink_case,
    good.GoodPolicy: good.policy_case,
    good.GoodRouter: good.router_case,
    good.GoodCheck: good.risk_case,
    dialects.GoodDialect: dialects.dialect_case,
}


def case_of(kind: type):
    make = next((make for base, make in BASES.items() if issubclass(kind, base)), None)
    return (make or good.processor_case)(kind)


def broken(kind: type) -> dict[str, str]:
    return {each.rule.id: each.message for each in findings(kind) if each.verdict == "broken"}


def findings(kind: type):
    # A case of its own for each rule: the bank behind it remembers.
    return [judge(case_of(kind), rule) for rule in rules_of(kind_of(case_of(kind)))]


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorten the deadlines: each plugin is checked with a network that hangs."""
    for checks in (processor_time, sink_delivers):
        monkeypatch.setattr(checks, "DEADLINE", timedelta(milliseconds=50))


@pytest.mark.parametrize("kind", list(BAD), ids=lambda kind: kind.__name__)
def test_a_mistake_breaks_only_its_rules(kind: type, monkeypatch: pytest.MonkeyPatch):
    expected = BAD[kind]
    if "method.handles_any_input" not in expected:
        # That it is kept as a rule is shown by the good twins, with all examples.
        monkeypatch.setattr(method_input, "EXAMPLES", 30)
    if kind is processors.ComputesForLong:
        # It computes for longer than that whenever it voids, in every rule's scene.
        monkeypatch.setattr(processor_time, "STEP_S_MAX", 0.02)

    found = broken(kind)

    assert expected[0] in found
    assert set(found) <= set(expected), {id: found[id] for id in set(found) - set(expected)}


@pytest.mark.parametrize(
    "kind",
    [good.Good, money_requests.SendsWithPut, processors.Batches, *BASES],
    ids=lambda kind: kind.__name__,
)
def test_the_correct_plugin_keeps_every_rule(kind: type):
    found = findings(kind)

    assert [str(each) for each in found if each.verdict in {"broken", "not_judged"}] == []
    assert {each.rule.id for each in found} == {
        rule.id for rule in all_rules() if rule.kind == kind_of(case_of(kind))
    }


def test_every_expected_rule_exists():
    known = {rule.id for rule in all_rules()}

    assert {rule for rules in BAD.values() for rule in rules} <= known
    assert {kind.__module__ for kind in BAD} == {
        each.__name__ for each in (dialects, lost_responses, money_requests, others, processors)
    }
    assert len(BAD) >= 60
