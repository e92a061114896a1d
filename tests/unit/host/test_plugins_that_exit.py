"""A plugin that ends the process is one sentence that names it, and exit code 2."""

import asyncio
import sys
from types import SimpleNamespace

import pytest
from pydantic import BaseModel, field_validator

from paygate import OperatorError, PluginError
from paygate.cli import main
from paygate.core.errors import InvalidInputError
from paygate.core.plugin_api.extensions import Command, Route
from paygate.core.plugin_api.settings import StoredSettings
from paygate.plugins.guard_extensions import HostedCommand, HostedRoute
from paygate.plugins.host import installed_plugins
from tests.unit.host.test_load_plugins import (
    Mint,
    Owl,
    distribution,
    load,
    offering,
    plugin,
    refusal,
)

__all__ = ["distribution"]

ENDINGS = [
    SystemExit("license missing"),
    SystemExit(3),
    asyncio.CancelledError("license missing"),
    GeneratorExit("license missing"),
]


def ends(ending):
    def end(*_arguments, **_named):
        raise ending

    return end


def test_exit_at_import_names_the_plugin(distribution):
    distribution("exits_at_import", "import sys\nsys.exit('license missing')\n", name="exits")

    with pytest.raises(OperatorError) as caught:
        installed_plugins()

    assert str(caught.value) == (
        "plugin exits: it cannot be imported (raised SystemExit: license missing). "
        "Repair or uninstall its distribution."
    )


def test_exit_at_import_is_exit_code_2_of_the_command_line(distribution, monkeypatch, capsys):
    distribution("exits_in_cli", "import sys\nsys.exit('license missing')\n", name="exits")
    monkeypatch.setattr(sys, "argv", ["paygate", "plugins"])

    with pytest.raises(SystemExit) as caught:
        main()

    assert caught.value.code == 2
    assert "paygate: plugin exits: it cannot be imported" in capsys.readouterr().err


def test_ctrl_c_at_import_passes(distribution):
    distribution("interrupted", "raise KeyboardInterrupt\n", name="interrupted")

    with pytest.raises(KeyboardInterrupt):
        installed_plugins()


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("hook", ["paygate_methods", "paygate_processors", "paygate_routes"])
def test_exit_in_a_hook_names_the_plugin_and_the_hook(hook, ending):
    error = refusal(plugin(**{hook: ends(ending)}))

    assert error.setting == "plugin acme"
    assert error.problem.startswith(f"{hook} raised {type(ending).__name__}")


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize(
    ("hook", "base", "member"),
    [
        ("paygate_processors", Mint, "capabilities"),
        ("paygate_event_sinks", Owl, "info"),
    ],
)
def test_exit_in_a_description_names_the_plugin(hook, base, member, ending):
    exits = type("Exits", (base,), {"__init__": lambda self: None, member: property(ends(ending))})

    error = refusal(offering(hook, exits()))

    assert error.setting == "plugin acme"
    assert f"raised {type(ending).__name__}" in error.problem


@pytest.mark.parametrize("attribute", ["priority"])
@pytest.mark.parametrize("ending", [*ENDINGS, ValueError("no number")])
def test_exit_in_a_routers_priority_names_the_plugin(attribute, ending):
    async def rank(self, request, context):
        raise AssertionError("nothing is routed here")

    exits = type("Exits", (), {"name": "exits", "rank": rank, attribute: property(ends(ending))})

    assert refusal(offering("paygate_routers", exits())).setting == "plugin acme"


def test_exit_in_an_attribute_names_the_plugin():
    class Trap:
        def __dir__(self):
            raise SystemExit("license missing")

    trap = plugin()
    error = refusal(type(trap)("trap", Trap(), "1"))

    assert str(error).startswith("plugin trap: raised SystemExit: license missing")


class Exits(BaseModel):
    rate: int = 1

    @field_validator("rate")
    @classmethod
    def check(cls, rate):
        if rate > 1:
            raise SystemExit("license missing")
        return rate


def asking():
    def offer(context):
        context.config(Exits)
        return []

    return plugin(paygate_methods=offer)


def test_exit_in_a_validator_of_the_environments_settings_names_the_plugin():
    error = refusal(asking(), environ={"PAYGATE_ACME_RATE": "2"})

    assert error.setting == "plugin acme"
    assert "raised SystemExit" in error.problem


def test_exit_in_a_validator_of_changed_settings_is_a_refusal():
    settings = load(asking()).registry.loaded_plugins["acme"].settings

    with pytest.raises(InvalidInputError) as caught:
        settings.changed(StoredSettings(), {"rate": 2})

    assert str(caught.value) == "the settings of plugin acme raised SystemExit"
    assert settings.shown(StoredSettings({"rate": 2})) == {"rate": 1}


@pytest.mark.parametrize("ending", ENDINGS)
def test_exit_in_a_validator_of_a_routes_body_is_the_plugins_failure(ending):
    reads = SimpleNamespace(model_validate=ends(ending))

    with pytest.raises(PluginError) as caught:
        HostedRoute("acme", Route("POST", "/rates", None, "Set", input=reads)).read({})

    assert caught.value.plugin == "acme"


def run(ending):
    command = Command("sync", "Sync", ends(ending), None)
    return asyncio.run(HostedCommand("acme", command).run(None, None))


@pytest.mark.parametrize(("status", "code"), [(None, 0), (0, 0), (3, 3)])
def test_an_exit_with_a_number_is_the_exit_code_of_a_command(status, code):
    assert run(SystemExit(status)) == code


def test_an_exit_with_a_text_is_the_failure_of_a_command():
    with pytest.raises(PluginError) as caught:
        run(SystemExit("license missing"))

    assert (caught.value.plugin, caught.value.reason) == (
        "acme",
        "raised SystemExit: license missing",
    )
