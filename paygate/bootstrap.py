"""Composition root: build the adapters, the plugins and the app from settings."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Coroutine, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from importlib import import_module
from typing import Any

from . import __version__
from .adapters.buckets.redis_buckets import RedisBuckets
from .adapters.clock.database import DatabaseClock
from .adapters.clock.virtual import VirtualClock
from .adapters.http.client import AiohttpClient
from .adapters.http.framing import AskedFramers
from .adapters.ids.random_ids import RandomIds
from .adapters.ids.replayed import ReplayedIds
from .adapters.notifier.local import LocalNotifier
from .adapters.notifier.saq_jobs import SaqNotifier
from .adapters.passwords.argon2 import Argon2Passwords
from .adapters.postgres.database import is_pooler
from .adapters.postgres.database_url import DatabaseUrl, parse_database_url
from .adapters.postgres.migrate import behind_pooler, database_id, require_migrated
from .adapters.postgres.storage import PostgresStorage
from .adapters.postgres.tables.clock_moves import follow_clock
from .adapters.vault.keyed import KeyedVault, kept_key
from .core.accounts.last_use import LastUse
from .core.accounts.refusals import Refusals
from .core.api.app import WebSettings
from .core.api.dialect import Dialect
from .core.api.dialects.open_demo import OpenDemo, OpenDemoEventBodies
from .core.api.dialects.other_gateways import OtherGateways
from .core.api.event_bodies import EventBodies
from .core.api.middleware import WebPolicy
from .core.api.pages.own_ports import Kind, Origins, create_pages
from .core.api.web_app import WebApp
from .core.crash_points import CRASH_POINTS, CrashPoint
from .core.deps import Deps, Policy, TestClock, TestMerchant
from .core.errors import OperatorError
from .core.limits import (
    ADDRESS_SHARE,
    CALLBACKS_PER_S,
    ORDER_PAYMENTS_PER_H,
    READS_PER_S,
    REQUESTS_PER_S_IN_DEVELOPMENT,
    RESENDS_PER_H,
    SHOPPERS_PER_S,
    SIGN_INS_PER_MIN,
    WRITES_PER_S,
)
from .core.loop_blocks import LoopBlocks
from .core.observe.metrics import Metrics, NoMetrics, measure_loop_lag
from .core.observe.traced_http import TracedHttp
from .core.observe.traces import Traces
from .core.origins import origin
from .core.plugin_data.settings import stored_settings
from .core.queue.notifier import Notifier
from .core.queue.store import Retention
from .core.senders.addresses import Network, parse_networks
from .core.senders.rate_limits import RateClass, RateLimit, RateLimiter, SharedBuckets
from .core.webhooks.stream import LiveEvents
from .logs import logger
from .plugins.guard import close_sinks
from .plugins.host import Found, Loaded, installed_plugins, load_plugins
from .plugins.setting_names import check_setting_names
from .plugins.spans import BothTraces, PluginSpans
from .plugins.threads import use_threads_of_plugins
from .plugins.tracing import PluginTrace, Trace
from .plugins.watchdog import LoopWatchdog
from .production import refuse_unsafe
from .settings import Settings, setting_names

DIALECTS = {"strict": Dialect, "standard": OtherGateways, "open-demo": OpenDemo}
"""``PAYGATE_PROFILE`` → dialect."""


@dataclass(frozen=True, slots=True, repr=False)
class App:
    """An open app: its settings, dependencies and web app."""

    settings: Settings
    deps: Deps
    loaded: Loaded
    storage: PostgresStorage
    web: WebSettings


@asynccontextmanager
async def open_app(
    settings: Settings,
    environ: Mapping[str, str],
    *,
    plugins: Iterable[Found] | None = None,
    notifier: Notifier | None = None,
) -> AsyncIterator[App]:
    """Open the adapters, load the plugins, and close everything at the end.

    Args:
        settings: The settings of paygate.
        environ: The environment that plugins read.
        plugins: Used instead of the installed plugins.
        notifier: Used instead of the notifier of the settings.

    Raises:
        OperatorError: A setting or a plugin is wrong; the message says what to do.
    """
    refuse_unsafe(settings, environ)
    _warn_of_profile(settings)
    vault = KeyedVault(vault_keys(settings))
    found = (
        installed_plugins(settings.plugins, settings.plugin_folder) if plugins is None else plugins
    )
    # Closed in the reverse order.
    async with AsyncExitStack() as stack:
        storage = await PostgresStorage.connect(settings.database_url, pool_size=settings.pool_size)
        stack.push_async_callback(storage.close)
        traces = open_traces(settings)
        if traces is not None:
            stack.push_async_callback(asyncio.to_thread, traces.close)
        trace = plugin_trace(settings, traces)
        loaded = await _load(found, settings, environ, storage, vault, trace=trace)
        deps = await _open_deps(settings, loaded, storage, vault, notifier=notifier, stack=stack)
        if traces is not None:
            deps = replace(deps, traces=traces, http=TracedHttp(deps.http, traces))
        yield App(settings, deps, loaded, storage, _web_settings(settings))


async def _open_deps(
    settings: Settings,
    loaded: Loaded,
    storage: PostgresStorage,
    vault: KeyedVault,
    *,
    notifier: Notifier | None,
    stack: AsyncExitStack,
) -> Deps:
    clock = DatabaseClock(lambda: _database_time(storage))
    passwords, refusals, last_use = Argon2Passwords(), Refusals(storage.audit, clock), LastUse()
    http, live = _http_client(settings), LiveEvents(storage.feed)
    stack.callback(passwords.close)
    stack.push_async_callback(refusals.close)
    stack.push_async_callback(last_use.close)
    stack.push_async_callback(http.close)
    stack.push_async_callback(close_sinks, loaded.registry.sinks.values())
    notifier = notifier or await _notifier(settings, storage)
    stack.push_async_callback(notifier.close)
    await clock.sync()
    _run_in_background(clock.keep_in_sync(), stack)
    test_clock = None if settings.is_production else await _test_clock(settings, storage, clock)
    if test_clock is not None:
        _run_in_background(follow_clock(direct_url(settings), test_clock.shown.follow), stack)
    stack.callback(live.close)
    rates = rate_limiter(settings, await _shared_buckets(settings, storage))
    stack.push_async_callback(rates.close)
    use_threads_of_plugins()
    loop_blocks, metrics = LoopBlocks(), open_metrics(settings)
    _run_in_background(measure_loop_lag(metrics), stack)
    stack.callback(LoopWatchdog(loop_blocks.report).close)
    return Deps(
        storage=storage,
        notifier=notifier,
        clock=clock if test_clock is None else test_clock.shown,
        ids=ReplayedIds(settings.seed) if settings.replay else RandomIds(),
        vault=vault,
        passwords=passwords,
        http=http,
        registry=loaded.registry,
        present=OpenDemoEventBodies() if settings.profile == "open-demo" else EventBodies(),
        logger=logger("paygate.plugins"),
        live=live,
        refusals=refusals,
        test_clock=test_clock,
        last_use=last_use,
        rates=rates,
        policy=_policy(settings),
        crash_point=_crash_point(settings),
        loop_blocks=loop_blocks,
        metrics=metrics,
    )


def open_metrics(settings: Settings) -> Metrics:
    """Return what counts for ``/metrics``; nothing is counted if no caller may read it.

    Raises:
        OperatorError: The settings ask for metrics, and the library is not installed.
    """
    if not settings.serves_metrics and not settings.metrics_port:
        return NoMetrics()
    # It takes a tenth of a second to import.
    try:
        adapter = import_module(".adapters.metrics.prometheus", __package__)
    except ModuleNotFoundError as error:
        if not settings.metrics_port and not settings.metrics_token.get_secret_value():
            return NoMetrics()
        raise OperatorError(
            setting="PAYGATE_METRICS_PORT" if settings.metrics_port else "PAYGATE_METRICS_TOKEN",
            problem=f"the package {error.name} is not installed",
            remedy="Install paygate-framework[metrics], or remove the setting",
        ) from error
    metrics: Metrics = adapter.PrometheusMetrics()
    return metrics


def open_traces(settings: Settings) -> Traces | None:
    """Return where spans are sent; None without traces, and then no library is imported.

    Raises:
        OperatorError: The settings ask for traces, and the library is not installed, or the file
            cannot be written.
    """
    if not settings.traces:
        return None
    try:
        adapter = import_module(".adapters.traces.otel", __package__)
        traces: Traces = adapter.open_traces(settings.traces, version=__version__)
    except ModuleNotFoundError as error:
        problem = f"the package {error.name} is not installed"
        remedy = "Install paygate-framework[traces], or remove the setting"
        raise OperatorError(setting="PAYGATE_TRACES", problem=problem, remedy=remedy) from error
    except OSError as error:
        problem, remedy = f"the file cannot be written ({error.strerror})", "Name another file"
        raise OperatorError(setting="PAYGATE_TRACES", problem=problem, remedy=remedy) from error
    return traces


def _crash_point(settings: Settings) -> CrashPoint | None:
    name = settings.crash_at
    if name is None:
        return None
    if name not in CRASH_POINTS:
        raise OperatorError(
            setting="PAYGATE_CRASH_AT",
            problem=f"there is no point {name!r}",
            remedy=f"Use one of {', '.join(sorted(CRASH_POINTS))}",
        )
    return CrashPoint(name, lambda: os.kill(os.getpid(), signal.SIGKILL))


def _policy(settings: Settings) -> Policy:
    return Policy(
        seed=settings.seed,
        replay_mismatches=settings.idempotency_mismatch == "replay",
        require_client_secret=settings.requires_client_secret,
        test_merchant=test_merchant(settings),
        scenario_amounts=settings.scenario_amounts,
        plugin_call=timedelta(seconds=settings.plugin_call_s),
        retention=_retention(settings),
        operations_in_flight=settings.operations_in_flight,
        deliveries_in_flight=settings.deliveries_in_flight,
        checkout_url=settings.checkout_url.rstrip("/") or settings.api_origin,
        api_url=settings.api_origin,
        origins=settings.dashboard_origins,
        allows_simulators=settings.allow_simulators or not settings.is_production,
        is_production=settings.is_production,
    )


async def _shared_buckets(settings: Settings, storage: PostgresStorage) -> RedisBuckets | None:
    if not settings.redis_url:
        return None
    return RedisBuckets(settings.redis_url, gateway=await database_id(storage.executor))


def rate_limiter(settings: Settings, shared: SharedBuckets | None) -> RateLimiter:
    """Return the rate limits of the settings; a class that is switched off has none."""
    # Class → its setting, the default in production, the unit of both and the window, in seconds.
    rows: Iterable[tuple[RateClass, int | None, int, int, int]] = (
        ("reads", settings.reads_per_s, READS_PER_S, 1, 10),
        ("writes", settings.writes_per_s, WRITES_PER_S, 1, 10),
        ("shoppers", settings.shoppers_per_s, SHOPPERS_PER_S, 1, 10),
        ("callbacks", settings.callbacks_per_s, CALLBACKS_PER_S, 1, 10),
        ("sign-ins", settings.sign_ins_per_min, SIGN_INS_PER_MIN, 60, 60),
        ("order-payments", settings.order_payments_per_h, ORDER_PAYMENTS_PER_H, 3600, 3600),
        ("resends", settings.resends_per_h, RESENDS_PER_H, 3600, 3600),
    )
    limits: dict[RateClass, RateLimit] = {}
    for name, given, in_production, unit_s, window_s in rows:
        default = (
            in_production if settings.is_production else REQUESTS_PER_S_IN_DEVELOPMENT * unit_s
        )
        quota = (default if given is None else given) * window_s // unit_s
        if quota:
            # What is allowed so seldom is worth a request to Redis each time.
            limits[name] = RateLimit(
                name, quota, window_s, is_exact=name in {"sign-ins", "order-payments"}
            )
    by_address: dict[RateClass, RateLimit] = {
        name: replace(limit, name=f"{name}-of-address", quota=limit.quota * ADDRESS_SHARE)
        for name, limit in limits.items()
        if name in {"reads", "writes"}
    }
    return RateLimiter(limits, by_address, shared)


def _retention(settings: Settings) -> Retention:
    def days(count: int) -> timedelta | None:
        return timedelta(days=count) or None

    callbacks = settings.keep_callbacks_days
    return Retention(
        attempts=days(settings.keep_attempts_days),
        deliveries=days(settings.keep_deliveries_days),
        events=days(settings.keep_events_days),
        calls=days(settings.keep_calls_days),
        callbacks=days(settings.keep_calls_days if callbacks is None else callbacks),
        audit_entries=days(settings.keep_audit_days),
        idempotency_keys=timedelta(hours=settings.keep_idempotency_keys_hours),
    )


def _web_settings(settings: Settings) -> WebSettings:
    return WebSettings(
        with_test_routes=not settings.is_production,
        version=__version__,
        with_docs=settings.has_public_docs,
        policy=web_policy(settings),
        dialect=DIALECTS[settings.profile](),
        with_metrics=settings.serves_metrics,
        metrics_token=settings.metrics_token.get_secret_value() or None,
        root_dialect=settings.root_dialect or None,
    )


def _http_client(settings: Settings) -> AiohttpClient:
    return AiohttpClient(
        allow_private=not settings.is_production,
        ports=None if not settings.is_production else webhook_ports(settings),
        only_https=settings.is_production,
    )


async def _test_clock(
    settings: Settings, storage: PostgresStorage, clock: DatabaseClock
) -> TestClock:
    direct = direct_url(settings)
    if await is_pooler(direct):
        raise behind_pooler(direct, "moves of the test clock")
    shown = VirtualClock(clock)
    shown.follow(await storage.test_clock.find())
    return TestClock(shown, storage.test_clock)


def _run_in_background(work: Coroutine[Any, Any, None], stack: AsyncExitStack) -> None:
    task = asyncio.create_task(work)

    async def stop() -> None:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    stack.push_async_callback(stop)


def direct_url(settings: Settings) -> DatabaseUrl:
    """Return the URL of PostgreSQL without a pooler, for migrations and LISTEN/NOTIFY."""
    if settings.database_direct_url:
        return parse_database_url(
            settings.database_direct_url, setting="PAYGATE_DATABASE_DIRECT_URL"
        )
    return parse_database_url(settings.database_url)


async def _load(
    found: Iterable[Found],
    settings: Settings,
    environ: Mapping[str, str],
    storage: PostgresStorage,
    vault: KeyedVault,
    *,
    trace: PluginTrace | None,
) -> Loaded:
    """Load the plugins, and check them and their settings.

    Raises:
        OperatorError: A plugin or a setting is wrong; the message says what to do.
    """
    await require_migrated(storage.executor)
    stored = await stored_settings(storage, vault)
    loaded = load_plugins(
        found,
        environ=environ,
        preferred=settings.processors,
        trace=trace,
        stored=stored,
        derive=lambda name: vault.fingerprint(name.encode(), purpose="plugin secret"),
    )
    check_setting_names(environ, setting_names(), loaded.setting_names)
    test_keys = await storage.merchants.active_tests() if settings.is_production else ()
    refuse_unsafe(settings, environ, loaded=loaded, test_keys=test_keys)
    return loaded


def web_policy(settings: Settings) -> WebPolicy:
    """Return the origins and host names that may use the API and the pages."""
    return WebPolicy(
        allowed=frozenset(origin(each) or each for each in settings.allowed_origins),
        hosts=None if settings.is_production else settings.hosts,
        proxies=_trusted_proxies(settings),
        hsts_s=settings.hsts_s,
    )


def _trusted_proxies(settings: Settings) -> tuple[Network, ...]:
    """Return the networks of trusted proxies.

    Raises:
        OperatorError: One of them is invalid.
    """
    try:
        return tuple(parse_networks(settings.trusted_proxies))
    except ValueError as error:
        raise OperatorError(
            setting="PAYGATE_TRUSTED_PROXIES",
            problem=f"invalid network ({error})",
            remedy="Write addresses and networks with commas between them, such as "
            "10.0.0.0/8,192.168.1.7",
        ) from None


def plugin_trace(settings: Settings, traces: Traces | None = None) -> PluginTrace | None:
    """Return what logs every call of a plugin, or makes a span of it; None for neither."""
    log = Trace(logger("paygate.trace")) if settings.trace_plugins else None
    spans = None if traces is None else PluginSpans(traces)
    return BothTraces(log, spans) if log and spans else log or spans


def _warn_of_profile(settings: Settings) -> None:
    if settings.profile != "open-demo":
        return
    logger("paygate").warning(
        "PAYGATE_PROFILE=open-demo: ANY caller of this address can pay, refund and read "
        "as the test merchant, without keys"
    )


async def _database_time(storage: PostgresStorage) -> datetime:
    read: datetime = await storage.executor.fetchval("SELECT clock_timestamp()")
    return read


async def _notifier(settings: Settings, storage: PostgresStorage) -> Notifier:
    if not settings.redis_url:
        return LocalNotifier()
    notifier = SaqNotifier(settings.redis_url, gateway=await database_id(storage.executor))
    await notifier.probe()
    if settings.redis_optional or notifier.refusal is not None or await notifier.is_connected():
        return notifier
    await notifier.close()
    raise OperatorError(
        setting="REDIS_URL",
        problem="Redis cannot be reached there",
        remedy="Start it, correct the address, or set PAYGATE_REDIS_OPTIONAL=true to start "
        "without it: workers then poll once a second",
    )


def webhook_ports(settings: Settings) -> frozenset[int]:
    """Return the ports that webhooks may use in production.

    Raises:
        OperatorError: A port is invalid.
    """
    try:
        extra = {int(port) for port in settings.webhook_ports}
    except ValueError:
        raise OperatorError(
            setting="PAYGATE_WEBHOOK_PORTS",
            problem="it contains an invalid port",
            remedy="Write numbers with commas between them, such as 8443,9443",
        ) from None
    return frozenset({80, 443} | extra)


def vault_keys(settings: Settings) -> list[str]:
    """Return the keys of the vault; outside production one is created and stored.

    Raises:
        OperatorError: The folder is not writable.
    """
    if settings.vault_keys:
        return [key.get_secret_value() for key in settings.vault_keys]
    try:
        return [kept_key(settings.home / "vault.key")]
    except OSError as error:
        raise OperatorError(
            setting="PAYGATE_HOME",
            problem=f"{settings.home} is not writable ({error.strerror})",
            remedy="Choose a folder that this user can write",
        ) from error


def pages(kind: Kind, settings: Settings) -> WebApp:
    """Create an app that serves the dashboard or the checkout page, without a database."""
    origins = Origins(api=settings.api_origin, checkout=settings.checkout_origin)
    framers = AskedFramers(settings.api_internal_origin, settings.api_origin)
    return create_pages(
        kind,
        ids=RandomIds(),
        test_merchant=test_merchant(settings),
        origins=origins,
        policy=web_policy(settings),
        framers=framers,
    )


def test_merchant(settings: Settings) -> TestMerchant | None:
    """Return the merchant that is seeded outside production."""
    if settings.is_production:
        return None
    return TestMerchant(
        id=settings.test_merchant_id,
        name="Test Merchant",
        email=settings.test_merchant_email,
        api_key=settings.test_api_key,
        api_secret=settings.test_api_secret,
        webhook_secret=settings.test_webhook_secret,
    )
