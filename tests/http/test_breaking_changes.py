"""A client of the last released API still works with this one."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.harness.breaking_changes import (
    BASELINE,
    breaking_changes,
    current_document,
)

PAYMENTS = "/api/v1/payments"


@pytest.fixture(scope="module")
def document() -> Any:
    return current_document()


def test_nothing_that_was_released_is_broken(document: Any):
    assert breaking_changes(json.loads(BASELINE.read_text()), document) == []


def schema(document: Any, name: str) -> Any:
    return document["components"]["schemas"][name]


def created(document: Any) -> Any:
    return document["paths"]["/api/v1/orders"]["post"]


BREAKS: dict[str, tuple[Callable[[Any], object], str]] = {
    "path": (
        lambda new: new["paths"].pop("/api/v1/refunds/{refund_id}"),
        "/api/v1/refunds/{refund_id} was removed.",
    ),
    "operation": (
        lambda new: new["paths"][PAYMENTS].pop("post"),
        "POST /api/v1/payments was removed.",
    ),
    "operation id": (
        lambda new: created(new).update(operationId="makeOrder"),
        "The operationId of POST /api/v1/orders was changed from createOrder to makeOrder.",
    ),
    "parameter": (
        lambda new: new["paths"][PAYMENTS]["get"].update(parameters=[]),
        "The parameter status of GET /api/v1/payments was removed.",
    ),
    "required parameter": (
        lambda new: created(new)["parameters"][0].update(required=True),
        "The parameter Idempotency-Key of POST /api/v1/orders is newly required.",
    ),
    "response field": (
        lambda new: schema(new, "Refund")["properties"].pop("reason"),
        "The field reason of Refund was removed.",
    ),
    "response field that may be missing": (
        lambda new: schema(new, "Refund")["required"].remove("reason"),
        "The field reason of Refund may be missing now.",
    ),
    "required request field": (
        lambda new: schema(new, "OrderRequest")["required"].append("receipt"),
        "The field receipt of OrderRequest is newly required.",
    ),
    "request field": (
        lambda new: schema(new, "RefundRequest")["properties"].pop("reason"),
        "The field reason of RefundRequest was removed.",
    ),
    "enum": (
        lambda new: schema(new, "Refund")["properties"]["status"]["enum"].remove("failed"),
        "Refund.status no longer has the value failed.",
    ),
    "type of a response": (
        lambda new: schema(new, "Order")["properties"]["amount"].update(type="string"),
        "The type of Order.amount was integer and is string.",
    ),
    "type of a request": (
        lambda new: schema(new, "RefundRequest")["properties"]["amount"].update(type="string"),
        "The type of RefundRequest.amount was integer and is string.",
    ),
    "response that may be null": (
        lambda new: schema(new, "Order")["properties"]["amount"].update(type=["integer", "null"]),
        "Order.amount may be null now.",
    ),
    "request that may not be null": (
        lambda new: schema(new, "RefundRequest")["properties"]["reason"]["anyOf"].pop(),
        "RefundRequest.reason may no longer be null.",
    ),
    "webhook": (
        lambda new: new["webhooks"].pop("payment.success"),
        "payment.success was removed.",
    ),
    "field of a webhook": (
        lambda new: schema(new, "PaymentEventData")["properties"].pop("paymentId"),
        "The field paymentId of PaymentEventData was removed.",
    ),
}


@pytest.mark.parametrize("name", BREAKS)
def test_a_break_is_named(document: Any, name: str):
    break_it, sentence = BREAKS[name]
    newer = copy.deepcopy(document)
    break_it(newer)

    assert sentence in breaking_changes(document, newer)


def test_additions_are_no_breaks(document: Any):
    newer = copy.deepcopy(document)
    text = {"type": "string"}
    newer["paths"]["/api/v1/new"] = {"get": copy.deepcopy(newer["paths"][PAYMENTS]["get"])}
    newer["webhooks"]["payment.new"] = newer["webhooks"]["payment.success"]
    created(newer)["parameters"].append({"in": "query", "name": "depth", "schema": text})
    schema(newer, "Refund")["properties"]["further"] = text
    schema(newer, "Refund")["required"].append("further")
    schema(newer, "Refund")["properties"]["status"]["enum"].append("returned")
    schema(newer, "OrderRequest")["properties"]["further"] = text

    assert newer != document
    assert breaking_changes(document, newer) == []
