"""Read request bodies: strict JSON of bounded size."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from typing import Any, cast

import orjson
from quart import Request, request
from werkzeug.exceptions import RequestEntityTooLarge, RequestTimeout

from ..errors import InvalidInputError
from ..limits import BODY_BYTES_MAX, BODY_TIMEOUT_S, JSON_DEPTH_MAX
from .context import current_request, scope_of

# 2**63 overflows a bigint; every stored number is smaller.
INTEGER_MAX = 2**63 - 1


def read_object(body: bytes) -> dict[str, Any]:
    """Return the JSON object of a body; an empty body is an empty object.

    Raises:
        InvalidInputError: It is not JSON, not an object, or contains what cannot be stored.
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
        return _STRICT.decode(body.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise InvalidInputError("The body is not UTF-8") from None
    except RecursionError:
        raise InvalidInputError("The body is nested too deeply") from None
    except json.JSONDecodeError as error:
        raise InvalidInputError(
            f"The body is not valid JSON at line {error.lineno}, column {error.colno}"
        ) from None
    except ValueError:
        raise InvalidInputError("The body contains a number that is too large") from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise InvalidInputError("The body contains a field twice")
    return found


def _refuse_constant(name: str) -> Any:
    raise InvalidInputError(f"The body contains {name}, which is not JSON")


_STRICT = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_refuse_constant)


def _check(value: Any, *, depth: int) -> None:
    if depth > JSON_DEPTH_MAX:
        raise InvalidInputError("The body is nested too deeply")
    match value:
        case str():
            _check_text(value)
        case bool() | None:
            pass
        case int() if abs(value) > INTEGER_MAX:
            raise InvalidInputError("The body contains a number that is too large")
        case float() if value in {float("inf"), float("-inf")}:
            raise InvalidInputError("The body contains a number that is too large")
        case Mapping():
            for key, inner in value.items():
                _check_text(key)
                _check(inner, depth=depth + 1)
        case list():
            for inner in value:
                _check(inner, depth=depth + 1)


def _check_text(text: str) -> None:
    if "\0" in text:
        raise InvalidInputError("The body contains a NUL character")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise InvalidInputError("The body contains half a surrogate pair") from None


def write(value: Any) -> bytes:
    """Serialize JSON.

    It is compact and not escaped, so that a receiver that parses and serializes it again,
    as JavaScript does, gets the same bytes.
    """
    try:
        return orjson.dumps(value)
    except TypeError:
        # A plugin's value with keys that are no strings, or with integers of over 64 bits.
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def canonical(value: Any) -> bytes:
    """Serialize JSON in a canonical form: equal content gives equal bytes."""
    return _CANONICAL.encode(value).encode()


_CANONICAL = json.JSONEncoder(separators=(",", ":"), sort_keys=True)


Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]

# After this much data the connection is closed without a readable response.
DRAINED_BYTES_MAX = 32 * 1024 * 1024
REFUSAL, BODY = "paygate.refusal", "paygate.body"


def refuse_body(asked: Request) -> None:
    """Raise the error of a request whose body is too large or too slow."""
    refusal: Exception | None = scope_of(asked).get(REFUSAL)
    if refusal is not None:
        raise refusal


def refused_scope(scope: Any, refusal: Exception) -> Any:
    """Return the scope of a request whose body is refused; see ``refuse_body``."""
    # Quart would refuse a body of that length itself.
    headers = [pair for pair in scope["headers"] if pair[0].lower() != b"content-length"]
    return {**scope, REFUSAL: refusal, "headers": headers}


def _is_never_read(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Check whether the request announces more data than would be read."""
    length = next((value for name, value in headers if name.lower() == b"content-length"), b"")
    return length.isdigit() and int(length) > DRAINED_BYTES_MAX


async def read_body(
    receive: Receive, headers: Iterable[tuple[bytes, bytes]]
) -> tuple[bytes | None, Exception | None]:
    """Return the body of a request; no body if the client has disconnected.

    Returns:
        The body, and the error of one that is too large or too slow; ``refuse_body`` raises it.
    """
    if _is_never_read(headers):
        return b"", RequestEntityTooLarge()
    body, seen = bytearray(), 0
    try:
        async with asyncio.timeout(BODY_TIMEOUT_S):
            while seen < DRAINED_BYTES_MAX:
                message = await receive()
                if message["type"] != "http.request":
                    return None, None
                chunk = message.get("body", b"")
                seen += len(chunk)
                if seen <= BODY_BYTES_MAX:
                    body += chunk
                if not message.get("more_body", False):
                    break
    except TimeoutError:
        return b"", RequestTimeout()
    return (bytes(body), None) if seen <= BODY_BYTES_MAX else (b"", RequestEntityTooLarge())


def headers_of_request() -> dict[str, str]:
    """Return the headers by lower-case name; the first value of repeated headers.

    The first ``Remote-Addr`` is set by the server; a client may send another.
    """
    first: dict[str, str] = {}
    for name, value in request.headers.items():
        first.setdefault(name.lower(), value)
    return first


async def body_of_request() -> dict[str, Any]:
    """Return the JSON object of the request, whatever its content type. Do not change it.

    Raises:
        InvalidInputError: The body is not a JSON object.
    """
    # A request is read in several places: its route, its key and its audit entry.
    asked = current_request()
    body = known_body(asked)
    if body is None:
        body = read_object(cast("bytes", await asked.get_data(as_text=False)))
        scope_of(asked)[BODY] = body
    return body


def known_body(asked: Request) -> dict[str, Any] | None:
    """Return the JSON object of a request; None if ``body_of_request`` has not read it."""
    return cast("dict[str, Any] | None", scope_of(asked).get(BODY))
