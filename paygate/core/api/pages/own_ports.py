"""The pages on ports of their own, as clients of older gateways expect them.

The same files are served beside the API; here they learn where that is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from quart import Quart, Response

from ..errors import json_response, register_errors
from ..middleware import WebPolicy, register_middleware
from . import checkout, dashboard
from .checkout import Framers
from .dashboard import DashboardDeps, DashboardSettings

Kind = Literal["dashboard", "checkout"]
KINDS: tuple[Kind, ...] = ("dashboard", "checkout")


@dataclass(frozen=True, slots=True)
class Origins:
    """Where browsers find what: scheme, host and port."""

    api: str
    checkout: str


def create_pages(
    kind: Kind,
    deps: DashboardDeps,
    origins: Origins,
    policy: WebPolicy,
    framers: Framers,
) -> Quart:
    """Create an app that serves one kind of pages and nothing else; it needs no database.

    Args:
        kind: Which pages.
        deps: What they need of an app.
        origins: Where browsers find what.
        policy: What every request is judged by.
        framers: Who may frame the checkout.
    """
    app = Quart(f"paygate-{kind}", static_folder=None)
    register_errors(app)
    register_middleware(app, policy)
    if kind == "dashboard":
        settings = DashboardSettings(
            api_origin=origins.api, checkout_origin=origins.checkout, is_alone=True
        )
        app.register_blueprint(dashboard.blueprint(deps, settings))
    else:
        # In production there is no test merchant, and nobody plays the payer.
        is_played = deps.test_merchant is not None
        pages = checkout.pages(
            framers=framers, api_origin=origins.api, has_simulator=is_played, is_alone=True
        )
        app.register_blueprint(pages)

    @app.get("/health")
    async def health() -> Response:
        return json_response({"status": "healthy"})

    return app
