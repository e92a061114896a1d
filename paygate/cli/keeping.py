"""Verbs for whoever keeps an installation."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from ..commands.setup import Setup, read_setup
from .base import app
from .base import run as run_verb


@app.command()
def migrate() -> None:
    """Bring the database's schema up to date."""
    from ..adapters.postgres.migrate import migrate as apply
    from ..bootstrap import direct_url

    async def run(setup: Setup) -> None:
        applied = await apply(direct_url(setup.settings))
        print("\n".join(f"applied {name}" for name in applied) or "nothing to do")

    run_verb(run, read_setup())


@app.command()
def seed(
    *,
    remove: Annotated[
        bool,
        typer.Option(help="Deactivate it and every namespace of tests, as production asks."),
    ] = False,
) -> None:
    """Store the test merchant, or activate it again."""
    from ..commands.seed import remove_tests
    from ..commands.seed import seed as store

    async def run(setup: Setup) -> None:
        print("\n".join(await remove_tests(setup) if remove else await store(setup)))

    run_verb(run, read_setup())


@app.command()
def doctor(
    *,
    worker: Annotated[
        bool, typer.Option(help="Only whether a worker of this machine lives: exit code 0 or 1.")
    ] = False,
) -> None:
    """Say what is configured, what is stuck, and why."""
    from ..commands.doctor import doctor as examine
    from ..commands.doctor import worker_lives

    if worker:
        raise typer.Exit(0 if asyncio.run(worker_lives(read_setup())) else 1)

    async def run(setup: Setup) -> None:
        async for line in examine(setup):
            print(line)

    run_verb(run, read_setup())


@app.command()
def key() -> None:
    """Make a key for PAYGATE_VAULT_KEY."""
    from ..adapters.vault.keyed import new_key

    print(new_key())


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def psql(context: typer.Context) -> None:
    """Open psql on paygate's database; further arguments are psql's, such as -c 'SELECT 1'."""
    from ..commands.psql import psql as run

    raise typer.Exit(run(read_setup(), context.args))
