"""What all verbs share."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Coroutine
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from ..core.accounts.model import Role
from ..core.errors import OperatorError
from ..core.limits import PASSWORD_CHARS_MAX, PASSWORD_CHARS_MIN
from ..core.queue.notifier import QUEUES
from ..scaffold import KINDS, NewPlugin
from .setup import Setup, read_setup, with_servers

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


def run_verb(verb: Callable[[Setup], Coroutine[Any, Any, None]], setup: Setup) -> None:
    """Run a verb with the servers its settings ask for."""
    with with_servers(setup) as ready:
        if os.name == "posix":
            import uvloop

            uvloop.run(verb(ready))
        else:
            asyncio.run(verb(ready))


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
        from .dev import ephemeral as run_ephemeral

        run_ephemeral(read_setup(host=host), port=port or 0, with_stdin=until_stdin_closes)
        raise typer.Exit
    from .dev import dev as run

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
    from .serve import serve as run

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
    from .serve import serve_pages

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
    from .serve import work as run

    queues = [queue for queue in QUEUES if only is None or queue in only]
    run_verb(lambda setup: run(setup, wait=wait, queues=queues), read_setup())


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
    from .setup import remove_tests
    from .setup import seed as store

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
    from .doctor import doctor as examine
    from .doctor import worker_lives

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
    from .setup import psql as run

    raise typer.Exit(run(read_setup(), context.args))


@app.command()
def plugins() -> None:
    """List what is installed."""
    from ..bootstrap import plugin_trace
    from ..plugins.host import installed_plugins, load_plugins

    setup = read_setup()
    loaded = load_plugins(
        installed_plugins(setup.settings.plugins),
        environ=setup.environ,
        preferred=setup.settings.processors,
        trace=plugin_trace(setup.settings),
    )
    offered = loaded.registry
    for name, version in offered.plugins.items():
        print(f"plugin     {name} {version}")
    for method in offered.methods.values():
        print(f"method     {method.info.code} ({', '.join(sorted(method.info.flows))})")
    for processor in offered.processors.values():
        print(
            f"processor  {processor.info.id} ({', '.join(sorted(processor.capabilities.methods))})"
        )
    for name in offered.sinks:
        print(f"sink       {name}")
    for target, policy in offered.policies.items():
        print(f"policy     {policy.name} (for {target})")
    for router in offered.routers:
        print(f"router     {router.name} (of {router.plugin})")
    for check in offered.checks:
        print(f"check      {check.name} (of {check.plugin})")
    for route in offered.routes:
        print(f"route      {route.route.method} /plugins/{route.plugin}{route.route.path}")
    for plugin, verb in offered.commands:
        print(f"verb       paygate x {plugin} {verb}")
    for panel in offered.panels:
        print(f"panel      {panel}")


# And here.
PluginKind = StrEnum("PluginKind", list(KINDS))  # type: ignore[misc]  # made of our own tuple


@app.command()
def new(
    kind: Annotated[PluginKind, typer.Argument(help="What it offers.")],
    name: Annotated[str, typer.Argument(help="Such as acme_bank.")],
    folder: Annotated[
        Path, typer.Option("--dir", help="Where its folder goes; here without it.")
    ] = Path(),
    method: Annotated[str, typer.Option(help="For a processor: the method it is for.")] = "upi",
    flow: Annotated[str, typer.Option(help="For a processor: the method's flow.")] = "collect",
) -> None:
    """Write a plugin's package, tests and all."""
    from .plugin_tools import new as write

    chosen = next(each for each in KINDS if each == kind)
    print(write(NewPlugin(chosen, name, folder, method, flow)))


@app.command(
    "x",
    context_settings={"ignore_unknown_options": True, "allow_extra_args": True},
    add_help_option=False,
)
def extension(context: typer.Context) -> None:
    """Run a plugin's own verb: `paygate x PLUGIN VERB`; alone, list them."""
    from .plugin_tools import find_command, list_commands, run_command

    setup = read_setup()
    words = context.args
    if len(words) < 2 or words[0].startswith("-"):
        print("\n".join(list_commands(setup, words[0] if words else None)))
        return
    chosen = find_command(setup, words[0], words[1], words[2:])
    code = 0

    async def run(ready: Setup) -> None:
        nonlocal code
        code = await run_command(ready, chosen)

    if chosen.is_help:
        print(chosen.usage)
        return
    run_verb(run, setup)
    raise typer.Exit(code)


plugin_verbs = typer.Typer(help="For authors of plugins.", no_args_is_help=True)
app.add_typer(plugin_verbs, name="plugin")


@plugin_verbs.callback()
def plugin() -> None:
    """For authors of plugins."""


@plugin_verbs.command("check")
def check_plugin(
    name: Annotated[str, typer.Argument(help="Its entry point's name, as `plugins` lists it.")],
    json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Judge an installed plugin by the contract kit; exit code 1 if it breaks a rule."""
    from .plugin_tools import plugin_check

    raise typer.Exit(plugin_check(name, as_json=json))


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
    from .accounts import add

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
    from .accounts import reset

    async def run(setup: Setup) -> None:
        given = _given_password(password_stdin)
        made = await reset(setup, email, merchant, given)
        print("done" if given else made)

    run_verb(run, read_setup())


@merchants.command("add")
def merchant_add(name: str, email: str) -> None:
    """Make a merchant, and print its id, key and secret this once."""
    from .accounts import add_merchant

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
    from .accounts import rotate_key

    async def run(setup: Setup) -> None:
        key, secret = await rotate_key(setup, id, timedelta(hours=grace_hours))
        print(f"key     {key}\nsecret  {secret}")

    run_verb(run, read_setup())


@merchants.command("revoke-key")
def merchant_revoke_key(
    id: Annotated[str, typer.Argument(help="Id of the merchant.")],
) -> None:
    """End a merchant's own key pair; further keys and people go on."""
    from .accounts import revoke_key

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
