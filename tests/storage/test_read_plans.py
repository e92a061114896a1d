"""No read of the API takes longer because a merchant has years of payments.

Every route that reads, with each of its filters, is asked of a database with many rows, and
the statements that it runs are explained with their own parameters. A statement may read the
rows of a page, or as many as a list counts; ``ROWS`` is a multiple of that, so that reading a
merchant's rows is more. A database with a million rows gives the same plans: the planner
compares a part of the rows, and at this size a few of them are already far cheaper than all.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from urllib.parse import urlencode

import pytest
import pytest_asyncio

from paygate.core.limits import COUNTED_ROWS_MAX, FIGURES_SAMPLE_ROWS, LIST_ROWS_MAX
from tests.harness.apps import TestApp, running_app
from tests.harness.databases import Databases
from tests.harness.fakes import Fakes
from tests.harness.many_rows import (
    MERCHANT,
    Statement,
    fill,
    listening,
    plan_of,
    rows_read_by_any_plan,
    steps,
)
from tests.harness.route_table import Route, routes_of

ROWS = 4 * COUNTED_ROWS_MAX
N = f"{ROWS // 2 + 3:016}"
PLACES = {
    "order_id": f"order_{N}",
    "link_id": f"plink_{N}",
    "payment_id": f"pay_{N}",
    "refund_id": f"rfnd_{N}",
    "event_id": f"evt_{N}",
    "delivery_id": f"{int(N):032x}",
    "operation_id": f"op_{N}",
}
LISTS: Mapping[str, tuple[Mapping[str, str], ...]] = {
    "/orders": (
        {},
        {"status": "created"},
        {"status": "paid"},
        {"from": "2020-01-01T00:00:00Z", "to": "2099-01-01T00:00:00Z"},
        {"to": "2020-01-01T00:00:00Z"},
        {"q": f"order_{N}"},
        {"q": "ceipt-771"},
    ),
    "/payment-links": (
        {},
        {"status": "created"},
        {"status": "paid"},
        {"status": "cancelled"},
        {"status": "expired"},
        {"to": "2020-01-01T00:00:00Z"},
    ),
    "/payments": (
        {},
        {"status": "pending"},
        {"status": "authorized"},
        {"status": "failed"},
        {"status": "success"},
        {"status": "cancelled"},
        {"method": "coin"},
        {"method": "upi"},
        {"method": "none"},
        {"method": "upi", "status": "failed"},
        {"order_id": f"order_{N}"},
        {"from": "2020-01-01T00:00:00Z", "to": "2099-01-01T00:00:00Z"},
        {"to": "2020-01-01T00:00:00Z", "status": "success"},
        {"q": f"pay_{N}"},
        {"q": f"order_{N}"},
        {"q": "0042"},
        {"q": "payer77@ba"},
        {"q": "ceipt-771"},
        {"q": "nothing has this"},
    ),
    "/refunds": (
        {},
        {"status": "failed"},
        {"status": "pending"},
        {"status": "processed"},
        {"payment_id": f"pay_{N}"},
        {"to": "2020-01-01T00:00:00Z"},
    ),
    "/events": (
        {},
        {"type": "payment.success"},
        {"type": "webhook.test"},
        {"type": "payment.success,refund.failed,webhook.test"},
        {"type": "nothing"},
        {"payment_id": f"pay_{N}"},
        {"from": "2020-01-01T00:00:00Z", "to": "2099-01-01T00:00:00Z"},
        {"to": "2020-01-01T00:00:00Z", "type": "payment.success"},
        {"to": "2020-01-01T00:00:00Z"},
    ),
    "/webhooks": (
        {},
        {"status": "pending"},
        {"status": "failed"},
        {"status": "success"},
        {"event": "payment.success"},
        {"event": "webhook.test"},
        {"event": "nothing"},
        {"endpoint_id": "df2d5d4c-2f3c-8a2e-5d4e-8ab8d9b6f2e1"},
        {"endpoint_id": MERCHANT, "status": "failed"},
        {"payment_id": f"pay_{N}"},
    ),
    "/audit": (
        {},
        {"action": "key.create"},
        {"action": "refund.create"},
        {"actor": "key_rare"},
        {"actor": "label"},
        {"actor": "nobody"},
        {"subject": "subject-77"},
    ),
}

SAMPLED = """
SELECT histogram_bounds::text LIKE '%payer77@ba%' FROM pg_stats
WHERE tablename = 'payments' AND attname = 'vpa'
"""

# Counts all work that was ever done. It does not exist in production.
TEST_ROUTE = "/api/v1/test/jobs/status"
OTHERS = ("/overview?hours=24", "/overview?hours=720", "/attention?resolved=true")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def large(databases: Databases, new_home: Callable[[], Path]) -> AsyncIterator[TestApp]:
    url = await databases.clone()
    async with running_app(url, new_home(), plugins=Fakes().found()) as app:
        await fill(app, ROWS)
        # A rare row that the planner has sampled counts as one of a hundred.
        while await app.value(SAMPLED):
            await app.rows("ANALYZE payments")
        yield app
    await databases.drop(url)


async def read(app: TestApp, path: str) -> list[Statement]:
    async with listening(app) as statements:
        answer = await app.call("GET", path)
        assert answer.status == 200, answer
    return [each for each in statements if each.sql.lstrip().startswith(("SELECT", "WITH"))]


async def refuse_long_reads(app: TestApp, statement: Statement) -> None:
    # Rows of other statuses between those that are counted.
    rows_max = max(COUNTED_ROWS_MAX, 2 * FIGURES_SAMPLE_ROWS) * 1.1
    if not statement.is_planned_anew:
        assert await rows_read_by_any_plan(app, statement) <= 2 * rows_max, statement
    for step in steps(await plan_of(app, statement)):
        where = f"{step['Node Type']} of {step.get('Index Name') or step.get('Relation Name')}"
        removed = sum(step.get(name, 0) for name in REMOVED)
        read = (step["Actual Rows"] + removed) * step["Actual Loops"]
        assert read <= rows_max, (where, read, statement)
        if "Sort" in step["Node Type"]:
            sorted_rows = step["Plans"][0]["Actual Rows"] * step["Plans"][0]["Actual Loops"]
            limit = LIST_ROWS_MAX if "percentile" not in statement.sql else rows_max
            assert sorted_rows <= limit, (where, sorted_rows, statement)


REMOVED = ("Rows Removed by Filter", "Rows Removed by Index Recheck", "Rows Removed by Join Filter")


@pytest.mark.parametrize(
    ("path", "query"),
    [(path, query) for path, queries in LISTS.items() for query in queries],
    ids=lambda each: each if isinstance(each, str) else urlencode(each) or "all",
)
async def test_a_page_reads_no_more_than_its_rows(
    large: TestApp, path: str, query: Mapping[str, str]
):
    first = f"{path}?{urlencode({'limit': '20', **query})}"
    cursor = (await large.call("GET", first)).json["next_cursor"]
    following = [f"{first}&cursor={cursor}"] if cursor else []

    for url in (first, *following):
        for statement in await read(large, url):
            await refuse_long_reads(large, statement)


def readable(route: Route) -> bool:
    is_json = route.documentation.media_type == "application/json"
    is_ours = route.rule.startswith("/api/") and route.rule != TEST_ROUTE
    return route.method == "GET" and is_json and is_ours and route.documentation.access != "session"


async def test_no_list_statement_scans_a_table(large: TestApp):
    """Every route of the table, and those of figures."""
    paths = [
        route.path(PLACES)
        for route in routes_of(large)
        if readable(route) and {*route.places} <= PLACES.keys()
    ]

    wrong = []
    for path in (*paths, *OTHERS):
        for statement in await read(large, path):
            try:
                await refuse_long_reads(large, statement)
            except AssertionError as error:
                wrong.append(f"{path}: {error}")
    assert wrong == []
