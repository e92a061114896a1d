"""The commands for merchants' developers, and their options."""

from __future__ import annotations

import asyncio
import json
import os
from typing import Annotated, Any

import typer

from .chaos_verb import chaos
from .grade_verb import grade
from .objects import add_object_verbs
from .options import Shared, filters_of, with_access


@with_access
def listen(
    shared: Shared,
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
) -> None:
    """Forward events to a handler on your machine, signed like webhooks.

    It goes on after interruptions and leaves out no event. End it with Ctrl-C; the last cursor
    is printed with each event, and --since continues after it.
    """
    from .listen import Listen, listen, new_secret

    signs = secret or new_secret()
    # One that was given is known, and must not get into a log.
    if forward_to is not None and not secret:
        typer.echo(f"webhook secret: {signs}", err=True)
    command = Listen(
        access=shared.access,
        forward_to=forward_to,
        events=filters_of(events),
        since=since,
        secret=signs,
        sink=sink,
        count=count,
        exit_on_failure=exit_on_failure,
        as_json=shared.as_json,
        environ=os.environ,
    )
    try:
        code = asyncio.run(listen(command))
    except KeyboardInterrupt:
        code = 0
    raise typer.Exit(code)


@with_access
def trigger(
    shared: Shared,
    wanted: Annotated[str, typer.Argument(metavar="EVENT|SCENARIO")],
    amount: Annotated[int, typer.Option(min=1, help="In minor units.")] = 50_000,
    method: Annotated[str, typer.Option(help="upi or card.")] = "upi",
) -> None:
    """Make a real order and payment that produce an event, and print their ids."""
    from .trigger import Trigger, trigger

    command = Trigger(shared.access, wanted, amount, method, shared.as_json)
    typer.echo(asyncio.run(trigger(command)).printed(as_json=shared.as_json))


@with_access
def scenarios(
    shared: Shared,
) -> None:
    """List the scenarios of the simulated processors."""
    from ...adapters.http.api_client import open_api

    async def ask() -> list[dict[str, Any]]:
        async with open_api(shared.access) as api:
            return list((await api.call("GET", "/test/scenarios"))["data"])

    for each in asyncio.run(ask()):
        typer.echo(
            json.dumps(each) if shared.as_json else f"{each['name']:28} {each['description']}"
        )


def add_merchant_verbs(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    for verb in (listen, trigger, scenarios, chaos, grade):
        app.command()(verb)
    add_object_verbs(app)
