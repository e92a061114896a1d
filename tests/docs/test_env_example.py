"""The example of an environment names every setting, with its default."""

from __future__ import annotations

from pathlib import Path

from paygate.plugins.host import installed_plugins, load_plugins
from paygate.settings import Settings, read_settings

EXAMPLE = Path(__file__).parents[2] / ".env.example"


def example() -> dict[str, str]:
    lines = [line for line in EXAMPLE.read_text().splitlines() if line and line[0] != "#"]
    return dict(line.split("=", 1) for line in lines)


def test_it_names_every_setting_of_the_host_with_its_default():
    given = example()

    assert {str(field.alias) for field in Settings.model_fields.values()} <= set(given)
    assert read_settings(given) == read_settings({})


def test_it_names_every_setting_of_the_plugins_with_its_default():
    given = example()
    with_example = load_plugins(installed_plugins(), environ=given)
    for plugin, models in with_example.config_models.items():
        for model in models:
            for name, field in model.model_fields.items():
                extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
                variable = str(extra.get("env", f"PAYGATE_{plugin}_{name}".upper()))
                assert variable in given, variable


def test_every_variable_in_it_is_read():
    loaded = load_plugins(installed_plugins(), environ={})
    read = {str(field.alias) for field in Settings.model_fields.values()}
    for plugin, models in loaded.config_models.items():
        for model in models:
            for name, field in model.model_fields.items():
                extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
                read |= {str(extra.get("env", "")), f"PAYGATE_{plugin}_{name}".upper()}

    assert set(example()) - read == set()
