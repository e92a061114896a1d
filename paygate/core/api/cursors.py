"""Cursors of lists as text: the position itself, so that nothing is stored for them.

A client can only write one that names a position among its own rows, so they are not signed.
"""

from __future__ import annotations

import json
from base64 import b64decode, urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, Field, TypeAdapter

from ..errors import InvalidInputError
from ..limits import COUNTED_ROWS_MAX
from ..paging import Cursor, KeyType, KeyValue, SortedList

CURSOR_CHARS_MAX = 512
INTEGER_MAX = 2**63 - 1
TEXT_KEY_CHARS_MAX = 64
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

# The list's name, offset, total, is_bounded, and the keys.
_CONTENT = TypeAdapter(
    tuple[
        str,
        Annotated[int, Field(ge=0, le=INTEGER_MAX)],
        Annotated[int, Field(ge=0, le=COUNTED_ROWS_MAX)],
        bool,
        list[int | str],
    ],
    config=ConfigDict(strict=True, hide_input_in_errors=True),
)


def cursor_to_text(cursor: Cursor) -> str:
    """Return a cursor as it is sent to clients."""
    keys = [_plain(value) for value in cursor.keys]
    content = (cursor.of.name, cursor.offset, cursor.total, cursor.is_bounded, keys)
    packed = json.dumps(content, separators=(",", ":")).encode()
    return urlsafe_b64encode(packed).rstrip(b"=").decode()


def parse_cursor(text: str, of: SortedList) -> Cursor:
    """Parse the cursor of a request.

    Raises:
        InvalidInputError: It is not a cursor of that list.
    """
    try:
        packed = b64decode(text + "=" * (-len(text) % 4), altchars="-_", validate=True)
        name, offset, total, is_bounded, values = _CONTENT.validate_json(packed)
        typed = zip(values, of.keys.values(), strict=True)
        keys = tuple(_key(value, type) for value, type in typed)
    except (ValueError, OverflowError):
        raise _not_a_cursor(of) from None
    if name != of.name:
        raise _not_a_cursor(of)
    return Cursor(of, keys, offset, total, is_bounded)


def _not_a_cursor(of: SortedList) -> InvalidInputError:
    sentence = f"cursor must be the next_cursor of a page of {of.name}"
    return InvalidInputError(sentence, field="cursor")


def _plain(value: KeyValue) -> int | str:
    if isinstance(value, datetime):
        return (value - _EPOCH) // _MICROSECOND
    return value if isinstance(value, int) else str(value)


def _key(value: int | str, type: KeyType) -> KeyValue:
    if type == "time" and isinstance(value, int):
        return _EPOCH + value * _MICROSECOND
    if type == "number" and isinstance(value, int) and abs(value) <= INTEGER_MAX:
        return value
    if type == "uuid" and isinstance(value, str):
        return UUID(value)
    is_text = type == "text" and isinstance(value, str)
    if is_text and len(str(value)) <= TEXT_KEY_CHARS_MAX and "\0" not in str(value):
        return value
    raise ValueError(type)
