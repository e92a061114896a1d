"""The commands and their options."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Coroutine
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer
from typer.core import TyperGroup
from typing_extensions import override

from ..core.accounts.model import Role
from ..core.errors import OperatorError
from ..core.limits import PASSWORD_CHARS_MAX, PASSWORD_CHARS_MIN
from ..core.queue.notifier import QUEUES
from ..scaffold import KINDS, NewPlugin
from .bank_verb import bank
from .merchant.verbs import add_merchant_verbs
from .setup import Setup, announced_servers, read_setup, read_setup_without_logs, with_servers


class Commands(TyperGroup):
    """The commands, with plain sentences about wrong values."""

    @override
    def invoke(self, ctx: Any) -> Any:
        """Run a command; pydantic, which reads its values, adds words of its own to an error."""
        try:
            return super().invoke(ctx)
        except typer.BadParameter as error:
            error.message = error.message.removeprefix("Value error, ")
            raise


app = typer.Typer(
    name="paygate",
    cls=Commands,
    help="A plugin-based payment gateway with simulated processors.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    # Plain text: Rich takes as long to import as all the rest of the command line.
    rich_markup_mode=None,
    context_settings={"max_content_width": 100},
)
add_merchant_verbs(app)
Port = Annotated[
    int | None, typer.Option(help="Port of the API, instead of PORT.", min=0, max=65535)
]
Host = Annotated[str | None, typer.Option(help="Address to listen on, instead of HOST.")]
# Typer needs an enumeration. The settings, which have the names too, take long to import.
ServerName = StrEnum("ServerName", ["hypercorn", "uvicorn"])
# The pipe in which a process of ``--processes`` reports that it serves.
ReadyPipe = Annotated[int | None, typer.Option(hidden=True)]
# The pipe in which ``paygate dev`` announces its servers.
Announced = Annotated[int | None, typer.Option(hidden=True)]
Server = Annotated[ServerName | None, typer.Option(help="HTTP server, instead of PAYGATE_SERVER.")]


def run_verb(verb: Callable[[Setup], Coroutine[Any, Any, None]], setup: Setup) -> None:
    """Run a command with the servers that its settings need."""
    with with_servers(setup) as ready:
        if os.name == "posix":
            import uvloop

            uvloop.run(verb(ready))
        else:
            import asyncio

            asyncio.run(verb(ready))


def _with_announced(setup: Setup, pipe: int | None) -> Setup:
    """Import what serves and works while ``paygate dev`` starts the servers."""
    if pipe is None:
        return setup
    import uvloop  # noqa: F401

    from . import serve  # noqa: F401

    return announced_servers(setup, pipe)


def _is_worker() -> bool:
    """Fork a process that serves and one that works; return in both which one this is."""
    from .forks import fork_each

    return fork_each(("serve", "work")) == "work"


Home = Annotated[Path | None, typer.Option(help="Data folder, instead of PAYGATE_HOME.")]
Beside = Annotated[
    list[Path] | None,
    typer.Option("--with", help="A Python program to run as well; may be repeated.", exists=True),
]


@app.command()
def dev(
    *,
    port: Port = None,
    host: Host = None,
    home: Home = None,
    no_redis: bool = False,
    keep_clock: Annotated[
        bool, typer.Option(help="Keep a moved or stopped test clock instead of releasing it.")
    ] = False,
    ephemeral: Annotated[
        bool,
        typer.Option(help="For a test suite: temporary data, any port, one line of JSON."),
    ] = False,
    until_stdin_closes: Annotated[
        bool, typer.Option(help="With --ephemeral: stop when the standard input ends.")
    ] = False,
    beside: Beside = None,
) -> None:
    """Run everything on this machine: PostgreSQL, Valkey, the API and a worker."""
    if ephemeral:
        from .ephemeral import ephemeral as run_ephemeral

        run_ephemeral(read_setup(host=host), port=port or 0, with_stdin=until_stdin_closes)
        raise typer.Exit
    from .dev import dev as run

    setup = read_setup_without_logs(port=port, host=host, home=home)
    raise typer.Exit(run(setup, redis=not no_redis, keep_clock=keep_clock, beside=beside or []))


@app.command()
def serve(
    *,
    port: Port = None,
    host: Host = None,
    server: Server = None,
    share_port: Annotated[bool, typer.Option(help="Share the port with other processes.")] = False,
    with_worker: Annotated[bool, typer.Option(help="Also run a worker in this process.")] = False,
    with_pages: Annotated[
        bool, typer.Option(help="Also serve the dashboard and the checkout on their ports.")
    ] = False,
    prepare: Annotated[bool, typer.Option(help="Migrate and seed first.")] = False,
    processes: Annotated[int, typer.Option(help="API processes on the port.", min=1, max=256)] = 1,
    ready_pipe: ReadyPipe = None,
    announced: Announced = None,
    fork_worker: Annotated[bool, typer.Option(hidden=True)] = False,
) -> None:
    """Serve the API."""
    from .processes import report_ready, serve_processes

    options = {
        "share_port": share_port,
        "with_worker": with_worker,
        "with_pages": with_pages,
        "prepare": prepare,
    }
    code = 0

    async def run(setup: Setup) -> None:
        nonlocal code
        if processes > 1:
            code = await serve_processes(setup, processes, **options)
            return
        from .serve import serve as run_one

        ready = None if ready_pipe is None else lambda _: report_ready(ready_pipe)
        await run_one(setup, **options, listening=None, ready=ready)

    given = read_setup(port=port, host=host, server=server and str(server))
    setup = _with_announced(given, announced)
    if fork_worker and _is_worker():
        from .serve import work as run_worker

        run_verb(lambda ready: run_worker(ready, wait=True), setup)
    else:
        run_verb(run, setup)
    raise typer.Exit(code)


# Typer needs an enumeration for an option that may be repeated.
QueueName = StrEnum("QueueName", list(QUEUES))  # type: ignore[misc]  # made of our own tuple

# Typer needs an enumeration here too.
PageKind = StrEnum("PageKind", ["dashboard", "checkout"])


@app.command()
def pages(
    kind: Annotated[PageKind, typer.Argument(help="The pages to serve.")],
    port: Port = None,
    host: Host = None,
) -> None:
    """Serve the dashboard or the checkout page on its own port."""
    import asyncio

    from .serve import serve_pages

    setup = read_setup(host=host)
    asyncio.run(serve_pages("dashboard" if kind == "dashboard" else "checkout", setup, port=port))


@app.command()
def work(
    wait: Annotated[bool, typer.Option(help="Wait for migrations instead of failing.")] = False,
    only: Annotated[
        list[QueueName] | None,
        typer.Option(help="Work on this queue; may be repeated. Default: all queues."),
    ] = None,
    announced: Announced = None,
) -> None:
    """Process payments and refunds, deliver webhooks."""
    from .serve import work as run

    queues = [queue for queue in QUEUES if only is None or queue in only]
    setup = _with_announced(read_setup(), announced)
    run_verb(lambda ready: run(ready, wait=wait, queues=queues), setup)


@app.command()
def migrate() -> None:
    """Apply missing migrations to the database."""
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
        typer.Option(help="Deactivate it and all test namespaces, as production requires."),
    ] = False,
) -> None:
    """Create or reactivate the test merchant."""
    from .accounts import remove_tests
    from .accounts import seed as store

    async def run(setup: Setup) -> None:
        print("\n".join(await remove_tests(setup) if remove else await store(setup)))

    run_verb(run, read_setup())


@app.command()
def doctor(
    *,
    worker: Annotated[
        bool,
        typer.Option(
            help="Only check whether a worker of this machine is alive: exit code 0 or 1."
        ),
    ] = False,
) -> None:
    """Report the configuration and stuck work."""
    import asyncio

    from .doctor import doctor as examine
    from .doctor import worker_lives

    if worker:
        raise typer.Exit(0 if asyncio.run(worker_lives(read_setup())) else 1)

    async def run(setup: Setup) -> None:
        async for line in examine(setup):
            print(line)

    run_verb(run, read_setup())


@app.command()
def route(
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Required: nothing is changed.")
    ] = False,
    since: Annotated[
        str, typer.Option(help="Payments since this day or time. Default: a week.")
    ] = "",
    until: Annotated[str, typer.Option(help="Payments before this day or time.")] = "",
    merchant: Annotated[UUID | None, typer.Option(help="Only payments of this merchant.")] = None,
    router: Annotated[str, typer.Option(help="Ask only this router.")] = "",
    limit: Annotated[int, typer.Option(help="Payments, the newest.", min=1, max=100_000)] = 10_000,
    differences: Annotated[int, typer.Option(help="Listed differences.", min=0, max=10_000)] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Compare what routers would choose for past payments with what was chosen."""
    from . import route as command

    if not dry_run:
        command.refuse_without_dry_run()
    options = command.RouteOptions(since, until, merchant, router, limit, differences)

    async def run(setup: Setup) -> None:
        result = await command.route(setup, options)
        print(command.as_json(result) if as_json else "\n".join(command.as_text(result)))

    run_verb(run, read_setup())


@app.command()
def key() -> None:
    """Generate a key for PAYGATE_VAULT_KEY."""
    from ..adapters.vault.keyed import new_key

    print(new_key())


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def psql(context: typer.Context) -> None:
    """Open psql on paygate's database; further arguments are psql's, such as -c 'SELECT 1'."""
    from .setup import psql as run

    raise typer.Exit(run(read_setup(), context.args))


@app.command()
def plugins() -> None:
    """List installed plugins, and what they provide."""
    from ..bootstrap import plugin_trace
    from ..plugins.host import installed_plugins, load_plugins

    setup = read_setup()
    loaded = load_plugins(
        installed_plugins(setup.settings.plugins, setup.settings.plugin_folder),
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
        print(f"command    paygate x {plugin} {verb}")
    for panel in offered.panels:
        print(f"panel      {panel}")
    for dialect in offered.dialects:
        print(f"dialect    {dialect} (at /wire/{dialect})")


# Typer needs an enumeration.
PluginKind = StrEnum("PluginKind", list(KINDS))  # type: ignore[misc]  # made of our own tuple


@app.command()
def new(
    kind: Annotated[PluginKind, typer.Argument(help="What the plugin provides.")],
    name: Annotated[str, typer.Argument(help="Its name, such as acme_bank.")],
    folder: Annotated[
        Path,
        typer.Option("--dir", help="Parent folder of the package. Default: the current folder."),
    ] = Path(),
    method: Annotated[str, typer.Option(help="For a processor: its payment method.")] = "upi",
    flow: Annotated[str, typer.Option(help="For a processor: the method's flow.")] = "collect",
) -> None:
    """Create a plugin's package with tests."""
    from .plugin_tools import new as write

    chosen = next(each for each in KINDS if each == kind)
    print(write(NewPlugin(chosen, name, folder, method, flow)))


@app.command(
    "x",
    context_settings={"ignore_unknown_options": True, "allow_extra_args": True},
    add_help_option=False,
)
def extension(context: typer.Context) -> None:
    """Run a plugin's command: `paygate x PLUGIN COMMAND`. Without arguments, list them."""
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


plugin_verbs = typer.Typer(help="Tools for plugin authors.", no_args_is_help=True)
app.command()(bank)
app.add_typer(plugin_verbs, name="plugin")


@plugin_verbs.callback()
def plugin() -> None:
    """Tools for plugin authors."""


@plugin_verbs.command("check")
def check_plugin(
    name: Annotated[str, typer.Argument(help="Name of the plugin, as `paygate plugins` lists it.")],
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Check a plugin with the contract kit; exit code 1 if it breaks a rule."""
    from .plugin_tools import plugin_check

    folder = read_setup_without_logs().settings.plugin_folder
    raise typer.Exit(plugin_check(name, folder, as_json=json))


users = typer.Typer(help="Manage the users of merchants.", no_args_is_help=True)
merchants = typer.Typer(help="Merchants.", no_args_is_help=True)
app.add_typer(users, name="user")
app.add_typer(merchants, name="merchant")
Email = Annotated[str, typer.Argument(help="The address the user logs in with.")]
FromStdin = Annotated[bool, typer.Option(help="Read the password from standard input.")]


@users.command("add")
def user_add(
    email: Email,
    *,
    merchant: Annotated[str, typer.Option(help="Id of the user's merchant.")],
    role: Annotated[Role, typer.Option(help="The user's role.")] = Role.OWNER,
    operator: Annotated[
        bool, typer.Option(help="Make the user an operator of this installation.")
    ] = False,
    password_stdin: FromStdin = False,
) -> None:
    """Add a user, and print the generated password."""
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
        str, typer.Option(help="Id of the user's merchant, if the address has several.")
    ] = "",
    password_stdin: FromStdin = False,
) -> None:
    """Set a new password, and end the user's sessions."""
    from .accounts import reset

    async def run(setup: Setup) -> None:
        given = _given_password(password_stdin)
        made = await reset(setup, email, merchant, given)
        print("done" if given else made)

    run_verb(run, read_setup())


@merchants.command("add")
def merchant_add(name: str, email: str) -> None:
    """Create a merchant, and print its id, key and secret once."""
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
        int, typer.Option(min=0, max=168, help="How long the previous secret stays valid.")
    ] = 24,
) -> None:
    """Rotate the secret of a merchant's own key pair, even after it was revoked."""
    from .accounts import rotate_key

    async def run(setup: Setup) -> None:
        key, secret = await rotate_key(setup, id, timedelta(hours=grace_hours))
        print(f"key     {key}\nsecret  {secret}")

    run_verb(run, read_setup())


@merchants.command("revoke-key")
def merchant_revoke_key(
    id: Annotated[str, typer.Argument(help="Id of the merchant.")],
) -> None:
    """Revoke a merchant's own key pair; further keys and users are not affected."""
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
            problem=f"a password must have {PASSWORD_CHARS_MIN} to {PASSWORD_CHARS_MAX} characters",
            remedy="Use another password",
        )
    return given
