"""Refuse unsafe settings in production.

Only ``refuse_unsafe`` decides it. Each problem has its own message, which names the
setting, and ends the process with exit code 2.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from urllib.parse import unquote, urlsplit

from pydantic import BaseModel

from .core.accounts.model import PUBLISHED_SECRET
from .core.errors import OperatorError
from .core.origins import is_loopback
from .plugins.defaults import PRODUCTION_S, DefaultsConfig, ScenariosConfig
from .plugins.host import Loaded
from .settings import Settings
from .simulator.settings import SimulatorSettings

PUBLISHED_VAULT_KEYS = frozenset({"cGF5Z2F0ZS1kZW1vLWtleS1ub3QtZm9yLXByb2R1Y3Q="})
"""Used in paygate's container files: anyone with an order's id could compute its secret."""

PUBLISHED_CALLBACK_SECRETS = frozenset({"simulator_secret", PUBLISHED_SECRET})
PUBLISHED_DATABASE_PASSWORDS = frozenset({"gateway_pass"})

_TRUE = frozenset({"1", "true", "t", "yes", "y", "on"})


def refuse_unsafe(
    settings: Settings,
    environ: Mapping[str, str],
    *,
    loaded: Loaded | None = None,
    test_keys: Sequence[str] = (),
    needs_vault: bool = True,
) -> None:
    """Refuse to start in production with settings that are only safe in development.

    Args:
        settings: The settings of paygate.
        environ: The environment that plugins read.
        loaded: The plugins and their settings; None if none are loaded.
        test_keys: API keys of active test merchants in the database.
        needs_vault: Whether the process seals anything.

    Raises:
        OperatorError: The first unsafe setting; the message says what to do.
    """
    if not settings.is_production:
        return
    found = [*_unsafe_settings(settings, environ)]
    if needs_vault and not settings.vault_keys:
        found.append(_no_vault_key())
    if loaded is not None:
        found += [*_unsafe_plugin_settings(settings, loaded), *_simulators(settings, loaded)]
    if test_keys:
        found.append(_test_credentials(test_keys))
    for mistake in found:
        raise mistake


def _unsafe_settings(settings: Settings, environ: Mapping[str, str]) -> Iterator[OperatorError]:
    if settings.replay:
        yield OperatorError(
            setting="PAYGATE_REPLAY",
            problem="predictable ids can be guessed, which production refuses",
            remedy="Remove it",
        )
    if settings.crash_at is not None:
        yield OperatorError(
            setting="PAYGATE_CRASH_AT",
            problem="a process that kills itself serves tests only, and production refuses it",
            remedy="Remove it",
        )
    if settings.plugin_folder:
        yield OperatorError(
            setting="PAYGATE_PLUGIN_FOLDER",
            problem="a folder of plugins is for work on one machine, and production refuses it",
            remedy="Make a package of each plugin and install it; remove the setting",
        )
    if settings.profile == "open-demo":
        yield OperatorError(
            setting="PAYGATE_PROFILE",
            problem="open-demo needs no credentials, which production refuses",
            remedy="Remove it",
        )
    yield from _test_settings(settings, environ)
    yield from _published_secrets(settings, environ)
    yield from _plain_http(settings)


def _test_settings(settings: Settings, environ: Mapping[str, str]) -> Iterator[OperatorError]:
    if environ.get("TEST_MODE", "").strip().lower() in _TRUE:
        yield _test_mode()
    if settings.allow_simulators:
        return
    for setting, is_set in (
        ("PAYGATE_SCENARIO_AMOUNTS", settings.scenario_amounts),
        ("PAYGATE_SCENARIOS", bool(environ.get("PAYGATE_SCENARIOS"))),
    ):
        if is_set:
            yield _scenarios(setting)


def _published_secrets(settings: Settings, environ: Mapping[str, str]) -> Iterator[OperatorError]:
    if any(key.get_secret_value() in PUBLISHED_VAULT_KEYS for key in settings.vault_keys):
        yield OperatorError(
            setting="PAYGATE_VAULT_KEY",
            problem="this key was published with paygate, and everyone can read it",
            remedy="Create one with `paygate key` and set it for every process",
        )
    if environ.get("PAYGATE_SIMULATOR_SECRET", "") in PUBLISHED_CALLBACK_SECRETS:
        yield _callback_secret()
    if _password(settings.database_url) in PUBLISHED_DATABASE_PASSWORDS:
        yield OperatorError(
            setting="DATABASE_URL",
            problem="its password was published with paygate, and everyone can read it",
            remedy="Give the database's role another password",
        )


def _plain_http(settings: Settings) -> Iterator[OperatorError]:
    named = {
        "PAYGATE_API_URL": (settings.api_url,),
        "CHECKOUT_URL": (settings.checkout_url,),
        "DASHBOARD_URL": (settings.dashboard_url,),
        "PAYGATE_ALLOWED_ORIGINS": settings.allowed_origins,
    }
    for setting, urls in named.items():
        for url in filter(_is_plain_http, urls):
            yield OperatorError(
                setting=setting,
                problem=f"{url} is not encrypted: credentials and card numbers could be "
                "intercepted",
                remedy="Put TLS in front and write https://",
            )


def _is_plain_http(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme == "http" and not is_loopback(parts.hostname or "")


def _password(url: str) -> str:
    try:
        return unquote(urlsplit(url).password or "")
    except ValueError:
        return ""  # reported when connecting


def _unsafe_plugin_settings(settings: Settings, loaded: Loaded) -> Iterator[OperatorError]:
    """Check the effective settings: an operator may have stored them in the database."""
    for config in _configs(loaded):
        match config:
            case SimulatorSettings(test_mode=True):
                yield _test_mode()
            case SimulatorSettings(callback_secret=secret) if (
                secret is not None and secret.get_secret_value() in PUBLISHED_CALLBACK_SECRETS
            ):
                yield _callback_secret()
            case DefaultsConfig(intervals=intervals) if tuple(intervals) != PRODUCTION_S:
                yield OperatorError(
                    setting="WEBHOOK_RETRY_INTERVALS_TEST",
                    problem="with the delays of tests, webhooks fail within a minute, which "
                    "production refuses",
                    remedy="Remove it",
                )
            case ScenariosConfig(file=file) if file and not settings.allow_simulators:
                yield _scenarios("PAYGATE_SCENARIOS")


def _configs(loaded: Loaded) -> Iterable[BaseModel]:
    return (config for configs in loaded.configs.values() for config in configs)


def _simulators(settings: Settings, loaded: Loaded) -> Iterator[OperatorError]:
    if settings.allow_simulators:
        return
    for id, processor in loaded.registry.processors.items():
        if processor.capabilities.simulated:
            yield OperatorError(
                setting="PAYGATE_ALLOW_SIMULATORS",
                problem=f"processor {id} is a simulator and moves no money: orders would "
                "count as paid without money, which production refuses",
                remedy="Uninstall its plugin, remove it from PAYGATE_PLUGINS, or set "
                "PAYGATE_ALLOW_SIMULATORS=true if payments are to be simulated",
            )


def _no_vault_key() -> OperatorError:
    return OperatorError(
        setting="PAYGATE_VAULT_KEY",
        problem="production needs a key to seal card details with",
        remedy="Create one with `paygate key` and set it for every process",
    )


def _test_credentials(keys: Sequence[str]) -> OperatorError:
    more = f" and {len(keys) - 1} more" if len(keys) > 1 else ""
    return OperatorError(
        setting="DATABASE_URL",
        problem=f"the database contains active test credentials ({keys[0]}{more}), which "
        "production refuses",
        remedy="Deactivate them with `paygate seed --remove`, or name another database",
    )


def _test_mode() -> OperatorError:
    return OperatorError(
        setting="TEST_MODE",
        problem="requests could control simulated processors, which production refuses",
        remedy="Remove it, also from the plugins' stored settings",
    )


def _scenarios(setting: str) -> OperatorError:
    return OperatorError(
        setting=setting,
        problem="a shopper could choose the outcome of a payment, which production refuses",
        remedy="Remove it, or set PAYGATE_ALLOW_SIMULATORS=true if payments are to be simulated",
    )


def _callback_secret() -> OperatorError:
    return OperatorError(
        setting="PAYGATE_SIMULATOR_SECRET",
        problem="this secret was published with paygate: anyone could sign a callback "
        "of a successful payment",
        remedy="Remove it to have one derived from PAYGATE_VAULT_KEY, or set another",
    )
