"""``paygate new``, ``paygate plugin check`` and ``paygate x``."""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from ..bootstrap import open_app, plugin_trace
from ..core.errors import OperatorError, PluginError
from ..core.payments.history import MerchantHistory
from ..core.plugin_api.extensions import CommandContext
from ..core.registry import GuardedCommand
from ..plugins import collecting
from ..plugins.host import Found, installed_plugins, load_plugins
from ..plugins.setting_names import check_setting_names
from ..scaffold import NewPlugin, write_package
from ..settings import setting_names
from .setup import Setup


def new(plugin: NewPlugin) -> str:
    """Write a plugin's package; return the next steps for its author.

    Raises:
        OperatorError: The package cannot be written.
    """
    root = write_package(plugin)
    steps = [
        f"wrote {root}",
        "",
        "next:",
        f"  cd {root}",
        "  pip install --editable '.[dev]'",
        "  pytest",
        f"  paygate plugin check {plugin.name}",
    ]
    return "\n".join(steps)


if TYPE_CHECKING:
    from ..testing.kit.judge import Finding


BROKEN = 1
UNJUDGED = 3
STILL_JUDGING_EVERY_S = 5.0


def plugin_check(name: str, folder: str = "", *, as_json: bool) -> int:
    """Check a plugin, print the findings, and return the exit code.

    If the host refuses the plugin, only that is reported.

    Args:
        name: Its name.
        folder: A folder with plugins, a file each; empty for none.
        as_json: Print JSON instead of a table.

    Raises:
        OperatorError: The plugin does not exist, the host refuses it, or the kit is missing.
    """
    installed = installed_plugins(folder=folder)
    found = _named(name, installed)
    if find_spec("hypothesis") is None:
        raise OperatorError(
            setting="paygate plugin check",
            problem="hypothesis is not installed",
            remedy="In paygate's folder run pip install '.[testing]'",
        )
    from ..testing.kit import report
    from ..testing.kit.installed import check, samples_of
    from ..testing.kit.world import closed_network

    others = [each for each in installed if each.name != name]
    environ: Mapping[str, str] = samples_of(found).get("environ", {})
    findings: list[Finding] = []
    with _still_judging(findings), closed_network():
        _load(found, others, environ)
        judged = _kept(check(found, others), findings)
        if as_json:
            list(judged)
            print(report.as_json(name, findings))
        else:
            for line in report.table(judged):
                print(line, flush=True)
    if not findings:
        print(
            "note: the host accepts the plugin; the kit has no rules for what it offers",
            file=sys.stderr,
        )
    return _exit_code(findings, is_mostly_unjudged=report.is_mostly_unjudged(findings))


def _load(found: Found, others: list[Found], environ: Mapping[str, str]) -> None:
    """Load the plugin as the host does: first alone, then with all others.

    Raises:
        OperatorError: The host refuses it.
    """
    # Methods of other plugins are missing here; a method that is really missing is named below.
    log = logging.getLogger(collecting.__name__)
    log.setLevel(logging.ERROR)
    try:
        loaded = load_plugins([found], environ=environ)
    finally:
        log.setLevel(logging.NOTSET)
    check_setting_names(environ, setting_names(), loaded.setting_names, every=environ)
    try:
        load_plugins([*others, found], environ=environ)
    except OperatorError as error:
        # Another plugin may lack a setting here; only errors of this plugin count.
        if error.setting == f"plugin {found.name}":
            raise
        print(f"note: with the other installed plugins the host reports: {error}", file=sys.stderr)


def _exit_code(findings: list[Finding], *, is_mostly_unjudged: bool) -> int:
    if any(each.verdict == "broken" for each in findings):
        return BROKEN
    if is_mostly_unjudged:
        print(
            "paygate plugin check: fewer rules were judged than not judged. Give samples "
            "in `paygate_check_samples` of the plugin's module (docs/how-to/test-a-plugin.md).",
            file=sys.stderr,
        )
        return UNJUDGED
    return 0


def _kept(findings: Iterable[Finding], kept: list[Finding]) -> Iterator[Finding]:
    for each in findings:
        kept.append(each)
        yield each


@contextmanager
def _still_judging(findings: list[Finding]) -> Iterator[None]:
    """Print progress to stderr every few seconds while a rule takes long."""
    over, out, began_s = threading.Event(), sys.stderr, time.monotonic()

    def report() -> None:
        last = -1
        while not over.wait(STILL_JUDGING_EVERY_S):
            if len(findings) == last:
                took_s = time.monotonic() - began_s
                after = findings[-1].rule.id if findings else "loading the plugin"
                print(f"still judging after {after} ({took_s:.0f} s)", file=out, flush=True)
            last = len(findings)

    reporter = threading.Thread(target=report, daemon=True)
    reporter.start()
    try:
        yield
    finally:
        over.set()
        reporter.join()


def _named(name: str, installed: list[Found]) -> Found:
    for found in installed:
        if found.name == name:
            return found
    raise OperatorError(
        setting="paygate plugin check",
        problem=f"there is no plugin {name!r}",
        remedy=f"Installed are {', '.join(each.name for each in installed) or 'none'}",
    )


@dataclass(frozen=True, slots=True)
class Chosen:
    """A plugin's command and its arguments.

    Args:
        plugin: The plugin of the command.
        name: The name of the command.
        options: Parsed by its model; None if it has no options.
        is_help: Whether only the usage was requested.
        usage: The usage line.
    """

    plugin: str
    name: str
    options: BaseModel | None
    is_help: bool
    usage: str


def list_commands(setup: Setup, plugin: str | None) -> list[str]:
    """Return a line for each command, of one plugin or of all."""
    found = [
        f"paygate x {each.plugin} {each.command.name}  {each.command.help}"
        for each in _commands(setup).values()
        if plugin in {None, each.plugin}
    ]
    return found or ["no plugin adds a command" if plugin is None else f"{plugin} adds no command"]


def find_command(setup: Setup, plugin: str, name: str, words: Sequence[str]) -> Chosen:
    """Find a plugin's command and parse its options.

    Raises:
        OperatorError: There is no such command or option; the message has the nearest name.
    """
    commands = _commands(setup)
    found = commands.get((plugin, name))
    if found is None:
        known = [" ".join(key) for key in commands]
        near = get_close_matches(f"{plugin} {name}", known, n=1)
        raise OperatorError(
            setting=f"paygate x {plugin} {name}",
            problem="no plugin has this command",
            remedy=f"Did you mean {near[0]}" if near else "`paygate x` lists them",
        )
    usage = _usage(found)
    if "--help" in words:
        return Chosen(plugin, name, None, is_help=True, usage=usage)
    model = found.command.options
    options = _options(model, words, f"paygate x {plugin} {name}", usage)
    return Chosen(plugin, name, options, is_help=False, usage=usage)


async def run_command(setup: Setup, chosen: Chosen) -> int:
    """Run the command in an opened app; return its exit code.

    Raises:
        OperatorError: The app cannot be started, or the plugin failed.
    """
    async with open_app(setup.settings, setup.environ) as app:
        command = app.deps.registry.commands[chosen.plugin, chosen.name]
        deps = app.deps
        context = CommandContext(
            clock=deps.clock,
            http=deps.http,
            logger=deps.logger,
            say=print,
            history_of=lambda merchant_id: MerchantHistory(deps, merchant_id),
        )
        try:
            return await command.run(chosen.options, context)
        except PluginError as error:
            raise OperatorError(
                setting=f"plugin {chosen.plugin}",
                problem=f"{chosen.name} {error.reason}",
                remedy="Repair or uninstall the plugin",
            ) from error


def _commands(setup: Setup) -> dict[tuple[str, str], GuardedCommand]:
    loaded = load_plugins(
        installed_plugins(setup.settings.plugins, setup.settings.plugin_folder),
        environ=setup.environ,
        preferred=setup.settings.processors,
        trace=plugin_trace(setup.settings),
    )
    return dict(loaded.registry.commands)


def _options(
    model: type[BaseModel] | None, words: Sequence[str], setting: str, usage: str
) -> BaseModel | None:
    fields = {} if model is None else model.model_fields
    given = _read(fields, words, setting, usage)
    if model is None:
        return None
    try:
        return model.model_validate(given)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = _option(str(first["loc"][0])) if first["loc"] else "its options"
        raise OperatorError(
            setting=setting, problem=f"{where}: {first['msg']}", remedy=usage
        ) from None


def _read(
    fields: dict[str, FieldInfo], words: Sequence[str], setting: str, usage: str
) -> dict[str, Any]:
    options = {_option(name): name for name in fields}
    given: dict[str, Any] = {}
    rest = list(words)
    while rest:
        option, has_value, value = rest.pop(0).partition("=")
        name = options.get(option)
        if name is None:
            near = get_close_matches(option, options, n=1)
            hint = f"Did you mean {near[0]}" if near else usage
            raise OperatorError(
                setting=setting, problem=f"there is no option {option}", remedy=hint
            )
        if has_value:
            given[name] = value
        elif _is_flag(fields[name]):
            given[name] = True
        elif rest:
            given[name] = rest.pop(0)
        else:
            raise OperatorError(setting=setting, problem=f"{option} needs a value", remedy=usage)
    return given


def _usage(found: GuardedCommand) -> str:
    command = found.command
    fields = command.options.model_fields if command.options else {}
    parts = [f"paygate x {found.plugin} {command.name}"]
    for name, field in fields.items():
        option = _option(name) if _is_flag(field) else f"{_option(name)} VALUE"
        parts.append(option if field.is_required() else f"[{option}]")
    return " ".join(parts)


def _option(field: str) -> str:
    return f"--{field.replace('_', '-')}"


def _is_flag(field: FieldInfo) -> bool:
    return field.annotation is bool or bool in get_args(field.annotation)
