"""Check a plugin with the rules for its kind."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from .cases import (
    Case,
    DialectCase,
    MethodCase,
    PolicyCase,
    ProcessorCase,
    RiskCase,
    RouterCase,
    SinkCase,
)
from .rules import BrokenRuleError, DoesNotApplyError, Kind, NotJudgedError, Rule, rules_of
from .world import RefusedError, closed_network, refuse_exits

Verdict = Literal["kept", "broken", "not_judged", "does_not_apply"]
OPENS_NO_SOCKET = "opens_no_socket"
"""The rule that is broken if the kit refuses a socket; the others are then not checked."""
CHECK_S_MAX = 60.0
"""A check that takes longer waits for something that never happens."""


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one rule.

    Args:
        subject: The name of the checked object.
        message: What happened, or why the rule was not checked.
    """

    rule: Rule
    subject: str
    verdict: Verdict
    message: str = ""

    def __str__(self) -> str:
        """Return the rule, what happened, and the remedy."""
        lines = [f"{self.rule.id}: {self.rule.what}", f"  happened  {self.message}"]
        return "\n".join(
            [*lines, f"  why       {self.rule.why}", f"  do        {self.rule.remedy}"]
        )


def kind_of(case: Case) -> Kind:
    """Return the kind of a case's plugin."""
    kinds: dict[type[Case], Kind] = {
        MethodCase: "method",
        ProcessorCase: "processor",
        SinkCase: "sink",
        PolicyCase: "policy",
        RouterCase: "router",
        RiskCase: "risk",
        DialectCase: "dialect",
    }
    return kinds[type(case)]


def judge(case: Case, rule: Rule, subject: str = "") -> Finding:
    """Check one rule in an event loop of its own."""

    async def check() -> None:
        async with asyncio.timeout(CHECK_S_MAX):
            await rule.check(case)

    # A loop factory does not change the current event loop of the process.
    with refuse_exits(), asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        # The loop itself opens a socket pair; nothing after that may open a socket.
        runner.get_loop()
        with closed_network() as network:
            finding = _judge(lambda: runner.run(check()), rule, subject)
    refused = network.of("socket", "process")
    if refused and not rule.name.startswith(OPENS_NO_SOCKET):
        message = f"see {rule.kind}.{OPENS_NO_SOCKET}; the kit refused {refused[0]}"
        return Finding(rule, subject, "not_judged", message)
    return finding


def _judge(run: Callable[[], None], rule: Rule, subject: str) -> Finding:
    try:
        run()
    except BrokenRuleError as broken:
        return Finding(rule, subject, "broken", broken.happened)
    except NotJudgedError as missing:
        return Finding(rule, subject, "not_judged", str(missing))
    except DoesNotApplyError as reason:
        return Finding(rule, subject, "does_not_apply", str(reason))
    except (RefusedError, SystemExit) as error:
        return Finding(rule, subject, "broken", f"{type(error).__name__}: {error}")
    except Exception as error:  # noqa: BLE001 - properties of a plugin may raise anything
        happened = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        return Finding(rule, subject, "broken", happened)
    return Finding(rule, subject, "kept")


def judged(case: Case, subject: str = "") -> Iterable[Finding]:
    """Check all rules for the kind of the plugin."""
    for rule in rules_of(kind_of(case)):
        yield judge(case, rule, subject)
