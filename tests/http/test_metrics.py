"""The metrics: what is counted, and who may read it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from paygate.core.api.app import create_app
from tests.harness.apps import TestApp

DOCS = Path(__file__).parents[2] / "docs"
Samples = Mapping[tuple[str, frozenset[tuple[str, str]]], float]


async def read(app: TestApp, **headers: str) -> tuple[int, str]:
    answer = await app.client.get("/metrics", headers=headers)
    return answer.status_code, (await answer.get_data()).decode()


def samples(text: str) -> Samples:
    return {
        (each.name, frozenset(each.labels.items())): each.value
        for family in text_string_to_metric_families(text)
        for each in family.samples
    }


def value(found: Samples, name: str, **labels: str) -> float:
    return found[name, frozenset(labels.items())]


async def test_a_paid_payment_is_counted_from_the_request_to_its_result(app: TestApp):
    async with app.working():
        payment_id = await app.paid()
        await app.until(payment_id, "success")
        status, text = await read(app)
    found = samples(text)

    assert status == 200
    counted = {"method": "POST", "route": "/api/v1/payments", "status": "201"}
    assert value(found, "paygate_http_requests_total", **counted) == 1
    del counted["status"]
    assert value(found, "paygate_http_request_duration_seconds_count", **counted) == 1
    results = [
        count
        for (name, labels), count in found.items()
        if name == "paygate_operation_results_total"
        and {("kind", "charge"), ("outcome", "Approved")} <= labels
    ]
    assert results == [1]
    assert value(found, "paygate_database_up") == 1
    assert value(found, "paygate_oldest_due_age_seconds", queue="payments") == 0


async def test_no_label_has_text_of_a_request(app: TestApp):
    await app.client.open("/unknown-canary", method="CANARY")
    await app.call("GET", "/orders/order_canary")
    _, text = await read(app)

    assert "canary" not in text.lower()
    absent = {"method": "other", "route": "none", "status": "404"}
    assert value(samples(text), "paygate_http_requests_total", **absent) == 1


async def test_with_a_token_only_its_holder_reads_the_metrics(app: TestApp):
    settings: Any = replace(app.app.web, metrics_token="t0ken")
    client = create_app(app.app.deps, settings).test_client()

    answers = [
        (await client.get("/metrics", headers=headers)).status_code
        for headers in ({}, {"Authorization": "Bearer other"}, {"Authorization": "Bearer t0ken"})
    ]

    assert answers == [401, 401, 200]


async def test_production_without_a_token_has_no_metrics(app: TestApp):
    settings = app.app.settings.model_copy(update={"environment": "production"})

    assert not settings.serves_metrics
    web = create_app(app.app.deps, replace(app.app.web, with_metrics=False))
    assert (await web.test_client().get("/metrics")).status_code == 404


async def test_the_page_lists_every_metric(app: TestApp):
    _, text = await read(app)
    shown = set(re.findall(r"^# HELP (\w+)", text, re.MULTILINE))
    listed = set(
        re.findall(r"^\| `(paygate_\w+)`", (DOCS / "how-to/watch.md").read_text(), re.MULTILINE)
    )

    assert {name for name in shown if not name.endswith("_created")} == listed
