"""What a merchant says of their own pages."""

from __future__ import annotations

from quart import Blueprint, Response

from ...accounts.checkout_origins import allow_origins
from ...accounts.model import Role
from ...deps import Deps
from .. import parse, present
from ..auth import merchant_of_request
from ..body import body_of_request
from ..errors import json_response
from ..idempotency import once
from ..openapi import Audited, documented, examples
from ..wire import merchants, request_bodies


def blueprint(deps: Deps) -> Blueprint:
    """``/merchant``."""
    routes = Blueprint("merchant", __name__)

    @routes.get("/merchant")
    @documented(
        "Show the merchant's settings", merchants.MerchantSettings, examples.MERCHANT_SETTINGS
    )
    async def show() -> Response:
        merchant = await merchant_of_request(deps)
        origins = await deps.storage.merchants.origins(merchant.id)
        return json_response(present.merchant_settings(merchant, origins))

    @routes.patch("/merchant")
    @documented(
        "Change the merchant's settings",
        merchants.MerchantSettings,
        examples.MERCHANT_SETTINGS,
        needs=Role.DEVELOPER,
        audit=Audited("merchant.update", shows=("allowed_origins",)),
        body=request_bodies.MerchantRequest,
        body_examples={
            "only these pages": {"allowed_origins": ["https://shop.example"]},
            "any page": {"allowed_origins": []},
        },
        takes_key=True,
        about="`allowed_origins` are the pages that may frame the checkout of this merchant's "
        "orders; while there are none, any page may.",
    )
    async def change() -> Response:
        merchant = await merchant_of_request(deps)
        body = await body_of_request()

        async def do(bound: Deps) -> tuple[object, int]:
            asked = parse.origins(body)
            if asked is None:
                kept = await bound.storage.merchants.origins(merchant.id)
                return present.merchant_settings(merchant, kept), 200
            stored = await allow_origins(merchant.id, asked, bound)
            return present.merchant_settings(merchant, stored), 200

        return await once(merchant.id, deps, do)

    return routes
