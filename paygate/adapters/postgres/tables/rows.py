"""Values of rows: JSON and identifiers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

Row = Mapping[str, Any]


def uuid(value: Any) -> UUID:
    """Return a standard UUID; asyncpg returns a subclass of its own."""
    return value if type(value) is UUID else UUID(int=value.int)


def decoded(value: Any) -> Any:
    """Return the value of a JSON column; asyncpg returns its text, the ORM its value."""
    return json.loads(value) if isinstance(value, str) else value


def encoded(value: Any) -> str:
    """Return the text of a JSON parameter."""
    try:
        return orjson.dumps(value, default=_plain).decode()
    except TypeError:
        # Integers of more than 64 bits and broken Unicode: PostgreSQL decides about them.
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False, default=_plain)


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(f"{type(value).__name__} cannot be a JSON parameter")
