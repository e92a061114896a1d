"""Values of rows: JSON and identifiers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

Row = Mapping[str, Any]
"""What ``payments.error_code`` holds for every decline; merchants select on it."""


def uuid(value: Any) -> UUID:
    """A standard UUID; asyncpg hands out a subclass of its own."""
    return value if type(value) is UUID else UUID(str(value))


def decoded(value: Any) -> Any:
    """A JSON column; asyncpg hands it out as text, the ORM as a value."""
    return json.loads(value) if isinstance(value, str) else value


def encoded(value: Any) -> str:
    """A value for a JSON parameter."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, default=_plain)


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no place in a parameter")
