"""The options of ``paygate chaos``."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Annotated

import typer

from ...chaos.plan import SignatureKind
from ...core.errors import OperatorError
from .options import Shared, filters_of, with_access

ForwardTo = Annotated[str, typer.Option(help="URL of your handler.")]
Check = Annotated[str, typer.Option(metavar="CMD|URL", help="Says whether your books are right.")]
Seed = Annotated[int, typer.Option(help="Of what is chosen at random.")]
Orders = Annotated[int, typer.Option(min=1, max=5040, help="At most so many orders.")]
Mixed = Annotated[int, typer.Option(min=0, max=1000, help="Sequences with several faults at once.")]
Events = Annotated[
    str, typer.Option(help="Only these, separated by commas: payment.*,refund.processed")
]
Only = Annotated[str | None, typer.Option(help="Play only this one, as a report prints it.")]
Signature = Annotated[SignatureKind, typer.Option(help="What your handler verifies.")]
Settle = Annotated[
    float, typer.Option(min=0, max=60, help="Seconds from the last event to the check.")
]
AtOnce = Annotated[int, typer.Option(min=1, max=32, help="Sequences at the same time.")]
Amount = Annotated[int, typer.Option(min=1000, help="In minor units.")]
Secret = Annotated[
    str | None,
    typer.Option(envvar="PAYGATE_WEBHOOK_SECRET", help="Signs; without it, the merchant's."),
]
Junit = Annotated[Path | None, typer.Option(help="Write JUnit XML to this file.")]
Html = Annotated[Path | None, typer.Option(help="Write a page to this file.")]


@with_access
def chaos(
    shared: Shared,
    forward_to: ForwardTo,
    check: Check,
    seed: Seed = 1,
    orders: Orders = 120,
    mixed: Mixed = 40,
    events: Events = "",
    sequence: Only = None,
    signature: Signature = SignatureKind.STANDARD,
    settle: Settle = 0,
    at_once: AtOnce = 4,
    amount: Amount = 50_000,
    method: Annotated[str, typer.Option(help="upi or card.")] = "upi",
    secret: Secret = None,
    sink: Annotated[str, typer.Option(help="The event sink that sends.")] = "webhook_http",
    junit: Junit = None,
    html: Html = None,
) -> None:
    """Play the bad days of a payment to a handler: duplicates, every order, forged events.

    Each sequence has a payment of its own. After it the check says whether your books are right.
    A failure is shrunk to the smallest sequence that fails. Exit code 1: something is wrong.
    """
    from ...chaos.plan import PlanOptions
    from ...chaos.run import ChaosOptions
    from ...chaos.sequence import parse_steps
    from .chaos import PlayChaos
    from .chaos import chaos as play

    try:
        only = None if sequence is None else parse_steps(sequence)
    except ValueError as error:
        remedy = "Copy it from a report"
        raise OperatorError(setting="--sequence", problem=str(error), remedy=remedy) from error
    options = ChaosOptions(
        plan=PlanOptions(seed, orders, mixed, signature),
        events=filters_of(events),
        only=only,
        at_once=at_once,
        settle_s=settle,
        progress=lambda line: typer.echo(line, err=True),
    )
    command = PlayChaos(shared.access, forward_to, check, options, amount, method, secret, sink)
    command = command.writing(junit, html, as_json=shared.as_json, environ=os.environ)
    raise typer.Exit(asyncio.run(play(command)))
