"""Checks of single fields that a plugin fills in: moments, waits, states, words of a list.

Each function but ``did_you_mean`` and ``quoted`` raises ``PluginContractError`` with a
sentence that names the field.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from typing import Any

from ..core.errors import PluginContractError
from ..core.limits import PLUGIN_STATE_BYTES_MAX

# Every offset and every addition of a wait stays inside what Python and PostgreSQL count.
YEAR_MIN, YEAR_MAX = 2000, 9000
QUOTED_CHARS_MAX = 60


def quoted(value: object) -> str:
    """A value as Python writes it, cut to a few words; its type where it cannot be written."""
    try:
        written = repr(value)
    except KeyboardInterrupt:
        raise
    except BaseException:  # noqa: BLE001 - the value's own code may raise anything
        return f"a {type(value).__name__}"
    return written if len(written) <= QUOTED_CHARS_MAX else f"{written[:QUOTED_CHARS_MAX]}…"


def did_you_mean(word: object, known: Iterable[str]) -> str:
    """Half a sentence with the nearest right word, or with all of them."""
    words = sorted(str(each) for each in known)
    near = get_close_matches(word, words, n=1) if isinstance(word, str) else []
    return f"did you mean {near[0]!r}?" if near else f"use one of {', '.join(words) or 'none'}"


def one_of(value: object, known: Iterable[str], field: str) -> None:
    """Require one word of a list."""
    words = tuple(known)
    if not isinstance(value, str) or value not in words:
        raise PluginContractError(f"{field} is {quoted(value)}; {did_you_mean(value, words)}")


def usable_wait(wait: object, field: str, *, longest: timedelta) -> timedelta:
    """The wait, if it is one from zero to ``longest``."""
    if not isinstance(wait, timedelta):
        raise PluginContractError(f"{field} is {quoted(wait)}, not a timedelta")
    if not timedelta(0) <= wait <= longest:
        raise PluginContractError(
            f"{field} is {wait.total_seconds():.15g} s, not between 0 s and {longest.days} days"
        )
    return wait


def utc_moment(at: object, field: str) -> datetime:
    """The moment in UTC, if it is an aware one that can be stored."""
    if not isinstance(at, datetime):
        raise PluginContractError(f"{field} is {quoted(at)}, not a datetime")
    if at.utcoffset() is None:
        raise PluginContractError(f"{field} has no time zone; use UTC")
    if not YEAR_MIN <= at.year <= YEAR_MAX:
        raise PluginContractError(f"{field} is in the year {at.year}")
    return at.astimezone(UTC)


def plain_json(value: object, field: str) -> Mapping[str, Any]:
    """The mapping as it comes back from a JSON column."""
    if not isinstance(value, Mapping):
        raise PluginContractError(f"{field} is {quoted(value)}, not a mapping")
    try:
        text = json.dumps(value, allow_nan=False, ensure_ascii=False)
        size_bytes = len(text.encode())
    except (TypeError, ValueError, RecursionError) as error:
        raise PluginContractError(f"{field} is not plain JSON") from error
    if size_bytes > PLUGIN_STATE_BYTES_MAX:
        raise PluginContractError(
            f"{field} takes {size_bytes} bytes of JSON, {PLUGIN_STATE_BYTES_MAX} at most"
        )
    if "\\u0000" in text:
        raise PluginContractError(f"{field} holds a NUL character, which cannot be stored")
    plain: Mapping[str, Any] = json.loads(text)
    return plain
