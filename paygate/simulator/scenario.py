"""A scenario: a named timeline of what a simulated processor does.

::

    [[scenarios]]
    name = "unknown_then_approved"
    number = 21
    description = "The call times out; the processor has charged, and a query reports it."
    charge = { call = "unknown", then = [[0, "approved"]] }

``call`` is the result of the call itself. ``then`` is what queries return from so many seconds
after the call. ``callbacks`` are what the processor sends by itself. ``endings`` and ``faults``
explain the words.
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
"""What a call can do instead of returning a result."""

PLAIN = frozenset({"approved", "pending", "unknown", "declined"})
ACTIONS = frozenset({"three_ds", "redirect", "upi_collect", "upi_intent", "qr", "otp"})


def _word(value: object) -> object:
    """Refuse a word that simulators do not know."""
    word, _, detail = str(value).partition(":")
    known = (
        (word in PLAIN and not detail)
        or (word in FAULTS and not detail)
        or (word == "declined" and detail in set(DeclineCode))
        or (word == "partly" and detail.isdecimal() and 0 < int(detail) < 100)
        or (word == "action" and detail in ACTIONS)
    )
    if not known:
        raise ValueError(f"{value!r} is not a word of scenarios")
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


class Callback(_Part):
    """A callback of the processor.

    Args:
        at: Seconds after the operation was requested.
        status: The status that it reports.
        times: How often the same callback is sent.
        signed: False sends it with an invalid signature.
        amount_off: Minor units by which the reported amount is wrong.
        about: ``another`` names an operation that does not exist.
    """

    at: Seconds
    status: Word
    times: int = Field(1, ge=1, le=50)
    signed: bool = True
    amount_off: int = 0
    about: Literal["this", "another"] = "this"


class Timeline(_Part):
    """The timeline of one operation.

    Args:
        call: The result of the call itself.
        then: What queries return, from so many seconds after the call.
        callbacks: What the processor sends by itself.
        ask_after: When to query a pending call, in seconds; by default when the result
            changes next.
        expires_after: When the processor stops waiting for the payer, in seconds.
        latency: How long the call takes.
    """

    call: Word = "approved"
    then: tuple[tuple[Seconds, Word], ...] = ()
    callbacks: tuple[Callback, ...] = ()
    ask_after: Seconds | None = None
    expires_after: Seconds = 300
    latency: Latency = Latency()

    def result_at(self, after_s: float) -> str:
        """Return what a query returns so many seconds after the call."""
        result = self.call if self.call not in FAULTS else "unknown"
        for at, word in self.then:
            if after_s >= at:
                result = word
        return result

    def next_change(self, after_s: float) -> float | None:
        """Return when the result of queries changes next, in seconds after the call."""
        later = [at for at, _ in self.then if at > after_s]
        return min(later) if later else None


class Scenario(_Part):
    """A named timeline.

    Args:
        name: Its name in requests.
        number: Its number in test cards and amounts: 1 to 999, unique.
        description: What it simulates, in a sentence.
        methods: Its payment methods; empty for all.
    """

    name: str = Field(pattern=f"^{NAME}$")
    number: int = Field(ge=1, le=999)
    description: str = Field(min_length=1, max_length=200)
    methods: frozenset[str] = frozenset()
    charge: Timeline = Timeline()
    capture: Timeline = Timeline()
    void: Timeline = Timeline()
    refund: Timeline = Timeline()

    def timeline(self, kind: OperationKind) -> Timeline:
        """Return the timeline of an operation of that kind."""
        timelines: Mapping[OperationKind, Timeline] = {
            OperationKind.CHARGE: self.charge,
            OperationKind.CAPTURE: self.capture,
            OperationKind.VOID: self.void,
            OperationKind.REFUND: self.refund,
        }
        return timelines[kind]


class _File(_Part):
    scenarios: tuple[Scenario, ...]


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Scenarios by name and by number."""

    by_name: Mapping[str, Scenario] = field(default_factory=dict)

    @classmethod
    def of(cls, scenarios: Iterable[Scenario]) -> Catalogue:
        """Create a catalogue.

        Raises:
            OperatorError: Two scenarios share a name or a number.
        """
        by_name: dict[str, Scenario] = {}
        numbers: dict[int, str] = {}
        for scenario in scenarios:
            if scenario.name in by_name:
                raise _bad(f"two scenarios have the name {scenario.name}")
            if scenario.number in numbers:
                raise _bad(
                    f"{scenario.name} and {numbers[scenario.number]} share number {scenario.number}"
                )
            by_name[scenario.name] = scenario
            numbers[scenario.number] = scenario.name
        return cls(by_name)


def read_scenarios(text: str, *, source: str) -> tuple[Scenario, ...]:
    """Parse the scenarios of a TOML file.

    Raises:
        OperatorError: The file is invalid; the message says where and why.
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
    """Read the scenarios of an operator's file.

    Raises:
        OperatorError: The file cannot be read, or is invalid.
    """
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise _bad(f"{path} cannot be read ({error})") from error
    return read_scenarios(text, source=str(path))


@cache
def built_in() -> tuple[Scenario, ...]:
    """Return the scenarios that come with paygate."""
    text = (files("paygate.simulator") / "scenarios.toml").read_text("utf-8")
    return read_scenarios(text, source="scenarios.toml")


def _bad(problem: str) -> OperatorError:
    return OperatorError(
        setting="scenarios",
        problem=problem,
        remedy="Correct the file or the plugin; docs/reference/scenarios.md explains both",
    )


def parameters(word: str) -> tuple[str, str]:
    """Split a word and its detail: ``declined:insufficient_funds``."""
    kind, _, detail = word.partition(":")
    return kind, detail
