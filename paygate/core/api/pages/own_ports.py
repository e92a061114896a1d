"""Serve the pages on their own ports, as clients of older gateways expect.

The same files are served by the API; here they need the addresses of the API.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from quart import Response

from ...deps import TestMerchant
from ...ids import Ids
from ..errors import json_response, register_errors
from ..middleware import WebPolicy, register_middleware
from ..web_app import WebApp
from . import checkout, dashboard
from .checkout import Framers
from .dashboard import DashboardSettings

Kind = Literal["dashboard", "checkout"]
KINDS: tuple[Kind, ...] = ("dashboard", "checkout")


@dataclass(frozen=True, slots=True)
class Origins:
    """The origins of the API and of the pages."""

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
) -> WebApp:
    """Create an app that serves one kind of pages and nothing else; it needs no database.

    Args:
        kind: The kind of pages.
        ids: Creates ids of requests, and the nonces of the dashboard's styles.
        test_merchant: The credentials to show without a login; None in production.
        origins: The origins of the API and of the pages.
        policy: The origins and host names that may use the app.
        framers: Returns who may frame the checkout.
    """
    app = WebApp(f"paygate-{kind}", static_folder=None)
    register_errors(app)
    register_middleware(app, policy, ids)
    if kind == "dashboard":
        settings = DashboardSettings(
            api_origin=origins.api,
            checkout_origin=origins.checkout,
            is_alone=True,
            test_merchant=test_merchant,
        )
        app.register_blueprint(dashboard.blueprint(ids, settings))
    else:
        # Production has no test merchant and no simulated payer.
        has_simulator = test_merchant is not None
        pages = checkout.pages(
            framers=framers, api_origin=origins.api, has_simulator=has_simulator, is_alone=True
        )
        app.register_blueprint(pages)

    @app.get("/health")
    async def health() -> Response:
        return json_response({"status": "healthy"})

    return app
