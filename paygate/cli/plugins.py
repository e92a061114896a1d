"""Verbs about plugins, and plugins' own."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from ..commands.setup import Setup, read_setup
from ..scaffold import KINDS, NewPlugin
from .base import app
from .base import run as run_verb


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
    from ..commands.new import new as write

    chosen = next(each for each in KINDS if each == kind)
    print(write(NewPlugin(chosen, name, folder, method, flow)))


@app.command(
    "x",
    context_settings={"ignore_unknown_options": True, "allow_extra_args": True},
    add_help_option=False,
)
def extension(context: typer.Context) -> None:
    """Run a plugin's own verb: `paygate x PLUGIN VERB`; alone, list them."""
    from ..commands.extension import find_command, list_commands, run_command

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
    from ..commands.plugin_check import plugin_check

    raise typer.Exit(plugin_check(name, as_json=json))
