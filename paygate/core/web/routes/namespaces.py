"""Merchants for one test each. Not served in production."""

from __future__ import annotations

from uuid import UUID

from quart import Blueprint, Response

from ...accounts.namespaces import open_namespace, retire_namespace
from ...deps import Deps
from ...errors import NotFoundError
from .. import parse, present
from ..body import body_of_request
from ..errors import json_response
from ..openapi import documented, examples
from ..wire import request_bodies, stories

ABOUT_OPEN = (
    "Makes a merchant with fresh keys, to whom nothing belongs yet: its orders, payments, "
    "webhooks and default scenario are nobody else's. The clock is the server's, and so "
    "everybody's. `api_secret` is shown this once."
)
ABOUT_RETIRE = "Its keys name nobody any more, and no webhook goes out for it."


def blueprint(deps: Deps) -> Blueprint:
    """``/test/namespaces``."""
    routes = Blueprint("testing_namespaces", __name__)

    @routes.post("")
    @documented(
        "Open a namespace for a test",
        stories.Namespace,
        examples.NAMESPACE,
        status=201,
        access="anyone",
        body=request_bodies.NamespaceRequest,
        body_is_optional=True,
        body_examples={"example": examples.NAMESPACE_REQUEST, "nothing in particular": {}},
        about=ABOUT_OPEN,
    )
    async def open_() -> Response:
        command = parse.namespace(await body_of_request())
        return json_response(present.namespace(await open_namespace(command, deps)), 201)

    @routes.delete("/<namespace_id>")
    @documented(
        "Retire a namespace",
        stories.NamespaceRetired,
        examples.NAMESPACE_RETIRED,
        access="anyone",
        about=ABOUT_RETIRE,
        refuses=frozenset({404}),
    )
    async def retire(namespace_id: str) -> Response:
        found = _id(namespace_id)
        await retire_namespace(found, deps)
        return json_response({"id": str(found), "retired": True})

    return routes


def _id(text: str) -> UUID:
    """What is no UUID names no namespace."""
    try:
        return UUID(text)
    except ValueError:
        raise NotFoundError("Namespace") from None
