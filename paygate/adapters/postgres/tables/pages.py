"""Pages of lists."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from tortoise.expressions import Q
from tortoise.models import Model

from ....core.limits import COUNTED_ROWS_MAX
from ....core.records import Page
from ..database import Executor
from .rows import Row

Entity = TypeVar("Entity")


async def read_page(
    model: type[Model],
    wanted: Q,
    to_entity: Callable[[Row], Entity],
    executor: Executor,
    *,
    limit: int,
    offset: int,
    order: Sequence[str] = ("-created_at", "-id"),
) -> Page[Entity]:
    """Read a page of a merchant's rows, and count at most ``COUNTED_ROWS_MAX`` of all.

    Counting years of rows would take far longer than reading a page.
    """
    with executor.models() as db:
        query = model.filter(wanted).using_db(db)
        # Only a column of the index by which the rows are found.
        counted = query.limit(COUNTED_ROWS_MAX + 1).values_list("merchant_id")
        counted._make_query()  # noqa: SLF001 - Tortoise cannot count a limited query
        sql, values = counted.query.get_parameterized_sql()
        total = await executor.fetchval(f"SELECT count(*) FROM ({sql}) AS counted", *values)
        rows = await query.order_by(*order).limit(limit).offset(offset).values()
    return Page(
        [to_entity(row) for row in rows],
        min(total, COUNTED_ROWS_MAX),
        limit,
        offset,
        is_bounded=total > COUNTED_ROWS_MAX,
    )
