"""The generator of the client libraries, with a document that has more than today's."""

from __future__ import annotations

import copy
import tomllib
from typing import Any

import pytest

from sdk.generator.document import TABLE, contents_of, read_document
from sdk.generator.python_code import models_code, resources_code
from sdk.generator.typescript_code import typescript_code

DEPTH = {
    "in": "query",
    "name": "depth",
    "schema": {"type": "integer", "description": "how much of it to show"},
}


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return read_document()


@pytest.fixture
def table() -> dict[str, Any]:
    return tomllib.loads(TABLE.read_text())


def test_a_new_parameter_needs_no_change_here(document: dict[str, Any], table: dict[str, Any]):
    newer = copy.deepcopy(document)
    newer["paths"]["/api/v1/payments"]["post"]["parameters"].append(DEPTH)
    newer["paths"]["/api/v1/refunds/{refund_id}"]["get"]["parameters"].append(DEPTH)

    contents = contents_of(table, newer)
    python = resources_code(contents, is_async=False)
    node = typescript_code(contents)

    assert "def get(self, refund_id: str, *, depth: int | None = None) -> models.Refund:" in python
    assert python.count("depth: How much of it to show.") == 2
    assert 'query={"depth": depth}' in python
    assert "get(refundId: string, query: ShowRefundQuery = {}): Promise<Refund> {" in node
    assert "options: KeyedOptions & CreatePaymentQuery = {}" in node
    assert "query: { wait: options.wait, depth: options.depth }," in node


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
