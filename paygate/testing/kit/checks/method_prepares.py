"""A payment method accepts a payer's input and returns what may be stored."""

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
from ..calls import Result, run_sync
from ..cases import MethodCase
from ..exercises import method_context
from ..rules import DoesNotApplyError, NotJudgedError, require, rule

_FORGOTTEN = ("cvv", "cvc", "cvv2", "cid", "security_code", "pin", "otp", "password")
CHARS_HOSTILE = 200_000
PREPARE_S_MAX = 0.5


@rule(
    "method.describes_itself",
    why="the host refuses to start with a method that has no valid code",
    remedy="give it `info`, a MethodInfo with a code of lower-case letters, digits and underscores",
)
async def describes_itself(case: MethodCase) -> None:
    """Has the members of a PaymentMethod, a code, a label, flows and an input model."""
    method = case.method()
    seen = run_sync(lambda: check_members(method, PaymentMethod))
    require(seen.raised is None, str(seen.raised))
    check_requirement(case.plugin_id, method)
    named = run_sync(lambda: method_code(method))
    require(named.raised is None, str(named.raised))
    info = method.info
    is_model = isinstance(info.input_model, type) and issubclass(info.input_model, BaseModel)
    require(is_model, f"its input_model is {info.input_model!r}")
    require(info.label and info.flows, f"its label is {info.label!r}, its flows {info.flows}")
    require(method.info == info, "its info changes")


@rule(
    "method.accepts_valid_input",
    why="a payer with valid input is rejected",
    remedy="read the exception; if the sample is wrong, correct `valid`",
)
async def accepts_valid_input(case: MethodCase) -> None:
    """Prepares the input that its author declares valid."""
    for details in case.valid_samples():
        result = _prepared(case, details)
        require(isinstance(result.answer, Instrument), f"a valid sample gave {result}")


@rule(
    "method.refuses_invalid_input",
    why="an operation is created for input that cannot work, and the shopper sees the error late",
    remedy="raise InvalidInstrumentError(message, field=…, code=…) in prepare",
)
async def refuses_invalid_input(case: MethodCase) -> None:
    """Rejects the input that its author declares invalid, and names a field of the request."""
    if not case.invalid:
        raise NotJudgedError("no samples: `invalid` is not given")
    known = set(_fields(case.method().info.input_model.model_json_schema()))
    for details in case.invalid:
        result = _prepared(case, details)
        if result.answer is None and result.raised is None:
            continue  # The input model rejects it, and the host returns that error.
        error = result.raised
        require(isinstance(error, InvalidInstrumentError), f"an invalid sample gave {result}")
        assert isinstance(error, InvalidInstrumentError)
        parts = (error.field or "").split(".")
        require(parts[-1] in known, f"it names the field {error.field!r}; its fields are {known}")


@rule(
    "method.prepares_storable_instruments",
    why="the host rejects it, and the shopper cannot pay",
    remedy="use short snake_case names and strings of at most 255 characters",
)
async def prepares_storable_instruments(case: MethodCase) -> None:
    """Prepares instruments with its own code, and with strings that a database can store."""
    method = case.method()
    for instrument in _instruments(case):
        fits = run_sync(lambda i=instrument: checked_instrument(i, method.info))  # type: ignore[misc]  # bound at once
        is_fit = not isinstance(fits.raised, PluginContractError)
        require(is_fit or "flow" in str(fits.raised), str(fits.raised))


@rule(
    "method.prepares_declared_flows",
    why="the host finds no processor for a flow that is not declared",
    remedy="add the flow to MethodInfo.flows, or use a declared one",
)
async def prepares_declared_flows(case: MethodCase) -> None:
    """Prepares only flows that it declares."""
    flows = case.method().info.flows
    for instrument in _instruments(case):
        require(instrument.flow in flows, f"it prepared {instrument.flow!r}, it declares {flows}")


@rule(
    "method.shows_no_card_number",
    why="`display` is stored unencrypted and sent to browsers and to the merchant",
    remedy="put the number into `secret`, and its last four digits into `display`",
)
async def shows_no_card_number(case: MethodCase) -> None:
    """Shows no card number, and nothing that is also secret."""
    for instrument in _instruments(case):
        for name, value in instrument.display.items():
            text = str(value)
            require(redact(text) == text, f"display.{name} could be a card number")
            sealed = [v for v in (instrument.secret or {}).values() if len(v) >= 6]
            require(value not in sealed, f"display.{name} is also secret")
        require(redact(repr(instrument)) == repr(instrument), "its repr holds a card number")


@rule(
    "method.stores_no_security_code",
    why="no one may store a security code, a PIN or a one-time password, not even encrypted",
    remedy="check it in prepare, and omit it from `secret` and `display`",
)
async def stores_no_security_code(case: MethodCase) -> None:
    """Stores no security code, PIN or password, neither in `display` nor in `secret`."""
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
    "method.repeats_no_input_in_errors",
    why="error messages are logged, and a wrong input may be a card number",
    remedy="name the field and the expected format, not the given value",
)
async def repeats_no_input_in_errors(case: MethodCase) -> None:
    """Rejects input without repeating it in the error message."""
    for details in case.invalid:
        raised = _prepared(case, details).raised
        if isinstance(raised, InvalidInstrumentError):
            given = [v for _, v in _leaves(details) if isinstance(v, str) and len(v) >= 6]
            quoted = [value for value in given if value in str(raised)]
            require(not quoted, f"the error is {str(raised)!r}")


@rule(
    "method.prepares_equal_instruments",
    why="a repeated request would be a different payment",
    remedy="use only the arguments of prepare",
)
async def prepares_equal_instruments(case: MethodCase) -> None:
    """Prepares equal instruments from equal input, also after a restart."""
    for details in case.valid_samples():
        one, other = _prepared(case, details).answer, _prepared(case, details).answer
        require(one == other, "the same details gave another instrument")


@rule(
    "method.does_not_change_details",
    why="the stored input must be the validated input",
    remedy="copy before you change",
)
async def does_not_change_details(case: MethodCase) -> None:
    """Does not change the details that it gets."""
    method = case.method()
    for details in case.valid_samples():
        model = method.info.input_model.model_validate(deepcopy(dict(details)))
        before = model.model_dump()
        run_sync(lambda m=model: method.prepare(m, method_context()))  # type: ignore[misc]  # bound at once
        require(model.model_dump() == before, "it changed the details it was handed")


@rule(
    "method.ignores_other_fields",
    why="a request contains order_id, method and more besides the method's own fields",
    remedy="keep pydantic's default for `extra`, which ignores other fields",
)
async def ignores_other_fields(case: MethodCase) -> None:
    """Ignores fields of the request that are not its own."""
    for details in case.valid_samples():
        more = {**details, "order_id": "order_KIT", "method": "kit", "kit_more": {"a": [1]}}
        plain, beside = _prepared(case, details), _prepared(case, more)
        if _prepared(case, details).answer != plain.answer:
            raise NotJudgedError("see method.prepares_equal_instruments")
        require(plain.answer == beside.answer, f"beside other fields it gave {beside}")


@rule(
    "method.is_fast_with_long_input",
    why="one request with a long string blocks all others",
    remedy="limit the length before using a regular expression",
)
async def is_fast_with_long_input(case: MethodCase) -> None:
    """Handles very long strings as fast as short ones."""
    for details in case.valid_samples():
        for name, value in details.items():
            if isinstance(value, str):
                for text in ("9" * CHARS_HOSTILE, "a-" * (CHARS_HOSTILE // 2), value * 20_000):
                    result = _prepared(case, {**details, name: text})
                    is_fast = result.took_s < PREPARE_S_MAX
                    require(
                        is_fast,
                        f"{len(text)} characters of {name} took {result.took_s:.1f} s",
                    )


def _prepared(case: MethodCase, details: Mapping[str, Any]) -> Result[Instrument]:
    """Prepare a request as the host does; empty if the input model rejects it."""
    method = case.method()
    given = run_sync(lambda: method.info.input_model.model_validate(dict(details)))
    model = given.answer
    if model is None:
        return Result(took_s=given.took_s)
    return run_sync(lambda: method.prepare(model, method_context()))


def _instruments(case: MethodCase) -> list[Instrument]:
    result = [_prepared(case, details).answer for details in case.valid_samples()]
    instruments = [each for each in result if isinstance(each, Instrument)]
    if not instruments:
        raise NotJudgedError("see method.accepts_valid_input")
    return instruments


def _leaves(details: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in details.items():
        if isinstance(value, Mapping):
            yield from _leaves(value)
        else:
            yield name, value


def _fields(schema: Mapping[str, Any]) -> Iterator[str]:
    """Yield the names of all fields, including nested ones."""
    yield from schema.get("properties", {})
    for inner in schema.get("$defs", {}).values():
        yield from inner.get("properties", {})
