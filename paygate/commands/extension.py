"""``paygate x``: the verbs that plugins add."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from ..bootstrap import open_app, plugin_trace
from ..core.errors import OperatorError, PluginError
from ..core.payments.history import MerchantHistory
from ..core.plugin_api.extensions import CommandContext
from ..core.registry import GuardedCommand
from ..plugins.host import installed_plugins, load_plugins
from .setup import Setup


@dataclass(frozen=True, slots=True)
class Chosen:
    """A verb and what was said after it.

    Args:
        plugin: Whose verb it is.
        name: Of the verb.
        options: As its model reads them; None where it has none.
        is_help: Whether only its usage was asked for.
        usage: How to call it.
    """

    plugin: str
    name: str
    options: BaseModel | None
    is_help: bool
    usage: str


def list_commands(setup: Setup, plugin: str | None) -> list[str]:
    """A line for each verb, of one plugin or of all."""
    found = [
        f"paygate x {each.plugin} {each.command.name}  {each.command.help}"
        for each in _commands(setup).values()
        if plugin in {None, each.plugin}
    ]
    return found or ["no plugin adds a verb" if plugin is None else f"{plugin} adds no verb"]


def find_command(setup: Setup, plugin: str, name: str, words: Sequence[str]) -> Chosen:
    """The verb that was named, and its options.

    Raises:
        OperatorError: There is none, or an option is wrong; the nearest right word is named.
    """
    commands = _commands(setup)
    found = commands.get((plugin, name))
    if found is None:
        known = [" ".join(key) for key in commands]
        near = get_close_matches(f"{plugin} {name}", known, n=1)
        raise OperatorError(
            setting=f"paygate x {plugin} {name}",
            problem="no plugin has that verb",
            remedy=f"Did you mean {near[0]}" if near else "`paygate x` lists them",
        )
    usage = _usage(found)
    if "--help" in words:
        return Chosen(plugin, name, None, is_help=True, usage=usage)
    model = found.command.options
    options = _options(model, words, f"paygate x {plugin} {name}", usage)
    return Chosen(plugin, name, options, is_help=False, usage=usage)


async def run_command(setup: Setup, chosen: Chosen) -> int:
    """Run the verb inside an opened app; its exit code.

    Raises:
        OperatorError: The app cannot be put together, or the plugin failed.
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
        installed_plugins(setup.settings.plugins),
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
            raise OperatorError(setting=setting, problem=f"there is no {option}", remedy=hint)
        if has_value:
            given[name] = value
        elif _is_flag(fields[name]):
            given[name] = True
        elif rest:
            given[name] = rest.pop(0)
        else:
            raise OperatorError(setting=setting, problem=f"{option} lacks a value", remedy=usage)
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
