"""A payment method takes what a payer gives, and says what may be kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any

from pydantic import BaseModel

from ....core.errors import InvalidInstrumentError, PluginContractError
from ....core.instrument import Instrument
from ....core.plugin_api.method import PaymentMethod
from ....core.redaction import redact
from ....plugins.checks import check_members, check_requirement, method_code
from ....plugins.results import checked_instrument
from ..calls import Said, tried
from ..cases import MethodCase
from ..exercises import method_context
from ..rules import DoesNotApplyError, NotJudgedError, require, rule

_FORGOTTEN = ("cvv", "cvc", "cvv2", "cid", "security_code", "pin", "otp", "password")
CHARS_HOSTILE = 200_000
PREPARE_S_MAX = 0.5


@rule(
    "method.describes_itself",
    why="the host refuses at start-up what has no usable code",
    remedy="give it `info`, a MethodInfo with a code of lower-case letters, digits and underscores",
)
async def describes_itself(case: MethodCase) -> None:
    """Has the members of a PaymentMethod, a code, a label, flows and an input model."""
    method = case.method()
    seen = tried(lambda: check_members(method, PaymentMethod))
    require(seen.raised is None, str(seen.raised))
    check_requirement(case.plugin_id, method)
    named = tried(lambda: method_code(method))
    require(named.raised is None, str(named.raised))
    info = method.info
    is_model = isinstance(info.input_model, type) and issubclass(info.input_model, BaseModel)
    require(is_model, f"its input_model is {info.input_model!r}")
    require(info.label and info.flows, f"its label is {info.label!r}, its flows {info.flows}")
    require(method.info == info, "its info is another each time")


@rule(
    "method.accepts_the_valid",
    why="a payer who gave everything is turned away",
    remedy="see what it raised; if the sample is wrong, correct `valid`",
)
async def accepts_the_valid(case: MethodCase) -> None:
    """Prepares what its author says is valid."""
    for details in case.valid_samples():
        heard = _prepared(case, details)
        require(isinstance(heard.answer, Instrument), f"a valid sample gave {heard}")


@rule(
    "method.refuses_the_invalid",
    why="what cannot be right costs a call, and the shopper hears of it late",
    remedy="raise InvalidInstrumentError(sentence, field=…, code=…) in prepare",
)
async def refuses_the_invalid(case: MethodCase) -> None:
    """Refuses what its author says is invalid, and names a field of the request."""
    if not case.invalid:
        raise NotJudgedError("no samples: `invalid` is not given")
    known = set(_fields(case.method().info.input_model.model_json_schema()))
    for details in case.invalid:
        heard = _prepared(case, details)
        if heard.answer is None and heard.raised is None:
            continue  # The input model refused it, and the host says so.
        error = heard.raised
        require(isinstance(error, InvalidInstrumentError), f"an invalid sample gave {heard}")
        assert isinstance(error, InvalidInstrumentError)
        parts = (error.field or "").split(".")
        require(parts[-1] in known, f"it names the field {error.field!r}; its fields are {known}")


@rule(
    "method.prepares_what_can_be_stored",
    why="the host refuses it, and the shopper sees that nothing works",
    remedy="use short snake_case names and texts of 255 characters at most",
)
async def prepares_what_can_be_stored(case: MethodCase) -> None:
    """Prepares instruments of its own code, with texts that a database can keep."""
    method = case.method()
    for instrument in _instruments(case):
        fits = tried(lambda i=instrument: checked_instrument(i, method.info))  # type: ignore[misc]  # bound at once
        is_fit = not isinstance(fits.raised, PluginContractError)
        require(is_fit or "flow" in str(fits.raised), str(fits.raised))


@rule(
    "method.prepares_declared_flows",
    why="no processor is found for a flow that nobody declared",
    remedy="add the flow to MethodInfo.flows, or prepare one that is there",
)
async def prepares_declared_flows(case: MethodCase) -> None:
    """Prepares only flows that it declares."""
    flows = case.method().info.flows
    for instrument in _instruments(case):
        require(instrument.flow in flows, f"it prepared {instrument.flow!r}, it declares {flows}")


@rule(
    "method.shows_no_card_number",
    why="what is shown is stored in clear, sent to browsers and to the merchant",
    remedy="put the number into `secret`, and its last four digits into `display`",
)
async def shows_no_card_number(case: MethodCase) -> None:
    """Shows nothing that could be a card number, and nothing that it seals."""
    for instrument in _instruments(case):
        for name, value in instrument.display.items():
            text = str(value)
            require(redact(text) == text, f"display.{name} could be a card number")
            sealed = [v for v in (instrument.secret or {}).values() if len(v) >= 6]
            require(value not in sealed, f"display.{name} is sealed too")
        require(redact(repr(instrument)) == repr(instrument), "its repr holds a card number")


@rule(
    "method.forgets_security_codes",
    why="nobody may store a security code, a PIN or a one-time password, not even sealed",
    remedy="check it in prepare, and leave it out of `secret` and `display`",
)
async def forgets_security_codes(case: MethodCase) -> None:
    """Keeps no security code, PIN or password, neither in clear nor sealed."""
    seen = False
    for details in case.valid_samples():
        codes = [str(value) for name, value in _leaves(details) if name in _FORGOTTEN and value]
        instrument = _prepared(case, details).answer
        seen = seen or bool(codes)
        if instrument is not None:
            kept = {**instrument.display, **(instrument.secret or {})}
            held = [name for name, value in kept.items() if value in codes or name in _FORGOTTEN]
            require(not held, f"it keeps {', '.join(held)}")
    if not seen:
        raise DoesNotApplyError("no valid sample has one")


@rule(
    "method.refuses_without_repeating",
    why="refusals stand in logs, and what was typed there by mistake is a card number",
    remedy="say which field and what it should look like, not what it was",
)
async def refuses_without_repeating(case: MethodCase) -> None:
    """Refuses without quoting what was given."""
    for details in case.invalid:
        raised = _prepared(case, details).raised
        if isinstance(raised, InvalidInstrumentError):
            given = [v for _, v in _leaves(details) if isinstance(v, str) and len(v) >= 6]
            quoted = [value for value in given if value in str(raised)]
            require(not quoted, f"it said {str(raised)!r}")


@rule(
    "method.prepares_the_same_again",
    why="a request that is repeated would be another payment",
    remedy="let prepare depend on its arguments alone",
)
async def prepares_the_same_again(case: MethodCase) -> None:
    """Prepares the same of the same, also after a restart."""
    for details in case.valid_samples():
        one, other = _prepared(case, details).answer, _prepared(case, details).answer
        require(one == other, "the same details gave another instrument")


@rule(
    "method.leaves_details_alone",
    why="what is validated must be what is stored",
    remedy="copy before you change",
)
async def leaves_details_alone(case: MethodCase) -> None:
    """Changes nothing of the details it is handed."""
    method = case.method()
    for details in case.valid_samples():
        model = method.info.input_model.model_validate(deepcopy(dict(details)))
        before = model.model_dump()
        tried(lambda m=model: method.prepare(m, method_context()))  # type: ignore[misc]  # bound at once
        require(model.model_dump() == before, "it changed the details it was handed")


@rule(
    "method.ignores_other_fields",
    why="a request carries order_id, method and more beside the method's own fields",
    remedy="leave pydantic's `extra` at its default, which is to ignore",
)
async def ignores_other_fields(case: MethodCase) -> None:
    """Takes no notice of fields of the request that are not its own."""
    for details in case.valid_samples():
        more = {**details, "order_id": "order_KIT", "method": "kit", "kit_more": {"a": [1]}}
        plain, beside = _prepared(case, details), _prepared(case, more)
        if _prepared(case, details).answer != plain.answer:
            raise NotJudgedError("see method.prepares_the_same_again")
        require(plain.answer == beside.answer, f"beside other fields it gave {beside}")


@rule(
    "method.is_quick_with_hostile_lengths",
    why="one request with a long text holds up every other one",
    remedy="bound the length before a regular expression sees it",
)
async def is_quick_with_hostile_lengths(case: MethodCase) -> None:
    """Makes up its mind about huge texts as quickly as about short ones."""
    for details in case.valid_samples():
        for name, value in details.items():
            if isinstance(value, str):
                for text in ("9" * CHARS_HOSTILE, "a-" * (CHARS_HOSTILE // 2), value * 20_000):
                    heard = _prepared(case, {**details, name: text})
                    is_quick = heard.took_s < PREPARE_S_MAX
                    require(is_quick, f"{len(text)} characters of {name} took {heard.took_s:.1f} s")


def _prepared(case: MethodCase, details: Mapping[str, Any]) -> Said[Instrument]:
    """What the host does with a request; empty if the input model refuses it."""
    method = case.method()
    given = tried(lambda: method.info.input_model.model_validate(dict(details)))
    model = given.answer
    if model is None:
        return Said(took_s=given.took_s)
    return tried(lambda: method.prepare(model, method_context()))


def _instruments(case: MethodCase) -> list[Instrument]:
    heard = [_prepared(case, details).answer for details in case.valid_samples()]
    instruments = [each for each in heard if isinstance(each, Instrument)]
    if not instruments:
        raise NotJudgedError("see method.accepts_the_valid")
    return instruments


def _leaves(details: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in details.items():
        if isinstance(value, Mapping):
            yield from _leaves(value)
        else:
            yield name, value


def _fields(schema: Mapping[str, Any]) -> Iterator[str]:
    """The names of all fields, inner ones included."""
    yield from schema.get("properties", {})
    for inner in schema.get("$defs", {}).values():
        yield from inner.get("properties", {})
