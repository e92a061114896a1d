"""Judges a plugin by the rules that bind it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from .cases import Case, MethodCase, PolicyCase, ProcessorCase, RiskCase, RouterCase, SinkCase
from .rules import BrokenRuleError, DoesNotApplyError, Kind, NotJudgedError, Rule, rules_of
from .world import RefusedError, closed_network, no_way_out

Verdict = Literal["kept", "broken", "not_judged", "does_not_apply"]
OPENS_NO_SOCKET = "opens_no_socket"
"""The rule that is broken where the kit refuses a socket; the others are then not judged."""
CHECK_S_MAX = 60.0
"""A check that takes this long waits for something that does not come."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What one rule came to.

    Args:
        subject: What was judged, by name.
        said: What happened, or why it was not judged.
    """

    rule: Rule
    subject: str
    verdict: Verdict
    said: str = ""

    def __str__(self) -> str:
        """The rule, what happened, and what to do."""
        lines = [f"{self.rule.id}: {self.rule.what}", f"  happened  {self.said}"]
        return "\n".join(
            [*lines, f"  why       {self.rule.why}", f"  do        {self.rule.remedy}"]
        )


def kind_of(case: Case) -> Kind:
    """The kind of plugin a case is about."""
    kinds: dict[type[Case], Kind] = {
        MethodCase: "method",
        ProcessorCase: "processor",
        SinkCase: "sink",
        PolicyCase: "policy",
        RouterCase: "router",
        RiskCase: "risk",
    }
    return kinds[type(case)]


def judge(case: Case, rule: Rule, subject: str = "") -> Finding:
    """Judge by one rule, in an event loop of its own."""

    async def check() -> None:
        async with asyncio.timeout(CHECK_S_MAX):
            await rule.check(case)

    # A loop factory leaves the process's idea of a current loop as it was.
    with no_way_out(), asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        # The loop opens a socket pair of its own; nothing after it opens any.
        runner.get_loop()
        with closed_network() as network:
            finding = _judge(lambda: runner.run(check()), rule, subject)
    refused = network.of("socket", "process")
    if refused and not rule.name.startswith(OPENS_NO_SOCKET):
        said = f"see {rule.kind}.{OPENS_NO_SOCKET}; the kit refused {refused[0]}"
        return Finding(rule, subject, "not_judged", said)
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
    except Exception as error:  # noqa: BLE001 - a plugin's description of itself may raise anything
        happened = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        return Finding(rule, subject, "broken", happened)
    return Finding(rule, subject, "kept")


def judged(case: Case, subject: str = "") -> Iterable[Finding]:
    """Judge by every rule that binds it."""
    for rule in rules_of(kind_of(case)):
        yield judge(case, rule, subject)
