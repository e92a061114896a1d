"""The pair that stands on the merchant, and keys beside it."""

from __future__ import annotations

from quart import Blueprint, Response

from ...accounts.api_keys import (
    create_key,
    revoke_key,
    revoke_key_pair,
    rotate_key_pair,
    show_key_pair,
)
from ...accounts.model import Role
from ...deps import Deps
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
        audit=Audited("key.create", shows=("label", "role", "expires_at")),
        body=wire.KeyRequest,
        body_examples={"example": examples.KEY_REQUEST},
        about="The secret is shown this once and replayed by no Idempotency-Key. A key may do "
        "no more than whoever makes it, and ends with the user who made it. One that a key makes "
        "ends no later than that key.",
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
        about="The next request with it is refused. It takes the role that the key has.",
    )
    async def revoke(key_id: str) -> Response:
        caller = await caller_of_request(deps)

        async def do(bound: Deps) -> tuple[object, int]:
            named = parse.uuid(key_id, "API key")
            return present.key(await revoke_key(caller, named, bound)), 200

        return await changed(deps, do)

    _key_pair(routes, deps)
    return routes


def _key_pair(routes: Blueprint, deps: Deps) -> None:
    """``/keys/root``: the pair that every merchant begins with."""

    @routes.get("/keys/root")
    @documented("Show the merchant's own key pair", wire.KeyPair, examples.KEY_PAIR)
    async def show_pair() -> Response:
        caller = await caller_of_request(deps)
        return json_response(present.key_pair(await show_key_pair(caller.merchant.id, deps)))

    @routes.post("/keys/root/rotate")
    @documented(
        "Rotate the merchant's own secret",
        wire.KeyPairRotated,
        examples.KEY_PAIR_ROTATED,
        needs=Role.OWNER,
        audit=Audited("key_pair.rotate", shows=("grace_seconds",)),
        body=wire.RotateKeyRequest,
        body_is_optional=True,
        body_examples={"a day's grace": {"grace_seconds": 86_400}, "leaked": {"grace_seconds": 0}},
        about="The public half stays. The secret is shown this once and replayed by no "
        "Idempotency-Key. A revoked pair works again, with the new secret only.",
    )
    async def rotate_pair() -> Response:
        caller = await caller_of_request(deps)
        body = await body_of_request()

        async def do(bound: Deps) -> tuple[object, int]:
            rotated = await rotate_key_pair(caller.merchant.id, parse.grace(body), bound)
            return present.key_pair_rotated(rotated), 200

        return await changed(deps, do)

    @routes.delete("/keys/root")
    @documented(
        "Revoke the merchant's own key pair",
        wire.KeyPair,
        examples.KEY_PAIR_REVOKED,
        needs=Role.OWNER,
        audit=Audited("key_pair.revoke"),
        about="The next request with it is refused. Further keys and people go on. Where there "
        "are none, `paygate merchant rotate-key` makes a new secret.",
    )
    async def revoke_pair() -> Response:
        caller = await caller_of_request(deps)

        async def do(bound: Deps) -> tuple[object, int]:
            return present.key_pair(await revoke_key_pair(caller.merchant.id, bound)), 200

        return await changed(deps, do)
