"""The pages on ports of their own, as clients of older gateways expect them.

The same files are served beside the API; here they learn where that is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from quart import Quart, Response

from ...deps import TestMerchant
from ...ids import Ids
from ..errors import json_response, register_errors
from ..middleware import WebPolicy, register_middleware
from . import checkout, dashboard
from .checkout import Framers
from .dashboard import DashboardSettings

Kind = Literal["dashboard", "checkout"]
KINDS: tuple[Kind, ...] = ("dashboard", "checkout")


@dataclass(frozen=True, slots=True)
class Origins:
    """Where browsers find what: scheme, host and port."""

    api: str
    checkout: str


def create_pages(
    kind: Kind,
    *,
    ids: Ids,
    test_merchant: TestMerchant | None,
    origins: Origins,
    policy: WebPolicy,
    framers: Framers,
) -> Quart:
    """Create an app that serves one kind of pages and nothing else; it needs no database.

    Args:
        kind: Which pages.
        ids: Makes the nonces of the dashboard's styles.
        test_merchant: Whose credentials may be shown without a login; None in production.
        origins: Where browsers find what.
        policy: What every request is judged by.
        framers: Who may frame the checkout.
    """
    app = Quart(f"paygate-{kind}", static_folder=None)
    register_errors(app)
    register_middleware(app, policy)
    if kind == "dashboard":
        settings = DashboardSettings(
            api_origin=origins.api,
            checkout_origin=origins.checkout,
            is_alone=True,
            test_merchant=test_merchant,
        )
        app.register_blueprint(dashboard.blueprint(ids, settings))
    else:
        # In production there is no test merchant, and nobody plays the payer.
        is_played = test_merchant is not None
        pages = checkout.pages(
            framers=framers, api_origin=origins.api, has_simulator=is_played, is_alone=True
        )
        app.register_blueprint(pages)

    @app.get("/health")
    async def health() -> Response:
        return json_response({"status": "healthy"})

    return app
