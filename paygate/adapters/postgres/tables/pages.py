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
        wanted: Conditions of which a row meets at most one. Each is read in the order of an
            index, and the results are merged.
        to_entity: Converts a row.
        executor: Runs the statements.
        page: Which rows.
        of: The order of the rows.
    """
    with executor.models() as db:
        found, values = _union(model, wanted, db)
    total = await _count(found, values, executor, page.after)
    sql, keys = page_statement(found, len(values), page, of)
    rows = await executor.fetch(sql, *values, *keys)
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


def page_statement(
    found: str, parameters: int, page: PageRequest, of: SortedList
) -> tuple[str, Sequence[KeyValue]]:
    """Return the statement of a page, and its last parameters.

    Args:
        found: The statement of all rows.
        parameters: How many it has.
        page: Which rows. One more than the limit is read, to know whether there are more.
        of: The order of the rows.
    """
    columns = [NULLABLE.get(name, name) for name in of.keys]
    order = ", ".join(f"{column} DESC" for column in columns)
    keys = page.after.keys if page.after else ()
    after = ""
    if keys:
        types = enumerate(of.keys.values(), parameters + 1)
        place = ", ".join(f"${number}::{TYPES[type]}" for number, type in types)
        after = f" WHERE ({', '.join(columns)}) < ({place})"
    sql = f"SELECT * FROM ({found}) AS found{after} ORDER BY {order} LIMIT {page.limit + 1:d}"
    if page.offset and not keys:
        sql += f" OFFSET {page.offset:d}"
    return sql, keys


def count_statement(found: str) -> str:
    """Return the statement that counts rows up to the limit, and one more."""
    limited = f"SELECT FROM ({found}) AS found LIMIT {COUNTED_ROWS_MAX + 1:d}"
    return f"SELECT count(*) FROM ({limited}) AS counted"


async def _count(
    found: str, values: Sequence[Any], executor: Executor, after: Cursor | None
) -> int:
    if after is not None:
        return after.total + after.is_bounded
    return int(await executor.fetchval(count_statement(found), *values))


def _union(
    model: type[Model], wanted: Sequence[Q], db: BaseDBAsyncClient
) -> tuple[str, Sequence[Any]]:
    """Return the statement of the rows that meet any of the conditions, and its parameters."""
    parts: list[str] = []
    values: list[Any] = []
    for condition in wanted:
        query = model.filter(condition).using_db(db)
        query._make_query()  # noqa: SLF001 - the statement is part of another one
        sql, own = query.query.get_parameterized_sql()
        before = len(values)
        parts.append(_PARAMETER.sub(lambda found: f"${int(found[1]) + before}", sql))  # noqa: B023
        values += own
    return " UNION ALL ".join(parts), values


def _keys_of(row: Row, of: SortedList) -> tuple[KeyValue, ...]:
    # A key that may be null counts as 0.
    values = (row[name] for name in of.keys)
    types = of.keys.values()
    return tuple(
        uuid(value) if type == "uuid" else 0 if value is None else value
        for value, type in zip(values, types, strict=True)
    )
