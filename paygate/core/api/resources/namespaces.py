"""Test merchants, one per test. Not served in production."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import Field
from quart import Blueprint, Response
from typing_extensions import TypedDict

from ...accounts.namespaces import Namespace, OpenNamespace, open_namespace, retire_namespace
from ...errors import NotFoundError
from ..bodies import body_of_request
from ..context import deps_of_app
from ..documented import DELIVERY_ID, MADE_AT, documented
from ..errors import json_response
from ..fields import Body, Text, checked
from ..shapes import At, Uuid, timestamp
from .webhooks import EndpointRequest


class NamespaceRequest(EndpointRequest):
    """Body of ``POST /test/namespaces``; optional."""

    name: Text | None = Field(None, description="for people")
    scenario: Text | None = Field(None, description="default scenario of its payments")


class NamespaceJson(TypedDict):
    """A test merchant."""

    id: Uuid
    name: str
    api_key: str
    api_secret: Annotated[str, Field(description="shown only once")]
    webhook_url: str | None
    webhook_secret: str | None
    scenario: str | None
    created_at: At


class NamespaceRetiredJson(TypedDict):
    """A retired test merchant."""

    id: Uuid
    retired: bool


def parse_namespace(body: Body) -> OpenNamespace:
    """Parse the optional body of ``POST /test/namespaces``."""
    asked = checked(NamespaceRequest, body)
    return OpenNamespace(
        asked.name, asked.webhook_url or None, asked.webhook_secret, asked.scenario
    )


def namespace_to_json(made: Namespace) -> NamespaceJson:
    """Return the response of ``POST /test/namespaces``."""
    merchant = made.merchant
    return {
        "id": str(merchant.id),
        "name": merchant.name,
        "api_key": merchant.api_key,
        "api_secret": made.api_secret,
        "webhook_url": merchant.webhook_url,
        "webhook_secret": made.webhook_secret,
        "scenario": merchant.default_scenario,
        "created_at": timestamp(merchant.created_at),
    }


NAMESPACE_REQUEST_EXAMPLE = {
    "name": "test_a_decline_is_shown",
    "webhook_url": "http://localhost:5000/webhook",
    "scenario": "insufficient_funds",
}
NAMESPACE_EXAMPLE: NamespaceJson = {
    "id": DELIVERY_ID,
    "name": "test_a_decline_is_shown",
    "api_key": "key_ns_5d0f6b9c3a7e41f28b6c9d0e1f2a3b4c",
    "api_secret": "secret_ns_9a8b7c6d5e4f40312213141516171819",
    "webhook_url": "http://localhost:5000/webhook",
    "webhook_secret": "whsec_c2VjcmV0IG9mIGEgbmFtZXNwYWNlIGZvciB0ZXN0cw==",
    "scenario": "insufficient_funds",
    "created_at": MADE_AT,
}
NAMESPACE_RETIRED_EXAMPLE: NamespaceRetiredJson = {"id": DELIVERY_ID, "retired": True}
ABOUT_OPEN = (
    "Creates a merchant with new keys and no data: its orders, payments, "
    "webhooks and default scenario are separate from those of others. The clock is shared by "
    "all merchants of the server. `api_secret` is shown only once."
)
ABOUT_RETIRE = "Its keys are no longer valid, and no webhooks are sent for it."


routes = Blueprint("testing_namespaces", __name__)


@routes.post("")
@documented(
    "Create a test merchant",
    NamespaceJson,
    NAMESPACE_EXAMPLE,
    status=201,
    access="anyone",
    body=NamespaceRequest,
    body_is_optional=True,
    body_examples={"example": NAMESPACE_REQUEST_EXAMPLE, "defaults": {}},
    about=ABOUT_OPEN,
)
async def open_() -> Response:
    deps = deps_of_app()
    command = parse_namespace(await body_of_request())
    return json_response(namespace_to_json(await open_namespace(command, deps)), 201)


@routes.delete("/<namespace_id>")
@documented(
    "Retire a test merchant",
    NamespaceRetiredJson,
    NAMESPACE_RETIRED_EXAMPLE,
    access="anyone",
    about=ABOUT_RETIRE,
    refuses=frozenset({404}),
)
async def retire(namespace_id: str) -> Response:
    deps = deps_of_app()
    found = _id(namespace_id)
    await retire_namespace(found, deps)
    return json_response({"id": str(found), "retired": True})


def _id(text: str) -> UUID:
    """Parse the id; an invalid UUID is not found."""
    try:
        return UUID(text)
    except ValueError:
        raise NotFoundError("Namespace") from None
