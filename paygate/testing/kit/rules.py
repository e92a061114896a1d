"""Rules, and the list of all of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from inspect import getdoc
from typing import Any, Literal, TypeVar

Kind = Literal["method", "processor", "sink", "policy", "router", "risk", "dialect"]
KINDS: tuple[Kind, ...] = ("method", "processor", "sink", "policy", "router", "risk", "dialect")

Check = Callable[[Any], Awaitable[None]]
Decorated = TypeVar("Decorated", bound=Check)


class BrokenRuleError(AssertionError):
    """A plugin broke a rule.

    Args:
        happened: What happened, with the values that show it.
    """

    def __init__(self, happened: str) -> None:
        self.happened = happened
        super().__init__(happened)


class NotJudgedError(Exception):
    """The rule cannot be checked: a sample is missing, or another rule is broken."""


class DoesNotApplyError(Exception):
    """The rule concerns something that the plugin does not declare."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule for plugins, and its check.

    Args:
        id: Never changes: ``processor.keeps_deadline``. It begins with the kind of plugin.
        topic: The file of the check.
        what: The rule in one sentence.
        why: What goes wrong for a merchant if it is broken.
        remedy: What the author must do.
        check: Raises one of the three errors above, or returns.
    """

    id: str
    topic: str
    what: str
    why: str
    remedy: str
    check: Check

    @property
    def kind(self) -> str:
        """The kind of plugin that it applies to."""
        return self.id.partition(".")[0]

    @property
    def name(self) -> str:
        """The id without the kind."""
        return self.id.partition(".")[2]


_rules: dict[str, Rule] = {}


def rule(id: str, *, why: str, remedy: str) -> Callable[[Decorated], Decorated]:
    """Register a check; its docstring is the rule."""

    def register(check: Decorated) -> Decorated:
        assert id not in _rules, f"two rules have the id {id}"
        assert id.partition(".")[0] in KINDS, id
        what = (getdoc(check) or "").partition("\n\n")[0].replace("\n", " ")
        topic = check.__module__.rpartition(".")[2]
        _rules[id] = Rule(id, topic, what, why, remedy, check)
        return check

    return register


def rules_of(kind: Kind) -> list[Rule]:
    """Return the rules for a kind of plugin, in the order of the source."""
    return [each for each in all_rules() if each.kind == kind]


def all_rules() -> list[Rule]:
    """Return all rules, by kind and in the order of the source."""
    return sorted(_rules.values(), key=lambda each: KINDS.index(each.kind))


def require(is_kept: object, happened: str) -> None:
    """Raise an error that describes what happened, unless the rule is kept.

    Raises:
        BrokenRuleError: The rule is broken.
    """
    if not is_kept:
        raise BrokenRuleError(happened)


def names(things: Iterable[object]) -> str:
    """List a few objects in one line."""
    shown = [str(each) for each in things]
    return ", ".join(shown[:5]) + (" …" if len(shown) > 5 else "")
