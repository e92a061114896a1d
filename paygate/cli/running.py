"""Verbs that keep running."""

from __future__ import annotations

import asyncio
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from ..commands.setup import read_setup
from ..core.queue.notifier import QUEUES
from .base import Host, Port, app
from .base import run as run_verb

Home = Annotated[Path | None, typer.Option(help="Data folder, instead of PAYGATE_HOME.")]

Beside = Annotated[
    list[Path] | None,
    typer.Option("--with", help="A Python program to run beside it; may be repeated.", exists=True),
]


@app.command()
def dev(
    *,
    port: Port = None,
    host: Host = None,
    home: Home = None,
    no_redis: bool = False,
    keep_clock: Annotated[
        bool, typer.Option(help="Leave a moved or stopped test clock so, instead of releasing it.")
    ] = False,
    ephemeral: Annotated[
        bool,
        typer.Option(help="For a test suite: throw-away data, any port, one line of JSON."),
    ] = False,
    until_stdin_closes: Annotated[
        bool, typer.Option(help="With --ephemeral: end when the standard input does.")
    ] = False,
    beside: Beside = None,
) -> None:
    """Run everything here: PostgreSQL, Valkey, the API and a worker."""
    if ephemeral:
        from ..commands.ephemeral import ephemeral as run_ephemeral

        run_ephemeral(read_setup(host=host), port=port or 0, with_stdin=until_stdin_closes)
        raise typer.Exit
    from ..commands.dev import dev as run

    setup = read_setup(port=port, host=host, home=home)
    raise typer.Exit(run(setup, redis=not no_redis, keep_clock=keep_clock, beside=beside or []))


@app.command()
def serve(
    *,
    port: Port = None,
    host: Host = None,
    share_port: Annotated[bool, typer.Option(help="Share the port with others.")] = False,
    with_worker: Annotated[bool, typer.Option(help="Work in this process too.")] = False,
    with_pages: Annotated[bool, typer.Option(help="Dashboard and checkout ports too.")] = False,
    prepare: Annotated[bool, typer.Option(help="Migrate and seed first.")] = False,
) -> None:
    """Answer requests."""
    from ..commands.serve import serve as run

    run_verb(
        lambda setup: run(
            setup,
            share_port=share_port,
            with_worker=with_worker,
            with_pages=with_pages,
            prepare=prepare,
        ),
        read_setup(port=port, host=host),
    )


# Typer wants an enumeration where a word may be repeated.
QueueName = StrEnum("QueueName", list(QUEUES))  # type: ignore[misc]  # made of our own tuple


# Typer wants an enumeration here too.
PageKind = StrEnum("PageKind", ["dashboard", "checkout"])


@app.command()
def pages(
    kind: Annotated[PageKind, typer.Argument(help="Which pages.")],
    port: Port = None,
    host: Host = None,
) -> None:
    """Serve the dashboard or the checkout page on a port of their own."""
    from ..commands.pages import serve_pages

    setup = read_setup(host=host)
    asyncio.run(serve_pages("dashboard" if kind == "dashboard" else "checkout", setup, port=port))


@app.command()
def work(
    wait: Annotated[bool, typer.Option(help="Wait for migrations instead of refusing.")] = False,
    only: Annotated[
        list[QueueName] | None,
        typer.Option(help="Work on this queue; may be repeated. Without it, on all."),
    ] = None,
) -> None:
    """Process payments and refunds, deliver webhooks."""
    from ..commands.work import work as run

    queues = [queue for queue in QUEUES if only is None or queue in only]
    run_verb(lambda setup: run(setup, wait=wait, queues=queues), read_setup())
