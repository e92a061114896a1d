"""Keys beside the pair that stands on the merchant."""

from __future__ import annotations

from quart import Blueprint, Response

from ...domain.role import Role
from ...services.api_keys import create_key, revoke_key
from ...services.deps import Deps
from .. import parse
from ..auth import caller_of_request
from ..body import body_of_request
from ..errors import json_response
from ..idempotency import changed
from ..openapi import Audited, documented
from ..openapi import account_examples as examples
from ..present import accounts as present
from ..wire import accounts as wire


def blueprint(deps: Deps) -> Blueprint:
    """``/keys``."""
    routes = Blueprint("keys", __name__)

    @routes.get("/keys")
    @documented("List API keys", wire.Keys, examples.KEYS)
    async def index() -> Response:
        caller = await caller_of_request(deps)
        keys = await deps.storage.api_keys.of_merchant(caller.merchant.id)
        return json_response({"data": [present.key(key) for key in keys]})

    @routes.post("/keys")
    @documented(
        "Make an API key",
        wire.KeyCreated,
        examples.KEY_CREATED,
        status=201,
        needs=Role.DEVELOPER,
        audit=Audited("key.create", shows=("label", "role")),
        body=wire.KeyRequest,
        body_examples={"example": examples.KEY_REQUEST},
        about="The secret is shown this once and replayed by no Idempotency-Key. A key may do "
        "no more than whoever makes it.",
    )
    async def create() -> Response:
        caller = await caller_of_request(deps)
        body = await body_of_request()

        async def do(bound: Deps) -> tuple[object, int]:
            return present.key_created(await create_key(parse.key(body, caller), bound)), 201

        return await changed(deps, do)

    @routes.delete("/keys/<key_id>")
    @documented(
        "Revoke an API key",
        wire.Key,
        {**examples.KEY, "revoked_at": "2026-01-15T10:31:06.482Z"},
        needs=Role.DEVELOPER,
        audit=Audited("key.revoke"),
        about="The next request with it is refused.",
    )
    async def revoke(key_id: str) -> Response:
        caller = await caller_of_request(deps)

        async def do(bound: Deps) -> tuple[object, int]:
            named = parse.uuid(key_id, "API key")
            return present.key(await revoke_key(caller, named, bound)), 200

        return await changed(deps, do)

    return routes
