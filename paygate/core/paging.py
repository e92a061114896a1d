"""Pages of lists: the newest rows first, and each page continues after the one before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Literal, TypeVar
from uuid import UUID

Row = TypeVar("Row")
KeyType = Literal["time", "text", "uuid", "number"]
KeyValue = datetime | str | UUID | int


@dataclass(frozen=True, slots=True)
class SortedList:
    """A list that is read in pages.

    Args:
        name: Its name; a cursor of another list is refused.
        keys: The columns by which it is sorted, the highest value first, with their types.
            Together they identify a row, and an index has them.
    """

    name: str
    keys: Mapping[str, KeyType]


ORDER_LIST = SortedList("orders", {"created_at": "time", "id": "text"})
LINK_LIST = SortedList("payment_links", {"created_at": "time", "id": "text"})
PAYMENT_LIST = SortedList("payments", {"created_at": "time", "id": "text"})
REFUND_LIST = SortedList("refunds", {"created_at": "time", "id": "text"})

# With a frozen test clock the events of a payment have one time; ``seq`` is their order.
DELIVERY_LIST = SortedList("webhooks", {"created_at": "time", "seq": "number", "id": "uuid"})
# Events of one time are in the order in which they were stored.
EVENT_LIST = SortedList("events", {"created_at": "time", "position": "number"})
AUDIT_LIST = SortedList("audit", {"id": "number"})
LISTS = (ORDER_LIST, LINK_LIST, PAYMENT_LIST, REFUND_LIST, EVENT_LIST, DELIVERY_LIST, AUDIT_LIST)


@dataclass(frozen=True, slots=True)
class Cursor:
    """A position in a list, after one of its rows.

    Args:
        of: The list.
        keys: The row's values of the list's keys.
        offset: Number of rows up to that row.
        total: The total of the first page, so that the next ones need not count again.
        is_bounded: Whether counting stopped there.
    """

    of: SortedList
    keys: tuple[KeyValue, ...]
    offset: int
    total: int
    is_bounded: bool


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Which rows of a list to read.

    Args:
        limit: How many.
        offset: How many to skip; with ``after``, how many are before that position.
        after: Where to continue; None begins with the newest row.
    """

    limit: int
    offset: int = 0
    after: Cursor | None = None


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """A page of a list, newest first, and the length of the whole list.

    Args:
        is_bounded: Whether the list is longer than ``total``, because counting stopped there.
        next: Where the next page begins; None at the end of the list.
    """

    rows: Sequence[Row]
    total: int
    limit: int
    offset: int
    is_bounded: bool = False
    next: Cursor | None = None
