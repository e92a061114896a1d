"""What a model says of a request, in sentences that name the field."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar
from uuid import UUID

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from ...errors import InvalidInputError, NotFoundError

Body = Mapping[str, Any]


Model = TypeVar("Model", bound=BaseModel)


PROTECTED = ("status", "merchant_id", "amount_refunded", "captured")
"""Fields that only we set. Anything else we do not know is ignored."""


def said(query: Mapping[str, str]) -> Mapping[str, str]:
    """What is there and says something."""
    return {name: value for name, value in query.items() if value}


def uuid(text: str, thing: str) -> UUID:
    """The id in a path; what is no UUID names no such thing."""
    try:
        return UUID(text)
    except ValueError:
        raise NotFoundError(thing) from None


def refuse_protected(body: Body) -> None:
    """Refuse fields that only we set.

    Raises:
        InvalidInputError: One is there.
    """
    for name in PROTECTED:
        if name in body:
            raise InvalidInputError(f"{name} cannot be set", field=name)


def checked(model: type[Model], given: Body) -> Model:
    """What was given, as the model has it.

    Raises:
        InvalidInputError: It does not fit; the sentence names the first wrong field.
    """
    try:
        return model.model_validate(given)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
    field = str(first["loc"][0])
    if given.get(field) is None and first["type"] == "string_type":
        # Null, where there must be a text, is a text that is missing.
        raise InvalidInputError(f"{field} is required", field=field)
    raise InvalidInputError(_sentence(first, field), field=field)


def _sentence(error: ErrorDetails, field: str) -> str:
    """What is wrong, in the words that clients of older gateways know."""
    bound = error.get("ctx", {})
    kind = error["type"]
    if kind in {"missing", "string_too_short"}:
        return f"{field} is required"
    if kind == "value_error":
        # A rule of ours, which may begin with the field's name.
        said = str(bound["error"])
        return said if said.startswith(field) else f"{field} {said}"
    must_be = {
        "int_type": "an integer",
        "greater_than_equal": f"at least {bound.get('ge')}",
        "less_than_equal": f"at most {bound.get('le')}",
        "string_type": "a string",
        "string_too_long": f"at most {bound.get('max_length')} characters",
        "dict_type": "an object",
        "bool_type": "true or false",
        "literal_error": str(bound.get("expected", "")).replace("'", ""),
    }
    return f"{field} must be {must_be[kind]}" if kind in must_be else f"{field}: {error['msg']}"
