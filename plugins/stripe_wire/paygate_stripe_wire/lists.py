"""Pages of lists with the dialect's cursors: ``limit``, ``starting_after``, ``ending_before``."""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from paygate import Record

from .call import Call
from .errors import missing
from .forms import invalid
from .shapes import Row

LIMIT, LIMIT_MAX = 10, 100
READ_AT_ONCE = 101
PAGES_MAX = 100
"""Pages of the gateway that a request with ``ending_before`` reads."""
SHOWN_TO = timedelta(milliseconds=1)
"""How exactly the gateway shows times."""


def limit_of(call: Call) -> int:
    """Return how many rows a request asks for.

    Raises:
        StripeError: It is not 1 to 100.
    """
    limit = call.params.whole("limit", least=1)
    if limit is not None and limit > LIMIT_MAX:
        raise invalid("limit", f"limit is at most {LIMIT_MAX}")
    return limit or LIMIT


async def records_page(
    call: Call, kind: str, thing: str, wanted: Callable[[Mapping[str, Any]], bool]
) -> tuple[list[Record], bool]:
    """Return a page of records, the newest first, and whether there are more.

    Args:
        call: The request.
        kind: The kind of the records.
        thing: What a record is, for errors.
        wanted: Chooses records by their data.
    """
    limit, start = limit_of(call), call.params.text("starting_after")
    after = None
    if start is not None:
        after = await call.stored(kind, start)
        if after is None:
            raise missing(thing, start, param="starting_after")
    found: list[Record] = []
    while True:
        rows = await call.context.records.list(kind, limit=READ_AT_ONCE, after=after)
        found += [row for row in rows if wanted(row.data)]
        if len(found) > limit or len(rows) < READ_AT_ONCE:
            return found[:limit], len(found) > limit
        after = rows[-1]


async def gateway_page(
    call: Call,
    path: str,
    query: Mapping[str, str],
    after: Row | None,
    *,
    before: Row | None = None,
    wanted: Callable[[Row], Awaitable[bool]] | None = None,
) -> tuple[list[Row], bool]:
    """Return a page of a list of the gateway, the newest first, and whether there are more.

    Args:
        call: The request.
        path: The list.
        query: Its filters.
        after: The last row of the page before.
        before: The first row of the page after; the page has the rows that are next to it.
        wanted: Chooses rows.

    Raises:
        StripeError: ``before`` is not among the newest rows.
    """
    limit, asked = limit_of(call), {**query, "limit": str(LIMIT_MAX)}
    if before is not None:
        return await _page_before(call, path, asked, before, wanted)
    if after is not None:
        # Rows of the same millisecond come again, and are skipped.
        end = datetime.fromisoformat(after["created_at"]) + SHOWN_TO
        asked["to"] = min(end, _time(asked.get("to")) or end).isoformat()
    found: list[Row] = []
    is_reached = after is None
    while True:
        page = await call.get(path, **asked)
        for row in page["data"]:
            if is_reached:
                if wanted is None or await wanted(row):
                    found.append(row)
            elif after is not None and row["id"] == after["id"]:
                is_reached = True
        if len(found) > limit or page["next_cursor"] is None:
            return found[:limit], len(found) > limit
        asked["cursor"] = page["next_cursor"]


async def _page_before(
    call: Call,
    path: str,
    asked: dict[str, str],
    before: Row,
    wanted: Callable[[Row], Awaitable[bool]] | None,
) -> tuple[list[Row], bool]:
    limit, start = limit_of(call), datetime.fromisoformat(before["created_at"])
    asked["from"] = max(start, _time(asked.get("from")) or start).isoformat()
    nearest: deque[Row] = deque(maxlen=limit + 1)
    for _ in range(PAGES_MAX):
        page = await call.get(path, **asked)
        for row in page["data"]:
            if row["id"] == before["id"]:
                return list(nearest)[-limit:], len(nearest) > limit
            if wanted is None or await wanted(row):
                nearest.append(row)
        if page["next_cursor"] is None:
            return list(nearest)[-limit:], len(nearest) > limit
        asked["cursor"] = page["next_cursor"]
    raise invalid("ending_before", "paygate finds no page so far from the newest: use created")


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
