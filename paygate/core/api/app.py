"""Build the web app from its routes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from ..deps import Deps
from ..observe.metrics import MetricsPage, NoMetrics
from ..observe.readiness import Readiness
from . import metrics
from .context import use_deps, use_dialect
from .dialect import Dialect
from .errors import register_errors, register_refusals
from .group_commit import use_group_commit
from .metrics import observe_requests
from .middleware import WebPolicy, register_middleware
from .pages import checkout, dashboard, docs, simulator
from .pages.dashboard import DashboardSettings
from .rate_limiting import rate_limits
from .resources import (
    audit,
    callbacks,
    clock,
    endpoints,
    events,
    extensions,
    health,
    keys,
    merchant,
    namespaces,
    orders,
    overview,
    payment_links,
    payments,
    plugins,
    probes,
    refunds,
    reviews,
    session,
    stream,
    team,
    testing,
    webhooks,
)
from .waiting import use_waiting
from .web_app import WebApp
from .wire.routes import use_plugin_dialects

API = "/api/v1"


@dataclass(frozen=True, slots=True)
class WebSettings:
    """Settings of the web app.

    Args:
        with_test_routes: Serve ``/api/v1/test``; never in production.
        version: Shown at ``/``.
        worker_runs: Whether the worker of this process runs; None without one.
        is_stopping: Whether the process was asked to stop.
        with_docs: Serve the OpenAPI document and its page, the list of routes, and a receiver
            for webhooks.
        with_metrics: Serve ``/metrics``.
        metrics_token: What a reader of the metrics must send; None for anyone.
        policy: The origins and host names that may use the app.
        dialect: The dialect of other gateways' clients.
        root_dialect: The plugin's dialect that is served without its prefix too.
    """

    with_test_routes: bool
    version: str
    worker_runs: Callable[[], bool] | None = None
    is_stopping: Callable[[], bool] = lambda: False
    with_docs: bool = True
    with_metrics: bool = False
    metrics_token: str | None = None
    policy: WebPolicy = field(default_factory=WebPolicy)
    dialect: Dialect = field(default_factory=Dialect)
    root_dialect: str | None = None


def create_app(deps: Deps, settings: WebSettings) -> WebApp:
    """Create an app with these dependencies; several may run in one process."""
    app = WebApp("paygate", static_folder=None)
    # Some clients add a slash to the end of every path.
    app.url_map.strict_slashes = False
    use_deps(app, deps)
    use_group_commit(app, deps)
    use_waiting(app, deps)
    register_errors(app)
    register_refusals(app, deps)
    policy = replace(settings.policy, credentialed=deps.policy.origins)
    register_middleware(app, policy, deps.ids, rate_limits(app, deps))
    runs = settings.worker_runs
    app.register_blueprint(health.blueprint(deps, version=settings.version, worker_runs=runs))
    readiness = Readiness(
        # The OpenAPI document is made without a storage.
        lambda: deps.storage.missing_migrations(),  # noqa: PLW0108
        settings.is_stopping,
        runs,
    )
    app.register_blueprint(probes.blueprint(readiness))
    observe_requests(app, deps)
    if settings.with_metrics and not isinstance(deps.metrics, NoMetrics):
        page = MetricsPage(deps.metrics, deps.storage, deps.clock)
        app.register_blueprint(metrics.blueprint(page, token=settings.metrics_token))
    for resource in (
        orders,
        payment_links,
        payments,
        reviews,
        refunds,
        events,
        webhooks,
        endpoints,
        callbacks,
        merchant,
        stream,
        overview,
        plugins,
    ):
        app.register_blueprint(resource.routes, url_prefix=API)
    app.register_blueprint(extensions.panels_blueprint(deps), url_prefix=API)
    app.register_blueprint(extensions.routes_blueprint(deps))
    use_plugin_dialects(app, deps, root=settings.root_dialect)
    for resource in (session, team, keys, audit):
        app.register_blueprint(resource.routes, url_prefix=API)
    if settings.with_test_routes:
        app.register_blueprint(testing.routes, url_prefix=f"{API}/test")
        app.register_blueprint(clock.routes, url_prefix=f"{API}/test/clock")
        app.register_blueprint(namespaces.routes, url_prefix=f"{API}/test/namespaces")
        app.register_blueprint(simulator.blueprint(deps))
    app.register_blueprint(checkout.blueprint(deps, has_simulator=settings.with_test_routes))
    shown = DashboardSettings(test_merchant=deps.policy.test_merchant)
    app.register_blueprint(dashboard.blueprint(deps.ids, shown))
    if settings.with_docs:
        app.register_blueprint(docs.blueprint(deps, app, version=settings.version))
    use_dialect(app, settings.dialect, with_docs=settings.with_docs)
    return app
