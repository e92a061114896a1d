"""A card payment method follows the card rules that it publishes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ....core.instrument import CARD_NETWORKS, card_network
from ....core.redaction import passes_luhn
from ..calls import run_sync
from ..cases import MethodCase
from ..exercises import method_context
from ..rules import BrokenRuleError, DoesNotApplyError, NotJudgedError, require, rule

KEYWORD = "x-card"
_NUMBERS = ("number", "card_number")
_CODES = ("cvv", "cvc", "security_code")
_KNOWN = {network.code for network in CARD_NETWORKS}
"""A method may know more networks; these are the same everywhere."""
_DIGITS_USUAL = 16
_CODE_DIGITS_MAX = 6


class _Lengths(BaseModel):
    model_config = ConfigDict(extra="allow")
    digits_min: int = Field(ge=8)
    digits_max: int = Field(le=19)


class _Code(BaseModel):
    model_config = ConfigDict(extra="allow")
    digits: list[int]


class _Network(BaseModel):
    model_config = ConfigDict(extra="allow")
    name: str
    ranges: list[tuple[str, str]]
    security_code: _Code


class _CardRules(BaseModel):
    """The part of ``x-card`` that this file checks."""

    model_config = ConfigDict(extra="allow")
    number: _Lengths
    security_code: _Code
    networks: list[_Network]


@rule(
    "method.follows_its_card_rules",
    why="the checkout uses the published rules: it rejects good cards or accepts bad ones",
    remedy="publish under `x-card` what prepare checks; use the networks of CARD_NETWORKS",
)
async def follows_its_card_rules(case: MethodCase) -> None:
    """Checks cards with the rules that its schema publishes under `x-card`, if it does."""
    published = case.method().info.input_model.model_json_schema().get(KEYWORD)
    if published is None:
        raise DoesNotApplyError(f"its schema has no {KEYWORD}")
    try:
        rules = _CardRules.model_validate(published)
    except ValidationError as error:
        where = ".".join(map(str, error.errors()[0]["loc"]))
        raise BrokenRuleError(f"its {KEYWORD}.{where} is missing or malformed") from None
    sample = _card_sample(case)
    _judge_lengths(case, sample, rules.number)
    _judge_networks(case, sample, rules)
    _judge_codes(case, sample, rules)


def _judge_lengths(case: MethodCase, sample: Mapping[str, Any], lengths: _Lengths) -> None:
    for digits in range(lengths.digits_min - 1, lengths.digits_max + 2):
        is_right = lengths.digits_min <= digits <= lengths.digits_max
        taken = _network_shown(case, _with(sample, _NUMBERS, number_in("4", digits))) is not None
        verb = "refused" if is_right else "took"
        require(taken == is_right, f"it {verb} a number of {digits} digits")


def _judge_networks(case: MethodCase, sample: Mapping[str, Any], rules: _CardRules) -> None:
    for network in rules.networks:
        for begin in (end for ends in network.ranges for end in ends):
            number = number_in(begin, _DIGITS_USUAL)
            shown = _network_shown(case, _with(sample, _NUMBERS, number))
            message = f"a number that begins with {begin} is shown as {shown!r}"
            require(shown == network.name, f"{message}, published as {network.name!r}")
            if network.name in _KNOWN:
                known = card_network(number)
                require(known == network.name, f"{begin} is {known!r}, published as {shown!r}")


def _judge_codes(case: MethodCase, sample: Mapping[str, Any], rules: _CardRules) -> None:
    if not any(name in _CODES for _, name in _places(dict(sample))):
        return
    for network in rules.networks:
        begin = network.ranges[0][0]
        card = _with(sample, _NUMBERS, number_in(begin, _DIGITS_USUAL))
        for digits in range(1, _CODE_DIGITS_MAX + 1):
            is_right = digits in network.security_code.digits
            taken = _network_shown(case, _with(card, _CODES, "1" * digits)) is not None
            verb = "refused" if is_right else "took"
            require(taken == is_right, f"{network.name}: it {verb} a code of {digits} digits")


def number_in(begin: str, digits: int) -> str:
    """Create a number with a prefix, a length and a valid check digit."""
    body = begin.ljust(digits - 1, "0")[: digits - 1]
    return next(body + check for check in "0123456789" if passes_luhn(body + check))


def _network_shown(case: MethodCase, details: Mapping[str, Any]) -> str | None:
    """Return the network of the instrument; empty if none is shown, None if it is rejected."""
    method = case.method()
    given = run_sync(lambda: method.info.input_model.model_validate(dict(details)))
    model = given.answer
    if model is None:
        return None
    instrument = run_sync(lambda: method.prepare(model, method_context())).answer
    return None if instrument is None else str(instrument.display.get("network", ""))


def _card_sample(case: MethodCase) -> Mapping[str, Any]:
    for details in case.valid_samples():
        if any(name in _NUMBERS for _, name in _places(dict(details))):
            return details
    raise NotJudgedError("no valid sample has a card's `number`")


def _with(details: Mapping[str, Any], names: tuple[str, ...], value: str) -> dict[str, Any]:
    """Copy the details with another value in the named fields."""
    changed = deepcopy(dict(details))
    for holder, name in list(_places(changed)):
        if name in names:
            holder[name] = value
    return changed


def _places(details: dict[str, Any]) -> Iterator[tuple[dict[str, Any], str]]:
    for name, value in details.items():
        if isinstance(value, dict):
            yield from _places(value)
        else:
            yield details, name
