"""Values of rows: JSON and identifiers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

Row = Mapping[str, Any]


def uuid(value: Any) -> UUID:
    """Return a standard UUID; asyncpg returns a subclass."""
    return value if type(value) is UUID else UUID(str(value))


def decoded(value: Any) -> Any:
    """Return the value of a JSON column; asyncpg returns a text, Tortoise a value."""
    return json.loads(value) if isinstance(value, str) else value


def encoded(value: Any) -> str:
    """Serialize a value for a JSON parameter."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, default=_plain)


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(f"{type(value).__name__} cannot be part of a parameter")
