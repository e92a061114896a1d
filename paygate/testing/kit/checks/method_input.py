"""The checkout can show a payment method's input, and every input gets a result."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from ....core.errors import InvalidInstrumentError
from ....plugins.results import checked_instrument
from ..calls import run_sync
from ..cases import MethodCase
from ..exercises import method_context
from ..rules import BrokenRuleError, require, rule
from ..world import unwatched

DEPTH_MAX = 4
"""How many levels of a schema the checkout's form supports."""
EXAMPLES = 150
_KINDS = {"string", "integer", "number", "boolean", "null"}


@rule(
    "method.has_a_supported_schema",
    why="the checkout creates its form from the schema; shoppers cannot fill in anything else",
    remedy="use strings, numbers, booleans, enums, and models of these, at most four levels deep",
)
async def has_a_supported_schema(case: MethodCase) -> None:
    """Has an input model whose JSON Schema the checkout's form supports."""
    made = run_sync(case.method().info.input_model.model_json_schema)
    require(made.answer is not None, f"its JSON Schema cannot be created: {made}")
    schema = made.answer or {}
    require(run_sync(lambda: json.dumps(schema)).raised is None, "its JSON Schema is not JSON")
    questions = list(_questions(schema, schema, ()))
    require(questions, "it asks for nothing")
    for path, question in questions:
        types = question.get("type", "string")
        kinds = {types} if isinstance(types, str) else set(types)
        is_askable = "enum" in question or kinds <= _KINDS
        require(is_askable, f"{'.'.join(path)} is of type {types}")


@rule(
    "method.handles_any_input",
    why="any other exception is an error 500 for the shopper",
    remedy="check types and shapes in the input model or in prepare; raise InvalidInstrumentError",
)
async def handles_any_input(case: MethodCase) -> None:
    """Prepares or rejects every input, and raises only InvalidInstrumentError."""
    with unwatched():
        from hypothesis import HealthCheck, given, settings  # noqa: PLC0415 - part of an extra
        from hypothesis import strategies as st  # noqa: PLC0415 - part of an extra

        # The first text strategy builds a table of all of Unicode, with a million calls.
        st.text().validate()

    method = case.method()

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(_requests(case))
    def holds(details: dict[str, Any]) -> None:
        try:
            model: BaseModel = method.info.input_model.model_validate(details)
        except ValidationError:
            return
        result = run_sync(lambda: method.prepare(model, method_context()))
        if isinstance(result.raised, InvalidInstrumentError):
            return
        fits = run_sync(lambda: checked_instrument(result.answer, method.info))
        if result.raised is not None or fits.raised is not None:
            raise BrokenRuleError(f"{details!r:.300} gave {result.raised or fits.raised!r:.300}")

    holds()


def _requests(case: MethodCase) -> Any:
    """Return a strategy for requests: valid, valid with one change, and random."""
    from hypothesis import strategies as st  # noqa: PLC0415 - part of an extra

    def grown(inner: Any) -> Any:
        return st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3)

    junk = st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        grown,
        max_leaves=5,
    )
    schema = case.method().info.input_model.model_json_schema()
    fields = sorted({path[0] for path, _ in _questions(schema, schema, ())})
    samples = [dict(each) for each in (*case.valid, *case.invalid)] or [{}]
    shapes = st.dictionaries(st.sampled_from(fields or ["kit"]), junk, max_size=4)

    @st.composite
    def nearly_right(draw: Any) -> dict[str, Any]:
        base = json.loads(json.dumps(draw(st.sampled_from(samples))))
        return _with_one_changed(base, draw(st.integers(0, 50)), draw(junk | st.text()))

    return shapes | nearly_right()


def _with_one_changed(base: dict[str, Any], which: int, value: Any) -> dict[str, Any]:
    """Copy the request with another value in one place, also in nested objects."""
    places = [(base, name) for name in base]
    for inner in base.values():
        if isinstance(inner, dict):
            places += [(inner, name) for name in inner]
    if places:
        holder, name = places[which % len(places)]
        holder[name] = value
    return base


def _questions(
    root: Mapping[str, Any], given: Mapping[str, Any], path: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], Mapping[str, Any]]]:
    """Return the fields of the checkout's form, which reads the schema in the same way."""
    schema = _resolved(root, given)
    for name, inner in schema.get("properties", {}).items():
        found, here = _resolved(root, inner), (*path, name)
        if "const" in found:
            continue
        if found.get("properties") and len(here) <= DEPTH_MAX:
            yield from _questions(root, found, here)
        else:
            yield here, found


def _resolved(root: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    name = str(schema.get("$ref", "")).rpartition("/")[2]
    several = [*schema.get("allOf", []), *schema.get("anyOf", [])]
    inner = root.get("$defs", {}).get(name) or next(
        (each for each in several if each.get("type") != "null" and "type" in each | {"$ref": 1}),
        None,
    )
    if inner is None or ("type" in schema and "$ref" not in schema):
        return schema
    own = {key: value for key, value in schema.items() if key not in {"$ref", "allOf", "anyOf"}}
    return {**_resolved(root, inner), **own}
