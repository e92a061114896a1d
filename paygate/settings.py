"""The environment comes in here and nowhere else."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError

from .core.errors import OperatorError
from .core.limits import (
    CALLS_RETENTION,
    DELIVERIES_IN_FLIGHT_MAX,
    OPERATIONS_IN_FLIGHT_MAX,
    PLUGIN_CALL,
)


def _words(given: object) -> object:
    if isinstance(given, str):
        return tuple(word.strip() for word in given.split(",") if word.strip())
    return given


DASHBOARD_PORT = 3000
Words = Annotated[tuple[str, ...], BeforeValidator(_words)]


class Settings(BaseModel):
    """Every setting of paygate itself; a plugin's are read by its own model."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    environment: Literal["development", "production"] = Field(
        "development",
        alias="PAYGATE_ENV",
        description="production switches off the test merchant and the test routes, and lets "
        "webhooks reach public addresses only",
    )
    database_url: str = Field(
        "", alias="DATABASE_URL", description="PostgreSQL 15 to 18; empty starts one of our own"
    )
    database_direct_url: str = Field(
        "",
        alias="PAYGATE_DATABASE_DIRECT_URL",
        description="PostgreSQL itself where DATABASE_URL is a pooler such as PgBouncer; "
        "migrations and the test clock use it",
    )
    redis_url: str = Field(
        "", alias="REDIS_URL", description="Redis 7 or Valkey 8; empty starts one of our own"
    )
    redis_optional: bool = Field(
        False,
        alias="PAYGATE_REDIS_OPTIONAL",
        description="start even while Redis cannot be reached; work is found a second later",
    )
    profile: Literal["strict", "standard", "open-demo"] = Field(
        "standard",
        alias="PAYGATE_PROFILE",
        description="standard also serves the paths and words of other gateways; strict serves "
        "only paygate's own; open-demo asks nobody for keys and accepts payments of orders it "
        "never saw, and is never for production",
    )
    allow_simulators: bool = Field(
        False,
        alias="PAYGATE_ALLOW_SIMULATORS",
        description="let production start with processors that only simulate payments",
    )
    allow_remote_dev: bool = Field(
        False,
        alias="PAYGATE_ALLOW_REMOTE_DEV",
        description="let other machines reach a development server, which signs anyone in",
    )
    allowed_origins: Words = Field(
        (),
        alias="PAYGATE_ALLOWED_ORIGINS",
        description="origins whose pages may send API keys, beside those of this machine; * for "
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
        description="payments and refunds that a worker asks processors about at a time, each",
    )
    deliveries_in_flight: int = Field(
        DELIVERIES_IN_FLIGHT_MAX,
        alias="PAYGATE_WEBHOOK_CONCURRENCY",
        ge=1,
        le=10_000,
        description="webhooks that a worker delivers at a time",
    )
    allowed_hosts: Words = Field(
        (),
        alias="PAYGATE_ALLOWED_HOSTS",
        description="names by which a development server is reached, beside localhost, "
        "addresses and those of the URLs",
    )
    public_docs: bool | None = Field(
        None,
        alias="PAYGATE_PUBLIC_DOCS",
        description="serve /docs/api, /openapi.json, /__routes and /debug/webhook-receiver; "
        "empty means only in development",
    )
    hsts_s: int = Field(
        0,
        alias="PAYGATE_HSTS_SECONDS",
        ge=0,
        le=63_072_000,
        description="tell browsers for so many seconds to use TLS only; 0 leaves it to the proxy",
    )
    host: str = Field("127.0.0.1", alias="HOST", description="address the API listens on")
    port: int = Field(8000, alias="PORT", ge=0, le=65535, description="port of the API")
    dashboard_port: int = Field(
        DASHBOARD_PORT,
        alias="PAYGATE_DASHBOARD_PORT",
        ge=0,
        le=65535,
        description="port of the dashboard on its own; it is at /dashboard of the API too",
    )
    checkout_port: int = Field(
        3001,
        alias="PAYGATE_CHECKOUT_PORT",
        ge=0,
        le=65535,
        description="port of the checkout page and checkout.js; they are on the API's port too",
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
        Path(".paygate"), alias="PAYGATE_HOME", description="folder of the embedded servers' data"
    )
    vault_keys: Annotated[tuple[SecretStr, ...], BeforeValidator(_words)] = Field(
        (),
        alias="PAYGATE_VAULT_KEY",
        description="seals secrets; while one key replaces another, both, the new one first. "
        "Empty keeps one in PAYGATE_HOME; required in production",
    )
    processors: Words = Field(
        (), alias="PAYGATE_PROCESSORS", description="processor ids, the preferred first"
    )
    plugins: Words = Field(
        (),
        alias="PAYGATE_PLUGINS",
        description="names of the installed plugins to load; empty loads all",
    )
    scenario_amounts: bool = Field(
        False,
        alias="PAYGATE_SCENARIO_AMOUNTS",
        description="an amount that ends in 9 and three digits plays the scenario of that number",
    )
    plugin_call_s: float = Field(
        PLUGIN_CALL.total_seconds(),
        alias="PAYGATE_PLUGIN_TIMEOUT",
        gt=0,
        le=PLUGIN_CALL.total_seconds(),
        description="seconds a plugin may take to answer; 10 is the longest",
    )
    keep_events_days: int = Field(
        0,
        alias="PAYGATE_KEEP_EVENTS_DAYS",
        ge=0,
        le=36500,
        description="days for which events, deliveries with their attempts, and decisions of "
        "routing and risk are kept; 0 keeps them for ever",
    )
    keep_calls_days: int = Field(
        CALLS_RETENTION.days,
        alias="PAYGATE_KEEP_CALLS_DAYS",
        ge=1,
        le=36500,
        description="days for which plugins' calls and processors' callbacks are kept, with "
        "their bodies",
    )
    seed: int = Field(0, alias="PAYGATE_SEED", description="what simulations draw from")
    replay: bool = Field(
        False,
        alias="PAYGATE_REPLAY",
        description="make ids from PAYGATE_SEED, so that the same requests on an empty "
        "database give the same event log; one API process, never in production",
    )
    pool_size: int = Field(
        10, alias="PAYGATE_DATABASE_POOL", ge=2, le=100, description="connections a process"
    )
    webhook_ports: Words = Field(
        (), alias="PAYGATE_WEBHOOK_PORTS", description="ports beside 80 and 443, in production"
    )
    idempotency_mismatch: Literal["refuse", "replay"] = Field(
        "refuse",
        alias="PAYGATE_IDEMPOTENCY_MISMATCH",
        description="what a key that was used for another request gets: 422, or the first answer",
    )
    require_client_secret: bool | None = Field(
        None,
        alias="PAYGATE_REQUIRE_CLIENT_SECRET",
        description="browsers see and pay an order only with the client_secret it was made "
        "with; empty means only in production",
    )
    trace_plugins: bool = Field(
        False,
        alias="PAYGATE_TRACE_PLUGINS",
        description="log every hook and every call of a plugin: whose, how long, which kind of "
        "answer",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", alias="PAYGATE_LOG_LEVEL", description="how much to say"
    )
    log_format: Literal["text", "json"] = Field(
        "text", alias="PAYGATE_LOG_FORMAT", description="json is for machines"
    )
    test_merchant_id: str = Field(
        "550e8400-e29b-41d4-a716-446655440000",
        alias="TEST_MERCHANT_ID",
        description="of the merchant that is seeded outside production",
    )
    test_merchant_email: str = Field(
        "test@example.com", alias="TEST_MERCHANT_EMAIL", description="of the test merchant"
    )
    test_api_key: str = Field(
        "key_test_abc123", alias="TEST_API_KEY", description="of the test merchant"
    )
    test_api_secret: str = Field(
        "secret_test_xyz789", alias="TEST_API_SECRET", description="of the test merchant"
    )
    test_webhook_secret: str = Field(
        "whsec_test_abc123", alias="TEST_WEBHOOK_SECRET", description="of the test merchant"
    )

    @property
    def api_origin(self) -> str:
        """Where browsers find the API."""
        return self.api_url.rstrip("/") or f"http://localhost:{self.port}"

    @property
    def api_internal_origin(self) -> str:
        """Where the server of the checkout page finds the API."""
        return self.api_internal_url.rstrip("/") or self.api_origin

    @property
    def checkout_origin(self) -> str:
        """Where browsers find ``checkout.js``."""
        return self.checkout_url.rstrip("/") or f"http://localhost:{self.checkout_port}"

    @property
    def dashboard_origin(self) -> str:
        """Where people find the dashboard."""
        return self.dashboard_url.rstrip("/") or f"http://localhost:{self.dashboard_port}"

    @property
    def dashboard_origins(self) -> frozenset[str]:
        """Whose pages may use a person's session; outside production the local ones too."""
        parts = urlsplit(self.dashboard_url)
        named = frozenset({f"{parts.scheme}://{parts.netloc}"} if self.dashboard_url else ())
        if self.is_production:
            return named
        ports = {self.dashboard_port, DASHBOARD_PORT}
        hosts = ("localhost", "127.0.0.1")
        return named | {f"http://{host}:{port}" for host in hosts for port in ports}

    @property
    def hosts(self) -> frozenset[str]:
        """Names by which a development server may be reached, in lower case."""
        urls = (self.api_url, self.checkout_url, self.dashboard_url)
        named = (urlsplit(url).hostname or "" for url in urls)
        return frozenset(name.lower() for name in (*self.allowed_hosts, *named, self.host) if name)

    @property
    def has_public_docs(self) -> bool:
        """Whether anyone may read what the API looks like."""
        return not self.is_production if self.public_docs is None else self.public_docs

    @property
    def requires_client_secret(self) -> bool:
        """Whether an order's id is not enough to pay it."""
        if self.require_client_secret is None:
            return self.is_production
        return self.require_client_secret

    @property
    def is_production(self) -> bool:
        """Whether strangers' money could be meant."""
        return self.environment == "production"


def setting_names() -> frozenset[str]:
    """The variables that paygate's own settings are read from."""
    return frozenset(str(field.alias) for field in Settings.model_fields.values())


def read_settings(environ: Mapping[str, str]) -> Settings:
    """The settings in an environment. An empty value counts as absent.

    Raises:
        OperatorError: A value is wrong.
    """
    given: dict[str, Any] = {name: environ[name] for name in setting_names() if environ.get(name)}
    try:
        return Settings.model_validate(given)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise OperatorError(
            setting=str(first["loc"][0]),
            problem=f"its value is not usable ({first['msg']})",
            remedy="Correct it, or leave it out to use the default",
        ) from None


def environment() -> dict[str, str]:
    """The process's environment over the ``.env`` file of the folder it runs in."""
    from dotenv import dotenv_values  # noqa: PLC0415 - only processes that start need it

    found = {name: value for name, value in dotenv_values(".env").items() if value is not None}
    return {**found, **os.environ}
