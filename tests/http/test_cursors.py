"""Lists that are read page by page, each continuing after the one before."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest

from tests.harness.apps import TestApp

LISTS = ("/orders", "/payment-links", "/payments", "/refunds", "/events", "/webhooks", "/audit")


async def pages(app: TestApp, path: str, limit: int = 2, **query: str) -> AsyncIterator[Any]:
    """Read every page of a list."""
    cursor: str | None = ""
    while cursor is not None:
        given = {"limit": str(limit), "cursor": cursor, **query}
        answer = await app.call("GET", path, query_string=given)
        assert answer.status == 200, answer
        yield answer.json
        cursor = answer.json["next_cursor"]


async def rows_of_every_list(app: TestApp) -> None:
    """Create rows in every list; with a stopped clock they have the same time."""
    await app.webhook_url()
    async with app.working():
        for _ in range(3):
            link = await app.call("POST", "/payment-links", json={"amount": 50_000})
            payment = await app.paid(order_id=link.json["order_id"])
            await app.until(payment, "success")
            for _ in range(2):
                body = {"payment_id": payment, "amount": 100}
                answer = await app.call("POST", "/refunds", json=body)
                assert answer.status == 201, answer


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("is_stopped", [False, True], ids=["running clock", "stopped clock"])
async def test_pages_by_cursor_are_those_by_offset(app: TestApp, path: str, is_stopped: bool):
    if is_stopped:
        await app.call("POST", "/test/clock/set", json={"at": "2040-01-01T00:00:00Z"})
    await rows_of_every_list(app)
    whole = (await app.call("GET", f"{path}?limit=100")).json

    walked = [page async for page in pages(app, path)]

    assert [row for page in walked for row in page["data"]] == whole["data"]
    assert len(whole["data"]) >= 3
    assert whole["next_cursor"] is None
    assert {page["total"] for page in walked} == {whole["total"]}
    assert [page["offset"] for page in walked] == list(range(0, whole["total"], 2))
    by_offset = (await app.call("GET", f"{path}?limit=2&offset=2")).json
    assert by_offset["data"] == walked[1]["data"]
    assert by_offset["next_cursor"] == walked[1]["next_cursor"]


async def test_new_rows_neither_repeat_nor_hide_the_others(app: TestApp):
    before = [await app.paid() for _ in range(5)]
    seen = []

    async for page in pages(app, "/payments"):
        seen += [row["id"] for row in page["data"]]
        await app.paid()

    assert seen == before[::-1]


async def test_a_cursor_continues_a_filtered_list(app: TestApp):
    payments = [await app.paid() for _ in range(6)]
    move = "UPDATE payments SET status = $2, version = version + 1 WHERE id = $1"
    for payment in payments[::2]:
        await app.rows(move, payment, "processing")
    await app.rows(move, payments[5], "failed")

    walked = [page async for page in pages(app, "/payments", status="pending")]

    assert [row["id"] for page in walked for row in page["data"]] == payments[4::-1]
    assert {page["total"] for page in walked} == {5}


async def test_another_merchants_rows_stay_hidden_behind_a_cursor(app: TestApp):
    first, second = [await app.paid() for _ in range(2)]
    page = (await app.call("GET", "/payments?limit=1")).json
    await app.rows("UPDATE payments SET merchant_id = $2 WHERE id = $1", first, uuid4())

    rest = await app.call("GET", f"/payments?cursor={page['next_cursor']}")

    assert [row["id"] for row in page["data"]] == [second]
    assert rest.json["data"] == []
    assert rest.json["next_cursor"] is None


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("cursor", ["x", "0", "%00", "%ED%A0%80", "W10", "." * 513])
async def test_a_forged_cursor_names_the_field(app: TestApp, path: str, cursor: str):
    answer = await app.call("GET", f"{path}?cursor={cursor}")

    assert (answer.status, answer.json["error"]["field"]) == (400, "cursor")


async def test_a_cursor_of_another_list_is_refused(app: TestApp):
    for _ in range(2):
        await app.paid()
    cursor = (await app.call("GET", "/payments?limit=1")).json["next_cursor"]

    answer = await app.call("GET", f"/orders?cursor={cursor}")
    both = await app.call("GET", f"/payments?cursor={cursor}&offset=1")

    assert (answer.status, answer.json["error"]["field"]) == (400, "cursor")
    assert (both.status, both.json["error"]["field"]) == (400, "offset")
