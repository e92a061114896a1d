"""``paygate dev --ephemeral``: run everything for one run of a test suite."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from typing import Any

import uvloop
from pydantic import SecretStr

from ..adapters.embedded.throwaway import throwaway_servers
from ..adapters.vault.keyed import new_key
from ..bootstrap import App
from ..testing.defaults import DEFAULTS
from .listening import end_with_stdin, listen, reachable, refuse_remote_development
from .serve import serve
from .setup import Setup, refuse_in_production


def ephemeral(setup: Setup, *, port: int = 0, with_stdin: bool = False) -> None:
    """Serve until SIGINT or SIGTERM, then remove all data.

    Args:
        setup: The databases it names are not used.
        port: 0 for any free port.
        with_stdin: End at the end of the standard input, that is, when the process at its
            other end ends.

    Raises:
        OperatorError: The port is in use, or the server cannot be started.
    """
    refuse_in_production(setup.settings, verb="paygate dev")
    refuse_remote_development(setup.settings)
    listening = listen(setup.settings.host, port)
    chosen = int(listening.getsockname()[1])
    base = setup.settings.api_url.rstrip("/") or f"http://{reachable(setup.settings.host)}:{chosen}"
    if with_stdin:
        end_with_stdin()
    with throwaway_servers() as servers:
        own = {
            "database_url": servers.urls.database_url,
            "redis_url": "",
            "port": chosen,
            "api_url": base,
            "checkout_url": base,
            "vault_keys": (SecretStr(new_key()),),
        }
        ready = Setup(setup.settings.model_copy(update=own), {**DEFAULTS, **setup.environ})
        uvloop.run(
            serve(ready, with_worker=True, prepare=True, listening=listening, ready=_say(base))
        )


def _say(base: str) -> Callable[[App], None]:
    def announce(app: App) -> None:
        print(json.dumps(_where(base, app)), flush=True)

    return announce


def _where(base: str, app: App) -> dict[str, Any]:
    """Return what a test suite needs to connect."""
    merchant = app.deps.policy.test_merchant
    assert merchant is not None, "refused in production"
    return {
        "base_url": base,
        "api_url": f"{base}/api/v1",
        "namespaces_url": f"{base}/api/v1/test/namespaces",
        "clock_url": f"{base}/api/v1/test/clock",
        "merchant_id": merchant.id,
        "api_key": merchant.api_key,
        "api_secret": merchant.api_secret,
        "webhook_secret": merchant.webhook_secret,
        "database_url": app.settings.database_url,
        "pid": os.getpid(),
    }
