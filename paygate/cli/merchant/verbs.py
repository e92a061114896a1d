"""The commands for merchants' developers, and their options."""

from __future__ import annotations

import asyncio
import json
import os
from typing import Annotated, Any

import typer

URL = "http://localhost:8000"
Url = Annotated[str, typer.Option(envvar="PAYGATE_URL", help="Address of the API.")]
Key = Annotated[
    str, typer.Option("--api-key", envvar="PAYGATE_API_KEY", help="The merchant's API key.")
]
Secret = Annotated[
    str, typer.Option("--api-secret", envvar="PAYGATE_API_SECRET", help="The key's secret.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, an object a line.")]
TEST_KEY, TEST_SECRET = "key_test_abc123", "secret_test_xyz789"


def _access(url: str, key: str, secret: str) -> Any:
    from ...adapters.http.api_client import Access

    return Access(url.rstrip("/"), key, secret)


def listen(
    forward_to: Annotated[
        str | None, typer.Option(help="URL of your handler; without it, events are printed.")
    ] = None,
    events: Annotated[
        str, typer.Option(help="Only these, separated by commas: payment.*,refund.processed")
    ] = "",
    since: Annotated[
        str | None, typer.Option(help="Begin after this cursor; 0 is before the first event.")
    ] = None,
    secret: Annotated[
        str | None,
        typer.Option(envvar="PAYGATE_WEBHOOK_SECRET", help="Signs; without it, a new one."),
    ] = None,
    sink: Annotated[str, typer.Option(help="The event sink that forwards.")] = "webhook_http",
    count: Annotated[int | None, typer.Option(min=1, help="End after so many events.")] = None,
    exit_on_failure: Annotated[
        bool, typer.Option(help="End with code 1 when your handler does not accept an event.")
    ] = False,
    url: Url = URL,
    api_key: Key = TEST_KEY,
    api_secret: Secret = TEST_SECRET,
    as_json: AsJson = False,
) -> None:
    """Forward events to a handler on your machine, signed like webhooks.

    It goes on after interruptions and leaves out no event. End it with Ctrl-C; the last cursor
    is printed with each event, and --since continues after it.
    """
    from .listen import Listen, listen, new_secret

    signs = secret or new_secret()
    if forward_to is not None and not as_json:
        typer.echo(f"webhook secret: {signs}", err=True)
    command = Listen(
        access=_access(url, api_key, api_secret),
        forward_to=forward_to,
        events=tuple(filter(None, events.split(","))),
        since=since,
        secret=signs,
        sink=sink,
        count=count,
        exit_on_failure=exit_on_failure,
        as_json=as_json,
        environ=os.environ,
    )
    try:
        code = asyncio.run(listen(command))
    except KeyboardInterrupt:
        code = 0
    raise typer.Exit(code)


def trigger(
    wanted: Annotated[str, typer.Argument(metavar="EVENT|SCENARIO")],
    amount: Annotated[int, typer.Option(min=1, help="In minor units.")] = 50_000,
    method: Annotated[str, typer.Option(help="upi or card.")] = "upi",
    url: Url = URL,
    api_key: Key = TEST_KEY,
    api_secret: Secret = TEST_SECRET,
    as_json: AsJson = False,
) -> None:
    """Make a real order and payment that produce an event, and print their ids."""
    from .trigger import Trigger, trigger

    command = Trigger(_access(url, api_key, api_secret), wanted, amount, method, as_json)
    typer.echo(asyncio.run(trigger(command)).printed(as_json=as_json))


def scenarios(
    url: Url = URL,
    api_key: Key = TEST_KEY,
    api_secret: Secret = TEST_SECRET,
    as_json: AsJson = False,
) -> None:
    """List the scenarios of the simulated processors."""
    from ...adapters.http.api_client import open_api

    async def ask() -> list[dict[str, Any]]:
        async with open_api(_access(url, api_key, api_secret)) as api:
            return list((await api.call("GET", "/test/scenarios"))["data"])

    for each in asyncio.run(ask()):
        typer.echo(json.dumps(each) if as_json else f"{each['name']:28} {each['description']}")


def add_merchant_verbs(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    for verb in (listen, trigger, scenarios):
        app.command()(verb)
