"""The document and the routes agree, both ways."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from paygate.core.api.openapi_webhooks import SUMMARIES
from paygate.core.event import EventType
from tests.harness.apps import KEYS, TestApp

# Pages and files for people and browsers; the document is about programs.
# Pages, and what another gateway documents.
PAGES = {"metrics", "checkout", "dashboard", "docs", "simulator", "wire"}


STREAM = "text/event-stream"


async def served(app: TestApp, path: str = "/openapi.json") -> Any:
    return await (await app.client.get(path)).get_json()


def operations(document: Any) -> list[tuple[str, str, Any]]:
    return [
        (method.upper(), path, operation)
        for path, item in document["paths"].items()
        for method, operation in item.items()
    ]


async def test_it_is_an_openapi_document(app: TestApp):
    OpenAPIV31SpecValidator(await served(app)).validate()


async def test_every_route_is_in_it(app: TestApp):
    missing = [
        f"{method} {rule.rule}"
        for rule in app.contract.app.url_map.iter_rules()
        for method in rule.methods - {"HEAD", "OPTIONS"}
        if not (_is_page(rule.endpoint) and not rule.rule.startswith("/api"))
        and app.contract.operation(method, _example_of(rule))[1] is None
    ]

    assert missing == []


def _is_page(endpoint: str) -> bool:
    return endpoint.removeprefix("dialects_bare_").partition(".")[0].partition("_")[0] in PAGES


def _example_of(rule: Any) -> str:
    adapter = rule.map.bind("localhost")
    return str(
        adapter.build(rule.endpoint, dict.fromkeys(rule.arguments, "x"), force_external=False)
    )


async def test_everything_in_it_is_served(app: TestApp):
    for method, path, operation in operations(await served(app)):
        if any(STREAM in answer.get("content", {}) for answer in operation["responses"].values()):
            # It answers for as long as one listens; tests of its own do.
            continue
        concrete = path.replace("{", "").replace("}", "")
        response = await app.client.open(concrete, method=method, headers=KEYS)
        body = await response.get_json()

        assert response.status_code != 405, (method, path)
        assert (
            body.get("error", {}).get("description") != "Route not found"
            if isinstance(body, dict)
            else True
        ), (method, path)


async def test_every_documented_example_is_valid(app: TestApp):
    for method, path, operation in operations(await served(app)):
        (good,) = [answer for status, answer in operation["responses"].items() if status < "300"]
        for content in good.get("content", {}).values():
            for example in content["examples"].values():
                app.contract.validator(content["schema"]).validate(example["value"])
        if "requestBody" in operation and method != "GET":
            asked = operation["requestBody"]["content"]["application/json"]
            if "/payments" in path and "order_id" in str(asked["examples"]):
                # Shown with the methods that come with paygate; here another is installed.
                continue
            assert asked["examples"], (method, path)
            for example in asked["examples"].values():
                app.contract.validator(asked["schema"]).validate(example["value"])


async def test_aliases_are_in_a_document_of_their_own(app: TestApp):
    own = await served(app)
    aliases = await served(app, "/openapi/aliases.json")
    theirs, ours = named(aliases), named(own)
    assert {("PUT", "/api/v1/merchant/webhook"), ("GET", "/orders")} <= theirs
    assert {("PATCH", "/api/v1/merchant/webhook"), ("GET", "/api/v1/orders")} <= ours
    assert theirs.isdisjoint(ours)
    assert theirs | ours == named(app.contract.document)


def named(document: Any) -> set[tuple[str, str]]:
    return {(method, path) for method, path, _ in operations(document)}


async def test_every_event_has_a_webhook_with_a_valid_example(app: TestApp):
    document = await served(app)

    assert list(document["webhooks"]) == list(EventType)
    for type, item in document["webhooks"].items():
        body = item["post"]["requestBody"]["content"]["application/json"]
        example = body["examples"]["example"]["value"]
        app.contract.validator(body["schema"]).validate(example)
        assert not app.contract.validator(body["schema"]).is_valid({**example, "event": "other"})
        assert (example["event"], item["post"]["summary"]) == (type, SUMMARIES[type])


async def test_stored_events_match_the_schemas_of_their_webhooks(app: TestApp):
    await app.webhook_url("http://127.0.0.1:9/hook")
    await app.paid()
    webhooks = (await served(app))["webhooks"]
    stored = await app.rows("SELECT type, payload::text AS body FROM events")

    assert stored
    for row in stored:
        body = webhooks[row["type"]]["post"]["requestBody"]["content"]["application/json"]
        app.contract.validator(body["schema"]).validate(json.loads(row["body"]))


async def test_schemas_have_distinct_titles_and_defaults_are_not_required(app: TestApp):
    document = await served(app)
    schemas = document["components"]["schemas"]
    titles = [schema["title"] for schema in schemas.values()]
    asked = [
        operation["requestBody"]["content"]["application/json"]["schema"]
        for _, _, operation in operations(document)
        if "requestBody" in operation
    ]
    bodies = [schemas[each["$ref"].rpartition("/")[2]] for each in asked if "$ref" in each]

    assert titles == list(schemas)
    assert {"PaymentPage", "CaptureRequest"} <= set(titles)
    assert [each["title"] for each in bodies if "default" in str(each)]
    for schema in bodies:
        fields = schema["properties"]
        assert not {name for name in schema.get("required", ()) if "default" in fields[name]}
        assert not {name for name, field in fields.items() if "title" in field}


async def test_names_of_operations_are_unique(app: TestApp):
    names = [operation["operationId"] for _, _, operation in operations(await served(app))]

    assert len(names) == len(set(names))


async def test_a_method_that_is_installed_is_described(app: TestApp):
    document = await served(app)
    asked = document["paths"]["/api/v1/payments"]["post"]["requestBody"]["content"]
    (coin,) = asked["application/json"]["schema"]["oneOf"]

    assert coin["properties"]["method"] == {"const": "coin", "type": "string"}
    assert {"coin", "secret", "order_id"} <= set(coin["properties"])


async def test_the_checker_refuses_undocumented_responses(app: TestApp):
    with pytest.raises(AssertionError, match="not documented"):
        app.contract.check("GET", "/health", 418, {})
    with pytest.raises(Exception, match="'status' is a required property"):
        app.contract.check("GET", "/health", 200, {})


async def test_the_reference_loads_its_scripts_from_here(app: TestApp):
    response = await app.client.get("/docs/api")
    page = (await response.get_data()).decode()
    scripts = re.findall(r'<script src="([^"]+)"', page)
    loaded = [await app.client.get(script) for script in scripts]
    unknown = await app.client.get("/docs/reference/index.html")

    assert response.status_code == 200
    assert "default-src 'none'; script-src 'self'" in response.headers["Content-Security-Policy"]
    assert [each.status_code for each in loaded] == [200, 200]
    assert {each.headers["Content-Type"] for each in loaded} == {"text/javascript; charset=utf-8"}
    assert unknown.status_code == 404


async def test_operation_ids_are_readable(app: TestApp):
    written = await served(app)
    own = {
        (method, path): operation["operationId"] for method, path, operation in operations(written)
    }

    assert own["POST", "/api/v1/payments"] == "createPayment"
    assert own["GET", "/api/v1/payments"] == "listPayments"
    assert all(re.fullmatch("[a-z]+([A-Z][a-z]*)*", name) for name in own.values()), own
    # Chosen where the summary gives no good name, and for a second route of a function.
    assert own["POST", "/api/v1/refunds"] == "createRefund"
    assert own["PUT", "/api/v1/webhooks"] == "replaceDefaultEndpoint"
    assert own["POST", "/api/v1/webhooks/test"] == "sendTestWebhook"
