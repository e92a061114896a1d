"""The page about scenarios, made of the catalogue; ``make reference`` writes it."""

from __future__ import annotations

from .scenario import FAULTS, Scenario, Story, built_in

HEAD = """# Scenarios

<!-- Made by `make reference` of paygate/simulator/scenarios.toml. Change that instead. -->

A scenario is a named time line of what a simulated processor does to a payment. Who names
one decides: the header `Paygate-Scenario`, else the instrument, else (with
`PAYGATE_SCENARIO_AMOUNTS=true`) the amount, else the merchant's default, which
`PUT /api/v1/test/scenario` sets. Where nobody does, simulators draw, or do as `TEST_MODE` says.

- header: `Paygate-Scenario: late_success`
- address: `late_success@sim`
- card: `4000 0100 0000`, the number in three digits, a check digit;
  `GET /api/v1/test/scenarios` lists them ready to use
- amount: its last four digits are 9 and the number in three digits, such as `19050`

Time is the app's own: `POST /api/v1/test/clock/advance` plays days in a moment.
"""

WRITING = """
## Writing your own

A TOML file named by `PAYGATE_SCENARIOS`, or a plugin's hook `paygate_scenarios`:

```toml
[[scenarios]]
name = "slow_bank"
number = 900
says = "Unknown, pending when asked, approved by a callback that comes twice."

[scenarios.charge]
call = "unknown"
then = [[0, "pending"], [20, "approved"]]
callbacks = [{ at = 20, says = "approved", times = 2 }]
```

`charge`, `capture`, `void` and `refund` each are a story: `call` is what the call itself
gives, `then` what the processor believes so many seconds after it was asked (what queries
hear), `callbacks` what it sends by itself (`times`, `signed = false`, `amount_off`,
`about = "another"`), `latency` how long calls take (`fixed_ms`, `uniform_ms`,
`lognormal_ms`). Words: `approved`, `declined` or `declined:<code>`, `pending`, `unknown`,
`partly:<percent>`, `action:<kind>`; and, as a call only, the faults
"""


def page() -> str:
    """The whole page."""
    faults = ", ".join(f"`{fault}`" for fault in sorted(FAULTS))
    rows = "\n".join(_row(scenario) for scenario in built_in())
    table = f"\n| number | name | what it plays | for |\n|---|---|---|---|\n{rows}\n"
    return f"{HEAD}{table}{WRITING}{faults}.\n"


def _row(scenario: Scenario) -> str:
    methods = ", ".join(sorted(scenario.methods)) or "all"
    parts = [word for word in ("capture", "void", "refund") if getattr(scenario, word) != Story()]
    about = f"{methods}; its {' and '.join(parts)}" if parts else methods
    return f"| {scenario.number} | `{scenario.name}` | {scenario.says} | {about} |"


if __name__ == "__main__":
    print(page(), end="")  # noqa: T201 - a program's output
