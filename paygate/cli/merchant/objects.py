"""Commands that list and show what the merchant has, and move the test clock."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Annotated, Any
from urllib.parse import quote, urlencode

import typer

from .options import Shared, with_access

payments = typer.Typer(no_args_is_help=True, help="The merchant's payments.")
refunds = typer.Typer(no_args_is_help=True, help="The merchant's refunds.")
deliveries = typer.Typer(no_args_is_help=True, help="Deliveries of events to endpoints.")
clock = typer.Typer(no_args_is_help=True, help="The test clock of the gateway.")

Id = Annotated[str, typer.Argument(metavar="ID")]
Limit = Annotated[int, typer.Option(min=1, max=100, help="How many.")]
Status = Annotated[str | None, typer.Option(help="Only those with this status.")]
Payment = Annotated[str | None, typer.Option(help="Only those of this payment.")]
COLUMNS: Mapping[str, Sequence[str]] = {
    "payments": ("created_at", "id", "status", "amount", "currency", "method", "order_id"),
    "refunds": ("created_at", "id", "status", "amount", "payment_id", "reason"),
    "webhooks": ("created_at", "id", "status", "event", "attempts", "response_code"),
}
"""The fields of a list that are printed, by path."""


@payments.command("list")
@with_access
def list_payments(
    shared: Shared,
    status: Status = None,
    limit: Limit = 20,
) -> None:
    """List payments, the newest first."""
    _list("payments", {"status": status, "limit": limit}, shared)


@payments.command("show")
@with_access
def show_payment(
    shared: Shared,
    payment_id: Id,
) -> None:
    """Show a payment."""
    _show("GET", f"/payments/{_segment(payment_id)}", None, shared)


@payments.command("timeline")
@with_access
def show_timeline(
    shared: Shared,
    payment_id: Id,
) -> None:
    """Show what has happened to a payment, oldest first."""
    path = f"/payments/{_segment(payment_id)}/timeline"
    for entry in _ask("GET", path, None, shared)["data"]:
        note = f" ({entry['note']})" if entry["note"] else ""
        typer.echo(json.dumps(entry) if shared.as_json else f"{entry['at']}  {entry['what']}{note}")


@refunds.command("list")
@with_access
def list_refunds(
    shared: Shared,
    status: Status = None,
    payment: Payment = None,
    limit: Limit = 20,
) -> None:
    """List refunds, the newest first."""
    wanted = {"status": status, "payment_id": payment, "limit": limit}
    _list("refunds", wanted, shared)


@refunds.command("show")
@with_access
def show_refund(
    shared: Shared,
    refund_id: Id,
) -> None:
    """Show a refund."""
    _show("GET", f"/refunds/{_segment(refund_id)}", None, shared)


@deliveries.command("list")
@with_access
def list_deliveries(
    shared: Shared,
    status: Status = None,
    payment: Payment = None,
    limit: Limit = 20,
) -> None:
    """List deliveries, the newest first."""
    wanted = {"status": status, "payment_id": payment, "limit": limit}
    _list("webhooks", wanted, shared)


@deliveries.command("resend")
@with_access
def resend(
    shared: Shared,
    delivery_id: Id,
) -> None:
    """Deliver an event to its endpoint once more."""
    _show("POST", f"/webhooks/{_segment(delivery_id)}/retry", {}, shared)


@deliveries.command("recover")
@with_access
def recover(
    shared: Shared,
    since: Annotated[str, typer.Option(help="Created at this time or later, ISO 8601.")],
    send: Annotated[bool, typer.Option("--send", help="Resend them.")] = False,
) -> None:
    """Count the failed deliveries since a time; with --send, resend them."""
    body = {"since": since, "dry_run": not send}
    _show("POST", "/webhooks/recover", body, shared)


@clock.command("show")
@with_access
def show_clock(
    shared: Shared,
) -> None:
    """Show the gateway's time."""
    _show("GET", "/test/clock", None, shared)


@clock.command("advance")
@with_access
def advance_clock(
    shared: Shared,
    seconds: Annotated[float | None, typer.Argument(help="How far.")] = None,
    to_next: Annotated[
        bool, typer.Option("--to-next", help="To the next time at which work is due.")
    ] = False,
) -> None:
    """Advance the gateway's time; what is due by then is done."""
    body = {"to_next": True} if to_next else {"seconds": seconds}
    _show("POST", "/test/clock/advance", body, shared)


@clock.command("set")
@with_access
def set_clock(
    shared: Shared,
    at: Annotated[str, typer.Argument(metavar="TIME", help="ISO 8601.")],
) -> None:
    """Stop the gateway's time at a time in the future."""
    _show("POST", "/test/clock/set", {"at": at}, shared)


@clock.command("release")
@with_access
def release_clock(
    shared: Shared,
) -> None:
    """Return to the real time."""
    _show("POST", "/test/clock/release", {}, shared)


def add_object_verbs(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    for name, verbs in (
        ("payments", payments),
        ("refunds", refunds),
        ("deliveries", deliveries),
        ("clock", clock),
    ):
        app.add_typer(verbs, name=name)


def _segment(id: str) -> str:
    """Return an id as a part of a path, so that it leads to no other path."""
    if id in {"", ".", ".."}:
        raise typer.BadParameter(f"{id!r} is not an id")
    return quote(id, safe="")


def _ask(method: str, path: str, body: Mapping[str, Any] | None, shared: Shared) -> Any:
    from ...adapters.http.api_client import open_api

    async def ask() -> Any:
        async with open_api(shared.access) as api:
            return await api.call(method, path, body)

    return asyncio.run(ask())


def _list(path: str, wanted: Mapping[str, object], shared: Shared) -> None:
    query = urlencode({name: value for name, value in wanted.items() if value is not None})
    for row in _ask("GET", f"/{path}?{query}", None, shared)["data"]:
        shown = [str("" if row.get(name) is None else row[name]) for name in COLUMNS[path]]
        typer.echo(json.dumps(row) if shared.as_json else "  ".join(shown))


def _show(method: str, path: str, body: Mapping[str, Any] | None, shared: Shared) -> None:
    found = _ask(method, path, body, shared)
    if shared.as_json:
        typer.echo(json.dumps(found))
        return
    for name, value in found.items():
        shown = json.dumps(value) if isinstance(value, dict | list) else value
        typer.echo(f"{name:20} {'' if value is None else shown}")
