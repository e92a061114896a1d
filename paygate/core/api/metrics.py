"""The metrics over HTTP, and the requests in metrics and traces."""

from __future__ import annotations

import time
from hmac import compare_digest

from quart import Blueprint, Quart, Request, Response
from quart.wrappers import Response as QuartResponse

from ..deps import Deps
from ..errors import AuthenticationError
from ..observe.metrics import METHODS, Metrics, MetricsPage, NoMetrics
from ..observe.readiness import Readiness
from ..observe.traces import Traces
from .context import current_request
from .errors import register_errors
from .resources import probes
from .web_app import WebApp

UNTRACED = frozenset({"/health", "/livez", "/readyz", "/metrics"})
"""Paths that supervisors ask all the time."""
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


def observe_requests(app: Quart, deps: Deps) -> None:
    """Count the requests of an app, and trace them, as far as that is wanted."""
    if not isinstance(deps.metrics, NoMetrics):
        count_requests(app, deps.metrics)
    if deps.traces is not None:
        trace_requests(app, deps.traces)


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
        return response  # type: ignore[return-value]  # Quart types it as werkzeug's too

    app.handle_request = counted  # type: ignore[method-assign]  # Quart's way


def trace_requests(app: Quart, traces: Traces) -> None:
    """Open a span for each request of an app; it continues the client's, if that sends one."""
    handle = app.handle_request

    async def traced(request: Request) -> QuartResponse:
        if request.path in UNTRACED:
            return await handle(request)  # type: ignore[return-value]  # Quart types it as werkzeug's too
        method = request.method if request.method in METHODS else "other"
        parent, shown = request.headers.get("traceparent"), {"http.request.method": method}
        with traces.begin(method, kind="server", parent=parent, attributes=shown) as span:
            response = await handle(request)
            if (rule := request.url_rule) is not None:
                # The rule and not the path, which has ids, and what a client writes.
                span.update_name(f"{method} {rule.rule}")
                span.set_attribute("http.route", rule.rule)
            span.set_attribute("http.response.status_code", response.status_code)
            return response  # type: ignore[return-value]  # Quart types it as werkzeug's too

    app.handle_request = traced  # type: ignore[method-assign]  # Quart's way


def create_probe_app(readiness: Readiness, page: MetricsPage) -> WebApp:
    """Create an app for a port of its own, with the metrics and the probes only."""
    app = WebApp("paygate-metrics", static_folder=None)
    register_errors(app)
    app.register_blueprint(probes.blueprint(readiness))
    app.register_blueprint(blueprint(page, token=None))
    return app
