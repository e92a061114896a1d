"""What all verbs share."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Coroutine
from typing import Annotated, Any

import typer

from ..commands.setup import Setup, with_servers

app = typer.Typer(
    name="paygate",
    help="A plugin-based payment gateway with simulated processors.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

Port = Annotated[
    int | None, typer.Option(help="Port of the API, instead of PORT.", min=0, max=65535)
]
Host = Annotated[str | None, typer.Option(help="Address to listen on, instead of HOST.")]


def run(verb: Callable[[Setup], Coroutine[Any, Any, None]], setup: Setup) -> None:
    """Run a verb with the servers its settings ask for."""
    with with_servers(setup) as ready:
        if os.name == "posix":
            import uvloop

            uvloop.run(verb(ready))
        else:
            asyncio.run(verb(ready))
