"""The generator of the client libraries, with a document that has more than today's."""

from __future__ import annotations

import copy
import tomllib
from typing import Any

import pytest

from sdk.generator.document import TABLE, contents_of, read_document
from sdk.generator.python_code import models_code, resources_code
from sdk.generator.typescript_code import typescript_code

WAIT = {
    "in": "query",
    "name": "wait",
    "schema": {"type": "integer", "description": "seconds to wait for the outcome"},
}


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return read_document()


@pytest.fixture
def table() -> dict[str, Any]:
    return tomllib.loads(TABLE.read_text())


def test_a_new_parameter_needs_no_change_here(document: dict[str, Any], table: dict[str, Any]):
    newer = copy.deepcopy(document)
    newer["paths"]["/api/v1/payments"]["post"]["parameters"].append(WAIT)
    newer["paths"]["/api/v1/payments/{payment_id}"]["get"]["parameters"].append(WAIT)

    contents = contents_of(table, newer)
    python = resources_code(contents, is_async=False)
    node = typescript_code(contents)

    assert "def get(self, payment_id: str, *, wait: int | None = None) -> models.Payment:" in python
    assert python.count("wait: Seconds to wait for the outcome.") == 2
    assert 'query={"wait": wait},' in python
    assert "get(paymentId: string, query: ShowPaymentQuery = {}): Promise<Payment> {" in node
    assert "options: KeyedOptions & CreatePaymentQuery = {}" in node
    assert "query: { wait: options.wait }," in node


def test_a_new_operation_is_one_line(document: dict[str, Any], table: dict[str, Any]):
    table["payments"]["methods"]["totals"] = "showPaymentTotals"

    contents = contents_of(table, document)

    assert "async def totals(self) -> models.Totals:" in resources_code(contents, is_async=True)
    assert "class Totals(Model):" in models_code(contents)
    assert "totals(): Promise<Totals> {" in typescript_code(contents)


def test_an_unknown_operation_is_refused(document: dict[str, Any], table: dict[str, Any]):
    table["payments"]["methods"]["teleport"] = "teleportPayment"

    with pytest.raises(KeyError, match="teleportPayment"):
        contents_of(table, document)
