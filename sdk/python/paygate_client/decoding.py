"""Make typed objects of JSON."""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from enum import Enum
from functools import cache
from typing import Any, Final, Literal, Self, Union, get_args, get_origin, get_type_hints

from .errors import UnexpectedResponseError


class Unset(Enum):
    """The type of ``UNSET``."""

    UNSET = "UNSET"

    def __repr__(self) -> str:
        return "UNSET"


UNSET: Final = Unset.UNSET
"""Leaves a field as it is, in methods that change an object. None clears it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Model:
    """An object of the API.

    A field that the server does not send is None: the server may be older than this library.
    Fields that this library does not know are in ``raw``, such as those of a plugin's payment
    method.

    Args:
        raw: The JSON as it was received.
    """

    raw: Mapping[str, Any] = field(repr=False, compare=False)

    @classmethod
    def from_json(cls, given: object) -> Self:
        """Make one of parsed JSON.

        Raises:
            UnexpectedResponseError: It is not this object.
        """
        if not isinstance(given, dict):
            raise UnexpectedResponseError(f"{cls.__name__} is not an object")
        hints = _hints(cls)  # type: ignore[arg-type]  # a class is hashable
        values = {
            each.name: _decoded(
                hints[each.name], given.get(each.name), f"{cls.__name__}.{each.name}"
            )
            for each in fields(cls)
            if each.name != "raw"
        }
        return cls(raw=given, **values)


@cache
def _hints(kind: type[Any]) -> Mapping[str, Any]:
    return get_type_hints(kind)


def _decoded(hint: Any, value: Any, name: str) -> Any:
    origin = get_origin(hint)
    if origin in {Union, types.UnionType}:
        options = [each for each in get_args(hint) if each is not types.NoneType]
        hint = options[0] if len(options) == 1 else Any
        origin = get_origin(hint)
    # A newer server may know more values of a literal.
    if value is None or hint is Any or origin is Literal:
        return value
    if origin is list and isinstance(value, list):
        (item,) = get_args(hint)
        return [_decoded(item, each, name) for each in value]
    if origin is dict and isinstance(value, dict):
        return value
    return _scalar(hint, value, name)


def _scalar(hint: Any, value: Any, name: str) -> Any:
    if isinstance(hint, type) and issubclass(hint, Model):
        return hint.from_json(value)
    if hint is datetime and isinstance(value, str):
        return _time(value, name)
    # An amount is an integer: 500.0 and true are none.
    if hint in {str, int, bool, float} and type(value) in {hint, int if hint is float else hint}:
        return value
    raise UnexpectedResponseError(f"{name} is of an unexpected type: {type(value).__name__}")


def _time(text: str, name: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise UnexpectedResponseError(f"{name} is not a time") from None
