"""Reading JSON from strangers.

Python's own parser accepts more than the standard, and PostgreSQL stores less:
what either would choke on later is refused here, with a sentence.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ..errors import InvalidInputError
from ..limits import JSON_DEPTH_MAX

# 2**63 overflows a bigint; no number we store is larger than that.
INTEGER_MAX = 2**63 - 1


def read_object(body: bytes) -> dict[str, Any]:
    """The JSON object in a request's body; an empty body is an empty object.

    Raises:
        InvalidInputError: It is not JSON, not an object, or holds what cannot be stored.
    """
    if not body.strip():
        return {}
    value = _parse(body)
    if not isinstance(value, dict):
        raise InvalidInputError("The body must be a JSON object")
    _check(value, depth=1)
    return value


def _parse(body: bytes) -> Any:
    try:
        return json.loads(
            body.decode("utf-8-sig"),
            object_pairs_hook=_unique,
            parse_constant=_refuse_constant,
        )
    except UnicodeDecodeError:
        raise InvalidInputError("The body is not UTF-8") from None
    except RecursionError:
        raise InvalidInputError("The body is nested too deeply") from None
    except ValueError:
        # Also an integer of more digits than Python converts.
        raise InvalidInputError("The body is not valid JSON") from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise InvalidInputError("The body names a field twice")
    return found


def _refuse_constant(name: str) -> Any:
    raise InvalidInputError(f"The body holds {name}, which is not JSON")


def _check(value: Any, *, depth: int) -> None:
    if depth > JSON_DEPTH_MAX:
        raise InvalidInputError("The body is nested too deeply")
    match value:
        case str():
            _check_text(value)
        case bool() | None:
            pass
        case int() if abs(value) > INTEGER_MAX:
            raise InvalidInputError("The body holds a number that is too large")
        case float() if value in {float("inf"), float("-inf")}:
            raise InvalidInputError("The body holds a number that is too large")
        case Mapping():
            for key, inner in value.items():
                _check_text(key)
                _check(inner, depth=depth + 1)
        case list():
            for inner in value:
                _check(inner, depth=depth + 1)


def _check_text(text: str) -> None:
    if "\0" in text:
        raise InvalidInputError("The body holds a NUL character")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise InvalidInputError("The body holds half a surrogate pair") from None


def write(value: Any) -> bytes:
    """JSON as we send it.

    Compact and unescaped, so that a receiver which parses and writes it again, as
    JavaScript does, gets the same bytes.
    """
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def canonical(value: Any) -> bytes:
    """The same bytes for the same content, however it was written."""
    return json.dumps(value, separators=(",", ":"), sort_keys=True).encode()
