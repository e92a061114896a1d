"""The options of ``paygate bank``."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

Host = Annotated[str, typer.Option(help="Address to listen on.")]
Port = Annotated[int, typer.Option(min=0, max=65535, help="0 for any free port.")]
CallbackUrl = Annotated[
    str | None, typer.Option(help="Where callbacks are sent; without it, none are.")
]
Scenario = Annotated[
    str, typer.Option(help="Of charges whose card, UPI ID and body name none; approve by default.")
]
Latency = Annotated[float, typer.Option(min=0, max=60_000, help="How long every answer takes.")]
Patience = Annotated[
    float, typer.Option(min=1, max=60_000, help="How long callers wait; late answers come later.")
]
ApiKey = Annotated[str | None, typer.Option(help="Moves money; bank_test_key by default.")]
Secret = Annotated[
    str | None, typer.Option(help="Signs callbacks; bank_test_callbacks by default.")
]
WithStdin = Annotated[bool, typer.Option(help="Stop when the standard input ends.")]


def bank(
    *,
    port: Port = 8090,
    host: Host = "127.0.0.1",
    callback_url: CallbackUrl = None,
    scenario: Scenario = "approve",
    latency_ms: Latency = 0,
    patience_ms: Patience = 10_000,
    api_key: ApiKey = None,
    callback_secret: Secret = None,
    until_stdin_closes: WithStdin = False,
) -> None:
    """Serve a bank over HTTP, to test a connector against.

    It plays the scenarios, also faults before and after a charge. GET /book shows what it has
    executed. It prints a line of JSON when it is ready.
    """
    from ..bank.server import API_KEY, CALLBACK_SECRET, BankKeys
    from .bank import bank_settings, serve_bank

    settings = bank_settings(
        scenario=scenario,
        latency_ms=latency_ms,
        patience_ms=patience_ms,
        callback_url=callback_url,
    )
    keys = BankKeys(api_key or API_KEY, callback_secret or CALLBACK_SECRET)
    asyncio.run(serve_bank(host, port, settings, keys, with_stdin=until_stdin_closes))
