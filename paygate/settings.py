"""Settings: the only place that reads the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError

from .core.errors import OperatorError
from .core.limits import (
    CALLBACKS_PER_S,
    CALLS_RETENTION,
    DELIVERIES_IN_FLIGHT_MAX,
    OPERATIONS_IN_FLIGHT_MAX,
    ORDER_PAYMENTS_PER_H,
    PLUGIN_CALL,
    READS_PER_S,
    RESENDS_PER_H,
    SHOPPERS_PER_S,
    SIGN_INS_PER_MIN,
    WRITES_PER_S,
)


def _split(given: object) -> object:
    if isinstance(given, str):
        return tuple(word.strip() for word in given.split(",") if word.strip())
    return given


DASHBOARD_PORT = 3000
TextList = Annotated[tuple[str, ...], BeforeValidator(_split)]


def _limit(alias: str, counted: str, in_production: int) -> Any:
    return Field(
        None,
        alias=alias,
        ge=0,
        le=1_000_000,
        description=f"{counted}; 0 limits nothing; empty is {in_production} in production, and "
        "much more in development",
    )


class Settings(BaseModel):
    """The settings of paygate; plugins read theirs with their own models."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    environment: Literal["development", "production"] = Field(
        "development",
        alias="PAYGATE_ENV",
        description="production disables the test merchant and the test routes, and lets "
        "webhooks reach public addresses only",
    )
    database_url: str = Field(
        "", alias="DATABASE_URL", description="PostgreSQL 15 to 18; empty starts an embedded server"
    )
    database_direct_url: str = Field(
        "",
        alias="PAYGATE_DATABASE_DIRECT_URL",
        description="PostgreSQL itself if DATABASE_URL is a pooler such as PgBouncer; "
        "migrations and the test clock use it",
    )
    redis_url: str = Field(
        "", alias="REDIS_URL", description="Redis 7 or Valkey 8; empty starts an embedded server"
    )
    redis_optional: bool = Field(
        False,
        alias="PAYGATE_REDIS_OPTIONAL",
        description="start without a reachable Redis; workers then poll once a second",
    )
    profile: Literal["strict", "standard", "open-demo"] = Field(
        "standard",
        alias="PAYGATE_PROFILE",
        description="standard also serves the paths and fields of other gateways; strict serves "
        "only paygate's own; open-demo needs no keys and accepts payments of unknown "
        "orders, and must not be used in production",
    )
    allow_simulators: bool = Field(
        False,
        alias="PAYGATE_ALLOW_SIMULATORS",
        description="allow processors that only simulate payments in production",
    )
    allow_remote_dev: bool = Field(
        False,
        alias="PAYGATE_ALLOW_REMOTE_DEV",
        description="accept other machines on a development server, which signs anyone in",
    )
    allowed_origins: TextList = Field(
        (),
        alias="PAYGATE_ALLOWED_ORIGINS",
        description="origins whose pages may send API keys, besides those of this machine; * for "
        "every origin",
    )
    start_timeout_s: float = Field(
        30.0,
        alias="PAYGATE_START_TIMEOUT",
        ge=0,
        le=3600,
        description="seconds that serve and work wait for PostgreSQL and Redis to start",
    )
    operations_in_flight: int = Field(
        OPERATIONS_IN_FLIGHT_MAX,
        alias="PAYGATE_WORKER_CONCURRENCY",
        ge=1,
        le=10_000,
        description="payments, and refunds, that a worker processes at a time",
    )
    deliveries_in_flight: int = Field(
        DELIVERIES_IN_FLIGHT_MAX,
        alias="PAYGATE_WEBHOOK_CONCURRENCY",
        ge=1,
        le=10_000,
        description="webhooks that a worker delivers at a time",
    )
    allowed_hosts: TextList = Field(
        (),
        alias="PAYGATE_ALLOWED_HOSTS",
        description="host names of a development server, besides localhost, "
        "addresses and those of the URLs",
    )
    public_docs: bool | None = Field(
        None,
        alias="PAYGATE_PUBLIC_DOCS",
        description="serve /docs/api, /openapi.json, /__routes and /debug/webhook-receiver; "
        "empty means only in development",
    )
    reads_per_s: int | None = _limit(
        "PAYGATE_LIMIT_READS", "GET requests per second of one key or session", READS_PER_S
    )
    writes_per_s: int | None = _limit(
        "PAYGATE_LIMIT_WRITES", "other requests per second of one key or session", WRITES_PER_S
    )
    shoppers_per_s: int | None = _limit(
        "PAYGATE_LIMIT_SHOPPERS",
        "requests without keys per second from one address",
        SHOPPERS_PER_S,
    )
    callbacks_per_s: int | None = _limit(
        "PAYGATE_LIMIT_CALLBACKS",
        "processor callbacks per second from one address",
        CALLBACKS_PER_S,
    )
    sign_ins_per_min: int | None = _limit(
        "PAYGATE_LIMIT_SIGN_INS",
        "attempts to sign in per minute from one address",
        SIGN_INS_PER_MIN,
    )
    order_payments_per_h: int | None = _limit(
        "PAYGATE_LIMIT_ORDER_PAYMENTS",
        "attempts of shoppers per hour to pay one order or complete one payment",
        ORDER_PAYMENTS_PER_H,
    )
    resends_per_h: int | None = _limit(
        "PAYGATE_LIMIT_RESENDS",
        "deliveries per hour that one merchant makes due again",
        RESENDS_PER_H,
    )
    trusted_proxies: TextList = Field(
        (),
        alias="PAYGATE_TRUSTED_PROXIES",
        description="networks of proxies whose X-Forwarded-For names the client's address, such "
        "as 10.0.0.0/8; empty trusts none",
    )
    hsts_s: int = Field(
        0,
        alias="PAYGATE_HSTS_SECONDS",
        ge=0,
        le=63_072_000,
        description="seconds of the Strict-Transport-Security header; 0 sends none",
    )
    host: str = Field("127.0.0.1", alias="HOST", description="address the API listens on")
    port: int = Field(8000, alias="PORT", ge=0, le=65535, description="port of the API")
    server: Literal["hypercorn", "uvicorn"] = Field(
        "hypercorn",
        alias="PAYGATE_SERVER",
        description="HTTP server of the API and the pages; uvicorn needs "
        "paygate-framework[uvicorn]",
    )
    metrics_host: str = Field(
        "127.0.0.1",
        alias="PAYGATE_METRICS_HOST",
        description="address of the port for metrics and probes",
    )
    metrics_port: int = Field(
        0,
        alias="PAYGATE_METRICS_PORT",
        ge=0,
        le=65535,
        description="port of /metrics, /livez and /readyz apart from the API's; 0 opens none",
    )
    metrics_token: SecretStr = Field(
        SecretStr(""),
        alias="PAYGATE_METRICS_TOKEN",
        description="token for /metrics on the API's port; empty needs none in development, and "
        "serves no metrics there in production",
    )
    root_dialect: str = Field(
        "",
        alias="PAYGATE_ROOT_DIALECT",
        description="dialect of a plugin that is served at / too, for clients that take a host "
        "name only, such as stripe",
    )
    dashboard_port: int = Field(
        DASHBOARD_PORT,
        alias="PAYGATE_DASHBOARD_PORT",
        ge=0,
        le=65535,
        description="separate port of the dashboard; the API also serves it at /dashboard",
    )
    checkout_port: int = Field(
        3001,
        alias="PAYGATE_CHECKOUT_PORT",
        ge=0,
        le=65535,
        description="separate port of the checkout page and checkout.js; the API also serves them",
    )
    api_url: str = Field(
        "",
        alias="PAYGATE_API_URL",
        description="where browsers find the API; empty is http://localhost:PORT",
    )
    api_internal_url: str = Field(
        "",
        alias="PAYGATE_API_INTERNAL_URL",
        description="where `paygate pages checkout` finds the API; empty is PAYGATE_API_URL",
    )
    checkout_url: str = Field(
        "",
        alias="CHECKOUT_URL",
        description="where browsers find checkout.js; empty is http://localhost and its port",
    )
    dashboard_url: str = Field(
        "",
        alias="DASHBOARD_URL",
        description="where people find the dashboard; empty is http://localhost and its port",
    )
    home: Path = Field(
        Path(".paygate"),
        alias="PAYGATE_HOME",
        description="folder for the data of embedded servers",
    )
    vault_keys: Annotated[tuple[SecretStr, ...], BeforeValidator(_split)] = Field(
        (),
        alias="PAYGATE_VAULT_KEY",
        description="key that seals secrets; during a rotation both keys, the new one first. "
        "Empty stores one in PAYGATE_HOME; required in production",
    )
    processors: TextList = Field(
        (), alias="PAYGATE_PROCESSORS", description="processor ids, the preferred first"
    )
    plugins: TextList = Field(
        (),
        alias="PAYGATE_PLUGINS",
        description="names of the plugins to load; empty loads all",
    )
    plugin_folder: str = Field(
        "",
        alias="PAYGATE_PLUGIN_FOLDER",
        description="folder whose *.py files are loaded as plugins, for work on one machine; "
        "production refuses it",
    )
    scenario_amounts: bool = Field(
        False,
        alias="PAYGATE_SCENARIO_AMOUNTS",
        description="an amount that ends in 9 and three digits selects the scenario of that number",
    )
    plugin_call_s: float = Field(
        PLUGIN_CALL.total_seconds(),
        alias="PAYGATE_PLUGIN_TIMEOUT",
        gt=0,
        le=PLUGIN_CALL.total_seconds(),
        description="deadline of a plugin call in seconds; at most 10",
    )
    keep_events_days: int = Field(
        0,
        alias="PAYGATE_KEEP_EVENTS_DAYS",
        ge=0,
        le=36500,
        description="days for which events, deliveries with their attempts, and decisions of "
        "routing and risk are stored; 0 never deletes them",
    )
    keep_deliveries_days: int = Field(
        0,
        alias="PAYGATE_KEEP_DELIVERIES_DAYS",
        ge=0,
        le=36500,
        description="days for which deliveries with their attempts are stored; 0 stores them as "
        "long as their event",
    )
    keep_attempts_days: int = Field(
        0,
        alias="PAYGATE_KEEP_ATTEMPTS_DAYS",
        ge=0,
        le=36500,
        description="days for which attempts of deliveries, with the responses, are stored; 0 "
        "stores them as long as their delivery",
    )
    keep_calls_days: int = Field(
        CALLS_RETENTION.days,
        alias="PAYGATE_KEEP_CALLS_DAYS",
        ge=0,
        le=36500,
        description="days for which plugin calls and processor callbacks are stored, with "
        "their bodies; 0 never deletes them",
    )
    keep_callbacks_days: int | None = Field(
        None,
        alias="PAYGATE_KEEP_CALLBACKS_DAYS",
        ge=0,
        le=36500,
        description="days for which processor callbacks are stored; empty is "
        "PAYGATE_KEEP_CALLS_DAYS, 0 never deletes them",
    )
    keep_audit_days: int = Field(
        0,
        alias="PAYGATE_KEEP_AUDIT_DAYS",
        ge=0,
        le=36500,
        description="days for which audit entries are stored; 0 never deletes them",
    )
    keep_idempotency_keys_hours: int = Field(
        24,
        alias="PAYGATE_KEEP_IDEMPOTENCY_KEYS_HOURS",
        ge=24,
        le=8760,
        description="hours for which a request with the same Idempotency-Key gets the stored "
        "response; at least 24",
    )
    seed: int = Field(0, alias="PAYGATE_SEED", description="seed of simulations")
    replay: bool = Field(
        False,
        alias="PAYGATE_REPLAY",
        description="derive ids from PAYGATE_SEED, so that the same requests on an empty "
        "database give the same event log; one API process, never in production",
    )
    crash_at: str | None = Field(
        None,
        alias="PAYGATE_CRASH_AT",
        description="a point at which this process kills itself, for tests of crashes, such as "
        "charge.after_sent; never in production",
    )
    pool_size: int = Field(
        10, alias="PAYGATE_DATABASE_POOL", ge=2, le=100, description="connections per process"
    )
    webhook_ports: TextList = Field(
        (),
        alias="PAYGATE_WEBHOOK_PORTS",
        description="webhook ports besides 80 and 443, in production",
    )
    idempotency_mismatch: Literal["refuse", "replay"] = Field(
        "refuse",
        alias="PAYGATE_IDEMPOTENCY_MISMATCH",
        description="response to a reused key with another request: 422, or the stored response",
    )
    require_client_secret: bool | None = Field(
        None,
        alias="PAYGATE_REQUIRE_CLIENT_SECRET",
        description="browsers need an order's client_secret to see and pay it; "
        "empty means only in production",
    )
    trace_plugins: bool = Field(
        False,
        alias="PAYGATE_TRACE_PLUGINS",
        description="log every hook and every call of a plugin: plugin, duration, kind of answer",
    )
    traces: str = Field(
        "",
        alias="PAYGATE_TRACES",
        pattern=r"^(otlp|file:.+)?$",
        description="where traces are sent: otlp, which the OTEL_* variables configure, or "
        "file:PATH; empty makes none. Needs paygate-framework[traces]",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", alias="PAYGATE_LOG_LEVEL", description="lowest level that is logged"
    )
    log_format: Literal["text", "json"] = Field(
        "text", alias="PAYGATE_LOG_FORMAT", description="text for people, json for machines"
    )
    test_merchant_id: str = Field(
        "550e8400-e29b-41d4-a716-446655440000",
        alias="TEST_MERCHANT_ID",
        description="id of the merchant that is seeded outside production",
    )
    test_merchant_email: str = Field(
        "test@example.com",
        alias="TEST_MERCHANT_EMAIL",
        description="e-mail address of the test merchant",
    )
    test_api_key: str = Field(
        "key_test_abc123", alias="TEST_API_KEY", description="API key of the test merchant"
    )
    test_api_secret: str = Field(
        "secret_test_xyz789", alias="TEST_API_SECRET", description="API secret of the test merchant"
    )
    test_webhook_secret: str = Field(
        "whsec_test_abc123",
        alias="TEST_WEBHOOK_SECRET",
        description="webhook secret of the test merchant",
    )

    @property
    def serves_metrics(self) -> bool:
        """Whether the API's port serves ``/metrics``."""
        return not self.is_production or bool(self.metrics_token.get_secret_value())

    @property
    def api_origin(self) -> str:
        """The origin of the API for browsers."""
        return self.api_url.rstrip("/") or f"http://localhost:{self.port}"

    @property
    def api_internal_origin(self) -> str:
        """The origin of the API for the server of the checkout page."""
        return self.api_internal_url.rstrip("/") or self.api_origin

    @property
    def checkout_origin(self) -> str:
        """The origin of ``checkout.js`` for browsers."""
        return self.checkout_url.rstrip("/") or f"http://localhost:{self.checkout_port}"

    @property
    def dashboard_origins(self) -> frozenset[str]:
        """Origins that may use a session; outside production also the local ones."""
        parts = urlsplit(self.dashboard_url)
        named = frozenset({f"{parts.scheme}://{parts.netloc}"} if self.dashboard_url else ())
        if self.is_production:
            return named
        ports = {self.dashboard_port, DASHBOARD_PORT}
        hosts = ("localhost", "127.0.0.1")
        return named | {f"http://{host}:{port}" for host in hosts for port in ports}

    @property
    def hosts(self) -> frozenset[str]:
        """Host names of a development server, in lower case."""
        urls = (self.api_url, self.checkout_url, self.dashboard_url)
        named = (urlsplit(url).hostname or "" for url in urls)
        return frozenset(name.lower() for name in (*self.allowed_hosts, *named, self.host) if name)

    @property
    def has_public_docs(self) -> bool:
        """Whether the API reference is public."""
        return not self.is_production if self.public_docs is None else self.public_docs

    @property
    def requires_client_secret(self) -> bool:
        """Whether browsers need an order's secret to pay it."""
        if self.require_client_secret is None:
            return self.is_production
        return self.require_client_secret

    @property
    def is_production(self) -> bool:
        """Whether real money may be moved."""
        return self.environment == "production"


def setting_names() -> frozenset[str]:
    """Return the names of the variables of paygate's settings."""
    return frozenset(str(field.alias) for field in Settings.model_fields.values())


def read_settings(environ: Mapping[str, str]) -> Settings:
    """Read the settings from an environment. An empty value counts as missing.

    Raises:
        OperatorError: A value is invalid.
    """
    given: dict[str, Any] = {name: environ[name] for name in setting_names() if environ.get(name)}
    try:
        return Settings.model_validate(given)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise OperatorError(
            setting=str(first["loc"][0]),
            problem=f"invalid value ({first['msg']})",
            remedy="Correct it, or remove it to use the default",
        ) from None


def environment() -> dict[str, str]:
    """Return the process's environment, with defaults from ``.env`` in the working folder."""
    from dotenv import dotenv_values  # noqa: PLC0415 - only processes that start need it

    found = {name: value for name, value in dotenv_values(".env").items() if value is not None}
    return {**found, **os.environ}
