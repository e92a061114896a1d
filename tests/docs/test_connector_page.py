"""The page about connectors shows what the model connector does."""

from __future__ import annotations

import re
from pathlib import Path

from paygate.bank.bank import ALL_SCENARIOS

ROOT = Path(__file__).parents[2]
PLUGIN = ROOT / "plugins" / "http_bank" / "paygate_http_bank"
PAGE = (ROOT / "docs" / "how-to" / "write-a-connector.md").read_text()
EXCERPT = re.compile(r"```py\n(.*?)```", re.DOTALL)


def test_every_excerpt_is_in_the_source_of_the_plugin():
    sources = [path.read_text() for path in PLUGIN.glob("*.py")]
    excerpts = EXCERPT.findall(PAGE)

    assert excerpts
    assert [each for each in excerpts if not any(each in source for source in sources)] == []


def test_every_scenario_that_it_names_exists_and_has_a_test():
    rows = [line for line in PAGE.splitlines() if re.match(r"\| .* \| `\w+`[^|]* \| ", line)]
    named = {name for row in rows for name in re.findall(r"`(\w+)`", row.split(" | ")[1])}
    tests = (ROOT / "plugins" / "http_bank" / "tests" / "test_payment.py").read_text()

    assert len(named) == 12
    assert named <= set(ALL_SCENARIOS)
    assert {name for name in named if f'"{name}"' not in tests} == set()
