"""API keys."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated

from pydantic import BeforeValidator, Field
from quart import Blueprint, Response
from typing_extensions import TypedDict

from ...accounts.api_keys import (
    CreateKey,
    NewKey,
    RotatedPair,
    create_key,
    revoke_key,
    revoke_key_pair,
    rotate_key_pair,
    show_key_pair,
)
from ...accounts.model import ApiKey, Caller, KeyPair, Role
from ...deps import Deps
from ...limits import KEY_GRACE_DEFAULT, KEY_GRACE_MAX, KEY_LABEL_CHARS_MAX
from ..auth import caller_of_request
from ..bodies import body_of_request
from ..context import deps_of_app
from ..documented import KEY_ID, MADE_AT, PAID_AT, SECRET, USER_ID, Audited, documented
from ..errors import json_response
from ..fields import Body, Request, RoleName, checked, optional_time, parse_uuid
from ..idempotency import changed
from ..shapes import At, Uuid, maybe_timestamp, timestamp


class KeyRequest(Request):
    """Body of ``POST /keys``."""

    label: Annotated[str, Field(min_length=1, max_length=KEY_LABEL_CHARS_MAX)]
    role: RoleName = Role.DEVELOPER
    expires_at: Annotated[datetime | None, BeforeValidator(optional_time)] = Field(
        None, description="when the key expires, in real time; default: never"
    )


class RotateKeyRequest(Request):
    """Body of ``POST /keys/root/rotate``."""

    grace_seconds: int = Field(
        int(KEY_GRACE_DEFAULT.total_seconds()),
        ge=0,
        le=int(KEY_GRACE_MAX.total_seconds()),
        description="how long the previous secret stays valid; 0 ends it at once",
    )


class KeyJson(TypedDict):
    """A further key beside the merchant's key pair."""

    id: Uuid
    label: str
    key: Annotated[str, Field(examples=["key_Xk29dLm3Q8sT1vZa"])]
    secret_last4: str
    role: Role
    created_at: At
    last_used_at: At | None
    revoked_at: At | None
    expires_at: At | None
    created_by: Annotated[Uuid | None, Field(description="the user it ends with; null for none")]


class KeyCreatedJson(KeyJson):
    """A new key and its secret, which is shown only once."""

    secret: str


class KeyPairJson(TypedDict):
    """The merchant's key pair."""

    key: Annotated[str, Field(examples=["key_Xk29dLm3Q8sT1vZa"])]
    revoked_at: At | None
    previous_secret_until: Annotated[
        At | None, Field(description="until then the previous secret is valid too")
    ]


class KeyPairRotatedJson(KeyPairJson):
    """The key pair and its new secret, which is shown only once."""

    secret: str


class KeysJson(TypedDict):
    """A merchant's keys, the newest first."""

    data: list[KeyJson]


def parse_key(body: Body, caller: Caller) -> CreateKey:
    """Parse the body of ``POST /keys``."""
    asked = checked(KeyRequest, body)
    return CreateKey(caller, asked.label, asked.role, asked.expires_at)


def parse_grace(body: Body) -> timedelta:
    """Parse the grace period of ``POST /keys/root/rotate``."""
    return timedelta(seconds=checked(RotateKeyRequest, body).grace_seconds)


def key_to_json(key: ApiKey) -> KeyJson:
    """Return a key, without its secret."""
    return {
        "id": str(key.id),
        "label": key.label,
        "key": key.key,
        "secret_last4": key.secret_last4,
        "role": key.role,
        "created_at": timestamp(key.created_at),
        "last_used_at": maybe_timestamp(key.last_used_at),
        "revoked_at": maybe_timestamp(key.revoked_at),
        "expires_at": maybe_timestamp(key.expires_at),
        "created_by": None if key.created_by is None else str(key.created_by),
    }


def key_created_to_json(made: NewKey) -> KeyCreatedJson:
    """Return a key with its secret."""
    return {**key_to_json(made.key), "secret": made.secret}


def key_pair_to_json(pair: KeyPair) -> KeyPairJson:
    """Return the merchant's key pair, without its secret."""
    return {
        "key": pair.key,
        "revoked_at": maybe_timestamp(pair.revoked_at),
        "previous_secret_until": maybe_timestamp(pair.previous_until),
    }


def key_pair_rotated_to_json(rotated: RotatedPair) -> KeyPairRotatedJson:
    """Return the merchant's key pair with its new secret."""
    return {**key_pair_to_json(rotated.pair), "secret": rotated.secret}


KEY_EXAMPLE: KeyJson = {
    "id": KEY_ID,
    "label": "shop",
    "key": "key_Xk29dLm3Q8sT1vZa",
    "secret_last4": SECRET[-4:],
    "role": Role.DEVELOPER,
    "created_at": MADE_AT,
    "last_used_at": PAID_AT,
    "revoked_at": None,
    "expires_at": None,
    "created_by": USER_ID,
}
KEY_REQUEST_EXAMPLE = {"label": "shop", "role": "developer"}
KEY_CREATED_EXAMPLE: KeyCreatedJson = {**KEY_EXAMPLE, "last_used_at": None, "secret": SECRET}
KEY_PAIR_EXAMPLE: KeyPairJson = {
    "key": "key_Xk29dLm3Q8sT1vZa",
    "revoked_at": None,
    "previous_secret_until": None,
}
KEY_PAIR_REVOKED_EXAMPLE: KeyPairJson = {**KEY_PAIR_EXAMPLE, "revoked_at": PAID_AT}
KEY_PAIR_ROTATED_EXAMPLE: KeyPairRotatedJson = {
    **KEY_PAIR_EXAMPLE,
    "previous_secret_until": "2026-01-16T10:30:00.000Z",
    "secret": SECRET,
}
KEYS_EXAMPLE: KeysJson = {"data": [KEY_EXAMPLE]}


routes = Blueprint("keys", __name__)


@routes.get("/keys")
@documented("List API keys", KeysJson, KEYS_EXAMPLE)
async def index() -> Response:
    deps = deps_of_app()
    caller = await caller_of_request(deps)
    keys = await deps.storage.api_keys.of_merchant(caller.merchant.id)
    return json_response({"data": [key_to_json(key) for key in keys]})


@routes.post("/keys")
@documented(
    "Create an API key",
    KeyCreatedJson,
    KEY_CREATED_EXAMPLE,
    status=201,
    needs=Role.DEVELOPER,
    audit=Audited("key.create", shows=("label", "role", "expires_at")),
    body=KeyRequest,
    body_examples={"example": KEY_REQUEST_EXAMPLE},
    about="The secret is shown only once; an Idempotency-Key does not repeat it. A key cannot have "
    "a higher role than its creator, and ends with the user who created it. A key that a key "
    "creates ends at the latest with that key.",
)
async def create() -> Response:
    deps = deps_of_app()
    caller = await caller_of_request(deps)
    body = await body_of_request()

    async def do(bound: Deps) -> tuple[object, int]:
        return key_created_to_json(await create_key(parse_key(body, caller), bound)), 201

    return await changed(deps, do)


@routes.delete("/keys/<key_id>")
@documented(
    "Revoke an API key",
    KeyJson,
    {**KEY_EXAMPLE, "revoked_at": "2026-01-15T10:31:06.482Z"},
    needs=Role.DEVELOPER,
    audit=Audited("key.revoke"),
    about="The next request with it is refused. Requires the role of the key.",
)
async def revoke(key_id: str) -> Response:
    deps = deps_of_app()
    caller = await caller_of_request(deps)

    async def do(bound: Deps) -> tuple[object, int]:
        named = parse_uuid(key_id, "API key")
        return key_to_json(await revoke_key(caller, named, bound)), 200

    return await changed(deps, do)


@routes.get("/keys/root")
@documented("Show the merchant's key pair", KeyPairJson, KEY_PAIR_EXAMPLE)
async def show_pair() -> Response:
    deps = deps_of_app()
    caller = await caller_of_request(deps)
    return json_response(key_pair_to_json(await show_key_pair(caller.merchant.id, deps)))


@routes.post("/keys/root/rotate")
@documented(
    "Rotate the merchant's secret",
    KeyPairRotatedJson,
    KEY_PAIR_ROTATED_EXAMPLE,
    needs=Role.OWNER,
    audit=Audited("key_pair.rotate", shows=("grace_seconds",)),
    body=RotateKeyRequest,
    body_is_optional=True,
    body_examples={
        "valid for one more day": {"grace_seconds": 86_400},
        "leaked": {"grace_seconds": 0},
    },
    about="The public half does not change. The secret is shown only once; an "
    "Idempotency-Key does not repeat it. A revoked pair works again, with the new secret only.",
)
async def rotate_pair() -> Response:
    deps = deps_of_app()
    caller = await caller_of_request(deps)
    body = await body_of_request()

    async def do(bound: Deps) -> tuple[object, int]:
        rotated = await rotate_key_pair(caller.merchant.id, parse_grace(body), bound)
        return key_pair_rotated_to_json(rotated), 200

    return await changed(deps, do)


@routes.delete("/keys/root")
@documented(
    "Revoke the merchant's key pair",
    KeyPairJson,
    KEY_PAIR_REVOKED_EXAMPLE,
    needs=Role.OWNER,
    audit=Audited("key_pair.revoke"),
    about="The next request with it is refused. Further keys and users stay valid. Without "
    "any, `paygate merchant rotate-key` creates a new secret.",
)
async def revoke_pair() -> Response:
    deps = deps_of_app()
    caller = await caller_of_request(deps)

    async def do(bound: Deps) -> tuple[object, int]:
        return key_pair_to_json(await revoke_key_pair(caller.merchant.id, bound)), 200

    return await changed(deps, do)
