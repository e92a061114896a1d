"""A scenario: a named time line of what a simulated processor does, not a result.

::

    [[scenarios]]
    name = "unknown_then_approved"
    number = 21
    says = "The line goes dead; the processor had charged, and says so when asked."
    charge = { call = "unknown", then = [[0, "approved"]] }

``call`` is what the call itself gives. ``then`` is what the processor believes from so
many seconds after it was asked: what queries answer. ``callbacks`` are what it sends us
by itself. Words are explained in ``endings`` and ``faults``.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from ..core.errors import OperatorError
from ..core.outcome import DeclineCode
from ..core.payments.operation import OperationKind

NAME = r"[a-z][a-z0-9_]{1,63}"
FAULTS = frozenset(
    """
    raise hang late junk wrong_amount wrong_currency wrong_operation crash_after_charge not_sent
    """.split()
)
"""What a call can do instead of answering."""

PLAIN = frozenset({"approved", "pending", "unknown", "declined"})
ACTIONS = frozenset({"three_ds", "redirect", "upi_collect", "upi_intent", "qr", "otp"})


def _word(value: object) -> object:
    """Refuse a word that no simulator knows."""
    word, _, detail = str(value).partition(":")
    known = (
        (word in PLAIN and not detail)
        or (word in FAULTS and not detail)
        or (word == "declined" and detail in set(DeclineCode))
        or (word == "partly" and detail.isdecimal() and 0 < int(detail) < 100)
        or (word == "action" and detail in ACTIONS)
    )
    if not known:
        raise ValueError(f"{value!r} is none of the words that a scenario may say")
    return value


Word = Annotated[str, BeforeValidator(_word)]
Seconds = Annotated[float, Field(ge=0, le=30 * 86_400)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Latency(_Part):
    """How long a call takes, in milliseconds: fixed, uniform or log-normal."""

    fixed_ms: float = Field(0, ge=0, le=60_000)
    uniform_ms: tuple[float, float] | None = None
    lognormal_ms: tuple[float, float] | None = Field(None, description="median and sigma")


class Call(_Part):
    """One callback of the processor's own.

    Args:
        at: Seconds after the operation was asked for.
        says: The ending it tells.
        times: How often the very same callback is sent.
        signed: False sends it with a signature that nobody made.
        amount_off: Minor units that the told amount is wrong by.
        about: ``another`` names an operation that never was.
    """

    at: Seconds
    says: Word
    times: int = Field(1, ge=1, le=50)
    signed: bool = True
    amount_off: int = 0
    about: Literal["this", "another"] = "this"


class Story(_Part):
    """What happens to one operation.

    Args:
        call: What the call itself gives.
        then: What the processor believes, from so many seconds after it was asked.
        callbacks: What it sends by itself.
        ask_after: When a pending call wants to be asked, in seconds; by default when
            what it believes changes next.
        expires_after: When the processor gives up waiting for the payer, in seconds.
        latency: How long the call takes.
    """

    call: Word = "approved"
    then: tuple[tuple[Seconds, Word], ...] = ()
    callbacks: tuple[Call, ...] = ()
    ask_after: Seconds | None = None
    expires_after: Seconds = 300
    latency: Latency = Latency()

    def believed(self, after_s: float) -> str:
        """What the processor believes so many seconds after it was asked."""
        believed = self.call if self.call not in FAULTS else "unknown"
        for at, word in self.then:
            if after_s >= at:
                believed = word
        return believed

    def next_change(self, after_s: float) -> float | None:
        """When what it believes changes next, in seconds after it was asked."""
        later = [at for at, _ in self.then if at > after_s]
        return min(later) if later else None


class Scenario(_Part):
    """A named time line.

    Args:
        name: What requests say.
        number: What test cards and amounts say: 1 to 999, unique.
        says: What it plays, in a sentence.
        methods: For which payment methods; empty for all.
    """

    name: str = Field(pattern=f"^{NAME}$")
    number: int = Field(ge=1, le=999)
    says: str = Field(min_length=1, max_length=200)
    methods: frozenset[str] = frozenset()
    charge: Story = Story()
    capture: Story = Story()
    void: Story = Story()
    refund: Story = Story()

    def story(self, kind: OperationKind) -> Story:
        """What it makes of an operation of that kind."""
        stories: Mapping[OperationKind, Story] = {
            OperationKind.CHARGE: self.charge,
            OperationKind.CAPTURE: self.capture,
            OperationKind.VOID: self.void,
            OperationKind.REFUND: self.refund,
        }
        return stories[kind]


class _File(_Part):
    scenarios: tuple[Scenario, ...]


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Scenarios by name and by number."""

    by_name: Mapping[str, Scenario] = field(default_factory=dict)

    @classmethod
    def of(cls, scenarios: Iterable[Scenario]) -> Catalogue:
        """Put them together.

        Raises:
            OperatorError: Two share a name or a number.
        """
        by_name: dict[str, Scenario] = {}
        numbers: dict[int, str] = {}
        for scenario in scenarios:
            if scenario.name in by_name:
                raise _bad(f"two scenarios are called {scenario.name}")
            if scenario.number in numbers:
                raise _bad(
                    f"{scenario.name} and {numbers[scenario.number]} share number {scenario.number}"
                )
            by_name[scenario.name] = scenario
            numbers[scenario.number] = scenario.name
        return cls(by_name)

    def numbered(self, number: int) -> Scenario | None:
        """The scenario with that number."""
        return next((each for each in self.by_name.values() if each.number == number), None)


def read_scenarios(text: str, *, source: str) -> tuple[Scenario, ...]:
    """Scenarios as a TOML file writes them.

    Raises:
        OperatorError: It is not such a file; the sentence says where and why.
    """
    try:
        return _File.model_validate(tomllib.loads(text)).scenarios
    except tomllib.TOMLDecodeError as error:
        raise _bad(f"{source} is not TOML ({error})") from error
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise _bad(f"{source}: {where}: {first['msg']}") from error


def read_file(path: Path) -> tuple[Scenario, ...]:
    """Scenarios of a file of the operator's.

    Raises:
        OperatorError: It cannot be read, or is not such a file.
    """
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise _bad(f"{path} cannot be read ({error})") from error
    return read_scenarios(text, source=str(path))


@cache
def built_in() -> tuple[Scenario, ...]:
    """The scenarios that come with paygate."""
    text = (files("paygate.simulator") / "scenarios.toml").read_text("utf-8")
    return read_scenarios(text, source="scenarios.toml")


def _bad(problem: str) -> OperatorError:
    return OperatorError(
        setting="scenarios",
        problem=problem,
        remedy="Correct the file or the plugin; docs/reference/scenarios.md explains both",
    )


def parameters(word: str) -> tuple[str, str]:
    """A word and its detail: ``declined:insufficient_funds`` in two."""
    kind, _, detail = word.partition(":")
    return kind, detail
