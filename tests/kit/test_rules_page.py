"""The page of rules is generated from the rules."""

import re
from pathlib import Path

from paygate.testing.kit.rules import KINDS, all_rules, rules_of
from paygate.testing.kit.rules_page import page

ROOT = Path(__file__).parents[2]


def test_the_page_is_current():
    made = (ROOT / "docs" / "reference" / "kit-rules.md").read_text()

    assert made == page(), "run `make reference`"


def test_every_rule_has_a_description_a_reason_and_a_remedy():
    for rule in all_rules():
        assert re.fullmatch(r"[a-z]+\.[a-z_]+", rule.id)
        assert rule.what.endswith("."), rule.id
        assert rule.why, rule.id
        assert rule.remedy, rule.id
        assert "|" not in rule.what + rule.why + rule.remedy, rule.id


def test_there_are_rules_for_every_kind():
    assert len(all_rules()) >= 120
    assert all(len(rules_of(kind)) >= 15 for kind in KINDS)
