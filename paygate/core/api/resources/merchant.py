"""The merchant's own settings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from pydantic import AfterValidator, Field
from quart import Blueprint, Response
from typing_extensions import TypedDict

from ...accounts.checkout_origins import allow_origins
from ...accounts.model import Merchant, Role
from ...deps import Deps
from ...origins import ORIGINS_MAX, origin
from ..auth import merchant_of_request
from ..bodies import body_of_request
from ..context import deps_of_app
from ..documented import MERCHANT_ID, Audited, documented
from ..errors import json_response
from ..fields import Body, Request, checked
from ..idempotency import once
from ..shapes import Uuid


def _origin(value: str) -> str:
    found = origin(value)
    if found is None:
        raise ValueError("allowed_origins must contain origins such as https://shop.example")
    return found


class MerchantRequest(Request):
    """Body of ``PATCH /merchant``. Missing fields stay unchanged."""

    allowed_origins: (
        Annotated[list[Annotated[str, AfterValidator(_origin)]], Field(max_length=ORIGINS_MAX)]
        | None
    ) = Field(
        None,
        description="origins of pages that may frame the checkout, such as https://shop.example; "
        "empty: any page",
    )


class MerchantSettingsJson(TypedDict):
    """Response of ``/merchant``."""

    id: Uuid
    name: str
    allowed_origins: list[str]


def parse_origins(body: Body) -> list[str] | None:
    """Parse the body of ``PATCH /merchant``; None leaves the origins unchanged."""
    found = checked(MerchantRequest, body).allowed_origins
    return None if found is None else list(dict.fromkeys(found))


def merchant_settings_to_json(merchant: Merchant, origins: Sequence[str]) -> MerchantSettingsJson:
    """Return the response of ``/merchant``."""
    shown = list(origins)
    return {"id": str(merchant.id), "name": merchant.name, "allowed_origins": shown}


MERCHANT_SETTINGS_EXAMPLE: MerchantSettingsJson = {
    "id": MERCHANT_ID,
    "name": "Test Merchant",
    "allowed_origins": ["https://shop.example"],
}


routes = Blueprint("merchant", __name__)


@routes.get("/merchant")
@documented("Show the merchant's settings", MerchantSettingsJson, MERCHANT_SETTINGS_EXAMPLE)
async def show() -> Response:
    deps = deps_of_app()
    merchant = await merchant_of_request(deps)
    origins = await deps.storage.merchants.origins(merchant.id)
    return json_response(merchant_settings_to_json(merchant, origins))


@routes.patch("/merchant")
@documented(
    "Change the merchant's settings",
    MerchantSettingsJson,
    MERCHANT_SETTINGS_EXAMPLE,
    needs=Role.DEVELOPER,
    audit=Audited("merchant.update", shows=("allowed_origins",)),
    body=MerchantRequest,
    body_examples={
        "only these pages": {"allowed_origins": ["https://shop.example"]},
        "any page": {"allowed_origins": []},
    },
    takes_key=True,
    about="`allowed_origins` are the origins of pages that may frame the checkout of this "
    "merchant's orders; an empty list allows any page.",
)
async def change() -> Response:
    deps = deps_of_app()
    merchant = await merchant_of_request(deps)
    body = await body_of_request()

    async def do(bound: Deps) -> tuple[object, int]:
        asked = parse_origins(body)
        if asked is None:
            kept = await bound.storage.merchants.origins(merchant.id)
            return merchant_settings_to_json(merchant, kept), 200
        stored = await allow_origins(merchant.id, asked, bound)
        return merchant_settings_to_json(merchant, stored), 200

    return await once(merchant.id, deps, do)
