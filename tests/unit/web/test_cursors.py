"""Cursors of lists: what was sent is read again, and nothing else is accepted."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paygate.core.api.cursors import INTEGER_MAX, cursor_to_text, parse_cursor
from paygate.core.errors import InvalidInputError
from paygate.core.limits import COUNTED_ROWS_MAX
from paygate.core.paging import (
    AUDIT_LIST,
    DELIVERY_LIST,
    LISTS,
    ORDER_LIST,
    PAYMENT_LIST,
    Cursor,
    SortedList,
)

AT = datetime(2026, 1, 15, 10, 31, 6, 482_193, tzinfo=UTC)


def packed(content: object) -> str:
    return urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()


@pytest.mark.parametrize(
    ("of", "keys"),
    [
        (PAYMENT_LIST, (AT, "pay_H8sK3jD9s2L1pQrT")),
        (ORDER_LIST, (AT - timedelta(days=700_000), "order:of-a.client_")),
        (DELIVERY_LIST, (AT, 3, UUID(int=7))),
        (AUDIT_LIST, (INTEGER_MAX,)),
    ],
)
def test_a_cursor_is_read_as_it_was_sent(of: SortedList, keys: tuple[object, ...]):
    cursor = Cursor(of, keys, offset=40, total=COUNTED_ROWS_MAX, is_bounded=True)

    assert parse_cursor(cursor_to_text(cursor), of) == cursor


@pytest.mark.parametrize(
    "content",
    [
        None,
        [],
        {},
        ["orders", 1, 1, False, [1, "pay_x"]],
        ["payments", 1, 1, False, []],
        ["payments", 1, 1, False, [1]],
        ["payments", 1, 1, False, [1, "x", "y"]],
        ["payments", 1, 1, False, ["1", "x"]],
        ["payments", 1, 1, False, [1, 2]],
        ["payments", 1, 1, False, [1.5, "x"]],
        ["payments", 1, 1, False, [True, "x"]],
        ["payments", 1, 1, False, [10**17 * 9, "x"]],
        ["payments", 1, 1, False, [10**300, "x"]],
        ["payments", 1, 1, False, [1, "a\0b"]],
        ["payments", 1, 1, False, [1, "\ud800"]],
        ["payments", 1, 1, False, [1, "x" * 65]],
        ["payments", -1, 1, False, [1, "x"]],
        ["payments", 2**63, 1, False, [1, "x"]],
        ["payments", 1, COUNTED_ROWS_MAX + 1, False, [1, "x"]],
        ["payments", 1, 1, "yes", [1, "x"]],
    ],
)
def test_a_cursor_with_wrong_values_is_refused(content: object):
    with pytest.raises(InvalidInputError) as caught:
        parse_cursor(packed(content), PAYMENT_LIST)

    assert caught.value.field == "cursor"
    assert "a page of payments" in str(caught.value)


@pytest.mark.parametrize(
    "text", ["x", "====", "W10", "é", "\0", "[" * 400, "a b", "WyJwYXltZW50cyJd"]
)
def test_an_invalid_cursor_text_is_refused(text: str):
    with pytest.raises(InvalidInputError):
        parse_cursor(text, PAYMENT_LIST)


@given(st.binary(max_size=300), st.sampled_from(LISTS))
def test_any_text_is_a_cursor_or_an_input_error(content: bytes, of: SortedList):
    with pytest.raises(InvalidInputError):
        parse_cursor(urlsafe_b64encode(content).decode(), of)
