"""Pages of lists."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.expressions import Q
from tortoise.models import Model

from ....core.limits import COUNTED_ROWS_MAX
from ....core.paging import Cursor, KeyType, KeyValue, Page, PageRequest, SortedList
from ..database import Executor
from .rows import Row, uuid

Entity = TypeVar("Entity")
TYPES: dict[KeyType, str] = {
    "time": "timestamptz",
    "text": "varchar",
    "uuid": "uuid",
    "number": "bigint",
}

# Keys that may be null, as the indexes have them.
NULLABLE = {"seq": "coalesce(seq, 0)"}

# Otherwise a statement that is repeated gets one plan for all values of its filters. That plan
# reads a whole list, in the hope that one of the first rows meets them.
PLAN_EACH_TIME = "SET LOCAL plan_cache_mode = force_custom_plan"
_PARAMETER = re.compile(r"\$(\d+)")


async def read_page(
    model: type[Model],
    wanted: Sequence[Q],
    to_entity: Callable[[Row], Entity],
    executor: Executor,
    page: PageRequest,
    *,
    of: SortedList,
) -> Page[Entity]:
    """Read a page of a merchant's rows.

    The first page counts at most ``COUNTED_ROWS_MAX`` of all: counting years of rows would
    take far longer than reading a page.

    Args:
        model: The table.
        wanted: Conditions, of which a row meets any.
        to_entity: Converts a row.
        executor: Runs the statements.
        page: Which rows.
        of: The order of the rows.
    """
    with executor.models() as db:
        found, values = _statements(model, wanted, db)
    # The whole list has a parameter only, the merchant.
    if len(values) == 1:
        rows, total = await _read(found, values, executor, page, of)
    else:
        async with executor.transaction() as bound:
            await bound.fetch(PLAN_EACH_TIME)
            rows, total = await _read(found, values, bound, page, of)
    shown = rows[: page.limit]
    is_bounded = total > COUNTED_ROWS_MAX
    total = min(total, COUNTED_ROWS_MAX)
    following = None
    if len(rows) > page.limit:
        seen = page.offset + page.limit
        following = Cursor(of, _keys_of(shown[-1], of), seen, total, is_bounded)
    return Page(
        [to_entity(row) for row in shown], total, page.limit, page.offset, is_bounded, following
    )


async def _read(
    found: Sequence[str],
    values: Sequence[Any],
    executor: Executor,
    page: PageRequest,
    of: SortedList,
) -> tuple[Sequence[Row], int]:
    """Return the rows of a page, perhaps with one more, and the total."""
    if page.after is None:
        total = int(await executor.fetchval(count_statement(found, of), *values))
    else:
        total = page.after.total + page.after.is_bounded
    keys = page.after.keys if page.after else ()
    sql = page_statement(found, page, of, first_key=len(values) + 1)
    return await executor.fetch(sql, *values, *keys), total


def page_statement(
    found: Sequence[str], page: PageRequest, of: SortedList, *, first_key: int
) -> str:
    """Return the statement of a page.

    Args:
        found: Statements of rows; a row may be in several of them.
        page: Which rows. One more than the limit is read, to know whether there are more.
        of: The order of the rows.
        first_key: The number of the parameter that is the cursor's first key.
    """
    columns, order = ", ".join(_columns(of)), _order(of)
    after, skipped = "", page.offset
    if page.after is not None:
        types = enumerate(of.keys.values(), first_key)
        place = ", ".join(f"${number}::{TYPES[type]}" for number, type in types)
        after, skipped = f"WHERE ({columns}) < ({place})", 0
    rows = page.limit + 1
    ends = f"ORDER BY {order} LIMIT {rows:d}" + (f" OFFSET {skipped:d}" if skipped else "")
    if len(found) == 1:
        return f"SELECT * FROM ({found[0]}) AS found {after} {ends}"
    each = f"{after} ORDER BY {order} LIMIT {skipped + rows:d}"
    parts = " UNION ALL ".join(f"(SELECT * FROM ({part}) AS found {each})" for part in found)
    return f"SELECT DISTINCT ON ({columns}) * FROM ({parts}) AS found {ends}"


def count_statement(found: Sequence[str], of: SortedList) -> str:
    """Return the statement that counts rows up to the limit, and at least one more.

    It counts in the order of the list, so that it ends as soon as it has counted enough. In any
    order, the planner may read all rows of the index first.
    """
    ends = f"ORDER BY {_order(of)} LIMIT {COUNTED_ROWS_MAX + 1:d}"
    columns = "" if len(found) == 1 else ", ".join(_columns(of))
    parts = " UNION ".join(f"(SELECT {columns} FROM ({part}) AS found {ends})" for part in found)
    return f"SELECT count(*) FROM ({parts}) AS counted"


def _columns(of: SortedList) -> Sequence[str]:
    return [NULLABLE.get(name, name) for name in of.keys]


def _order(of: SortedList) -> str:
    return ", ".join(f"{column} DESC" for column in _columns(of))


def _statements(
    model: type[Model], wanted: Sequence[Q], db: BaseDBAsyncClient
) -> tuple[Sequence[str], Sequence[Any]]:
    """Return a statement of the rows that meet each condition, and the parameters of all."""
    parts: list[str] = []
    values: list[Any] = []
    for condition in wanted:
        query = model.filter(condition).using_db(db)
        query._make_query()  # noqa: SLF001 - the statement is part of another one
        sql, own = query.query.get_parameterized_sql()
        before = len(values)
        parts.append(_PARAMETER.sub(lambda found: f"${int(found[1]) + before}", sql))  # noqa: B023
        values += own
    return parts, values


def _keys_of(row: Row, of: SortedList) -> tuple[KeyValue, ...]:
    # A key that may be null counts as 0.
    values = (row[name] for name in of.keys)
    types = of.keys.values()
    return tuple(
        uuid(value) if type == "uuid" else 0 if value is None else value
        for value, type in zip(values, types, strict=True)
    )
