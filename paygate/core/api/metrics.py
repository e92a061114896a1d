"""The metrics over HTTP."""

from __future__ import annotations

import time
from hmac import compare_digest

from quart import Blueprint, Quart, Request, Response
from quart.wrappers import Response as QuartResponse

from ..errors import AuthenticationError
from ..observe.metrics import Metrics, MetricsPage
from ..observe.readiness import Readiness
from .context import current_request
from .errors import register_errors
from .resources import probes

TEXT_FORMAT = "text/plain; version=0.0.4; charset=utf-8"


def blueprint(page: MetricsPage, *, token: str | None) -> Blueprint:
    """Serve ``/metrics``.

    Args:
        page: Makes the text.
        token: Required as ``Authorization: Bearer``; None for anyone who reaches the port.
    """
    routes = Blueprint("metrics", __name__)

    @routes.get("/metrics")
    async def metrics() -> Response:
        given = current_request().headers.get("Authorization", "")
        if token is not None and not compare_digest(given.encode(), f"Bearer {token}".encode()):
            raise AuthenticationError("Send the token of PAYGATE_METRICS_TOKEN as a bearer")
        return Response(await page.text(), content_type=TEXT_FORMAT)

    return routes


def count_requests(app: Quart, metrics: Metrics) -> None:
    """Count each request of an app by method, route and status."""
    handle = app.handle_request

    async def counted(request: Request) -> QuartResponse:
        began_s = time.perf_counter()
        response = await handle(request)
        rule = request.url_rule
        route = None if rule is None else rule.rule
        seconds = time.perf_counter() - began_s
        metrics.request(request.method, route, response.status_code, seconds)
        return response  # type: ignore[return-value]

    app.handle_request = counted  # type: ignore[method-assign]


def create_probe_app(readiness: Readiness, page: MetricsPage) -> Quart:
    """Create an app for a port of its own, with the metrics and the probes only."""
    app = Quart("paygate-metrics", static_folder=None)
    register_errors(app)
    app.register_blueprint(probes.blueprint(readiness))
    app.register_blueprint(blueprint(page, token=None))
    return app
