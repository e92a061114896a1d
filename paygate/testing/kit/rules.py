"""What a rule is, and the register of all of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from inspect import getdoc
from typing import Any, Literal, TypeVar

Kind = Literal["method", "processor", "sink", "policy", "router", "risk"]
KINDS: tuple[Kind, ...] = ("method", "processor", "sink", "policy", "router", "risk")

Check = Callable[[Any], Awaitable[None]]
Decorated = TypeVar("Decorated", bound=Check)


class BrokenRuleError(AssertionError):
    """A plugin broke a rule.

    Args:
        happened: What was seen, with the values that show it.
    """

    def __init__(self, happened: str) -> None:
        self.happened = happened
        super().__init__(happened)


class NotJudgedError(Exception):
    """There is not enough to judge by: a sample is missing, or another rule is broken first."""


class DoesNotApplyError(Exception):
    """The rule is about something the plugin does not claim to do."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One promise of a plugin, and how it is judged.

    Args:
        id: Stable: ``processor.keeps_deadline``. What stands before the dot is whom it binds.
        topic: The file it is judged in.
        what: The promise, one sentence.
        why: What goes wrong for a merchant where it is broken.
        remedy: What an author is to do.
        check: Judges; raises one of the three errors above, or returns.
    """

    id: str
    topic: str
    what: str
    why: str
    remedy: str
    check: Check

    @property
    def kind(self) -> str:
        """Whom it binds."""
        return self.id.partition(".")[0]

    @property
    def name(self) -> str:
        """The id without whom it binds."""
        return self.id.partition(".")[2]


_rules: dict[str, Rule] = {}


def rule(id: str, *, why: str, remedy: str) -> Callable[[Decorated], Decorated]:
    """Register a check; its docstring is the promise."""

    def register(check: Decorated) -> Decorated:
        assert id not in _rules, f"two rules are called {id}"
        assert id.partition(".")[0] in KINDS, id
        what = (getdoc(check) or "").partition("\n\n")[0].replace("\n", " ")
        topic = check.__module__.rpartition(".")[2]
        _rules[id] = Rule(id, topic, what, why, remedy, check)
        return check

    return register


def rules_of(kind: Kind) -> list[Rule]:
    """The rules that bind that kind of plugin, in the order they are written in."""
    return [each for each in all_rules() if each.kind == kind]


def all_rules() -> list[Rule]:
    """Every rule, by kind and in the order they are written in."""
    return sorted(_rules.values(), key=lambda each: KINDS.index(each.kind))


def require(is_kept: object, happened: str) -> None:
    """Say what happened, unless it is as promised.

    Raises:
        BrokenRuleError: It is not.
    """
    if not is_kept:
        raise BrokenRuleError(happened)


def names(things: Iterable[object]) -> str:
    """A few things in one line."""
    shown = [str(each) for each in things]
    return ", ".join(shown[:5]) + (" …" if len(shown) > 5 else "")
