"""Verbs about people and merchants."""

from __future__ import annotations

import sys
from datetime import timedelta
from typing import Annotated

import typer

from ..commands.setup import Setup, read_setup
from ..core.accounts.model import Role
from ..core.errors import OperatorError
from ..core.limits import PASSWORD_CHARS_MAX, PASSWORD_CHARS_MIN
from .base import app
from .base import run as run_verb

users = typer.Typer(help="People who sign in.", no_args_is_help=True)
merchants = typer.Typer(help="Merchants.", no_args_is_help=True)
app.add_typer(users, name="user")
app.add_typer(merchants, name="merchant")
Email = Annotated[str, typer.Argument(help="What they sign in with.")]
FromStdin = Annotated[bool, typer.Option(help="Read the password from standard input.")]


@users.command("add")
def user_add(
    email: Email,
    *,
    merchant: Annotated[str, typer.Option(help="Id of the merchant they work for.")],
    role: Annotated[Role, typer.Option(help="What they may do.")] = Role.OWNER,
    operator: Annotated[bool, typer.Option(help="They run this installation.")] = False,
    password_stdin: FromStdin = False,
) -> None:
    """Let somebody in, and print the password made for them."""
    from ..commands.accounts import add

    async def run(setup: Setup) -> None:
        given = _given_password(password_stdin)
        made = await add(setup, email, merchant, role, given, is_operator=operator)
        print("done" if given else made)

    run_verb(run, read_setup())


@users.command("password")
def user_password(
    email: Email,
    *,
    merchant: Annotated[
        str, typer.Option(help="Id of the merchant they work for, if there are several.")
    ] = "",
    password_stdin: FromStdin = False,
) -> None:
    """Make a new password for somebody, and end their sessions."""
    from ..commands.accounts import reset

    async def run(setup: Setup) -> None:
        given = _given_password(password_stdin)
        made = await reset(setup, email, merchant, given)
        print("done" if given else made)

    run_verb(run, read_setup())


@merchants.command("add")
def merchant_add(name: str, email: str) -> None:
    """Make a merchant, and print its id, key and secret this once."""
    from ..commands.accounts import add_merchant

    async def run(setup: Setup) -> None:
        merchant, secret = await add_merchant(setup, name, email)
        print(f"id      {merchant.id}\nkey     {merchant.api_key}\nsecret  {secret}")

    run_verb(run, read_setup())


@merchants.command("rotate-key")
def merchant_rotate_key(
    id: Annotated[str, typer.Argument(help="Id of the merchant.")],
    *,
    grace_hours: Annotated[
        int, typer.Option(min=0, max=168, help="How long the secret before works too.")
    ] = 24,
) -> None:
    """Give a merchant's own key pair a new secret, also after it was revoked."""
    from ..commands.accounts import rotate_key

    async def run(setup: Setup) -> None:
        key, secret = await rotate_key(setup, id, timedelta(hours=grace_hours))
        print(f"key     {key}\nsecret  {secret}")

    run_verb(run, read_setup())


@merchants.command("revoke-key")
def merchant_revoke_key(
    id: Annotated[str, typer.Argument(help="Id of the merchant.")],
) -> None:
    """End a merchant's own key pair; further keys and people go on."""
    from ..commands.accounts import revoke_key

    async def run(setup: Setup) -> None:
        print(f"revoked {await revoke_key(setup, id)}")

    run_verb(run, read_setup())


def _given_password(is_wanted: bool) -> str | None:
    if not is_wanted:
        return None
    given = sys.stdin.readline().rstrip("\n")
    if not PASSWORD_CHARS_MIN <= len(given) <= PASSWORD_CHARS_MAX:
        raise OperatorError(
            setting="--password-stdin",
            problem=f"a password has {PASSWORD_CHARS_MIN} to {PASSWORD_CHARS_MAX} characters",
            remedy="Give another one",
        )
    return given
