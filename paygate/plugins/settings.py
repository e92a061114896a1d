"""A plugin's settings: the environment overrides stored values, which override defaults."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from pydantic import BaseModel, SecretStr, ValidationError
from pydantic.errors import PydanticUserError
from pydantic.fields import FieldInfo

from ..core.errors import InvalidInputError, OperatorError, UnsupportedError
from ..core.plugin_api.plugin import Config as Model
from ..core.plugin_api.settings import NO_SETTINGS, SettingSource, StoredSettings

SECRET_CHARS_MAX = 4096

# Fields with such a name are secrets, even if their type does not say so.
_SECRET = re.compile(r"secret|password|token|private|api_?key", re.IGNORECASE)


def names_a_setting_secret(name: str) -> bool:
    """Check whether a setting with that name is a secret, whatever its type."""
    return _SECRET.search(name) is not None


@dataclass(frozen=True)
class Config:
    """Implements ``PluginSettings``.

    Args:
        plugin: The plugin's name.
        models: The settings models that it uses.
        set_by: The variable that sets a field, by field.
        read: The values of the environment, by field of a model.
        started_with: The stored values when this process started.
    """

    plugin: str
    models: Sequence[type[BaseModel]]
    set_by: Mapping[str, str]
    read: Callable[[type[BaseModel]], Mapping[str, Any]]
    started_with: StoredSettings

    @cached_property
    def _schema(self) -> Mapping[str, Any]:
        properties: dict[str, Any] = {}
        definitions: dict[str, Any] = {}
        for model in self.models:
            try:
                schema = model.model_json_schema(by_alias=False)
            except PydanticUserError:
                # A type without JSON Schema; it can still be set.
                schema = {"properties": {name: {} for name in model.model_fields}}
            properties |= schema.get("properties", {})
            definitions |= schema.get("$defs", {})
        for name in properties:
            if self._is_secret(name, properties[name]):
                visible = {
                    k: v
                    for k, v in properties[name].items()
                    if k not in {"default", "env", "derived"}
                }
                properties[name] = {**visible, "writeOnly": True}
        whole = {"type": "object", "properties": properties}
        return {**whole, "$defs": definitions} if definitions else whole

    def schema(self) -> Mapping[str, Any]:
        return self._schema

    @staticmethod
    def _is_secret(name: str, schema: Mapping[str, Any]) -> bool:
        return names_a_setting_secret(name) or '"writeOnly": true' in json.dumps(schema)

    @cached_property
    def _hidden(self) -> frozenset[str]:
        properties = self._schema["properties"]
        return frozenset(name for name in properties if properties[name].get("writeOnly"))

    def shown(self, stored: StoredSettings) -> Mapping[str, Any]:
        values: dict[str, Any] = {}
        for model in self.models:
            try:
                read = self._read(model, stored)
            except (ValidationError, InvalidInputError):
                # A newer plugin refuses a value that was stored for an older version.
                read = self._read(model, StoredSettings())
            values |= read.model_dump(mode="json", exclude=set(self._hidden), fallback=str)
        return values

    def _read(self, model: type[BaseModel], stored: StoredSettings) -> BaseModel:
        ours = {name: v for name, v in stored.given.items() if name in model.model_fields}
        try:
            return model.model_validate({**ours, **self.read(model)})
        except (ValidationError, KeyboardInterrupt):
            raise
        except BaseException as error:
            # The message may contain a secret.
            raised = f"the settings of plugin {self.plugin} raised {type(error).__name__}"
            raise InvalidInputError(raised, field="values") from error

    def sources(self, stored: StoredSettings) -> Mapping[str, SettingSource]:
        return {name: self._source(name, stored) for name in self._schema["properties"]}

    def _source(self, name: str, stored: StoredSettings) -> SettingSource:
        if name in self.set_by:
            return "environment"
        return "stored" if name in stored.given else "default"

    def changed(self, stored: StoredSettings, values: Mapping[str, Any]) -> StoredSettings:
        shown = self.shown(stored)
        plain, hidden = dict(stored.values), dict(stored.hidden)
        for name, value in values.items():
            self._check_name(name)
            if name in shown and _same(shown[name], value):
                # A form sends all fields; an unchanged one keeps its source.
                continue
            self._check_free(name)
            plain.pop(name, None)
            hidden.pop(name, None)
            if value is None:
                continue
            if name in self._hidden:
                hidden[name] = _secret_text(name, value)
            else:
                plain[name] = value
        after = StoredSettings(plain, hidden)
        self._check(after)
        return after

    def _check_name(self, name: str) -> None:
        if name not in self._schema["properties"]:
            raise InvalidInputError(f"{self.plugin} has no setting {name[:64]!r}", field=name[:64])

    def _check_free(self, name: str) -> None:
        if name in self.set_by:
            raise UnsupportedError(
                f"{name} is set by the environment ({self.set_by[name]}), which takes precedence; "
                "change it there",
                field=name,
            )

    def _check(self, stored: StoredSettings) -> None:
        for model in self.models:
            try:
                self._read(model, stored)
            except ValidationError as error:
                first = error.errors(include_url=False, include_input=False, include_context=False)
                where = str(first[0]["loc"][0]) if first[0]["loc"] else "values"
                raise InvalidInputError(f"{where}: {first[0]['msg']}", field=where) from None


def _same(shown: Any, given: Any) -> bool:
    # In Python True equals 1; as a setting it does not.
    return json.dumps(shown, sort_keys=True) == json.dumps(given, sort_keys=True)


def _secret_text(name: str, value: Any) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= SECRET_CHARS_MAX:
        raise InvalidInputError(
            f"{name} must be a text of 1 to {SECRET_CHARS_MAX} characters", field=name
        )
    return value


log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class HostContext:
    """Implements ``PluginContext``.

    Args:
        plugin_id: The plugin's name.
        environ: The environment of its settings.
        models: The settings models that the plugin has used, in order.
        stored: Values set by an operator; the environment takes precedence.
        scenarios: Filled after the hooks for scenarios.
        derive: Derives a secret of this installation for a purpose; None without a vault.
        configs: The settings that were returned.
    """

    plugin_id: str
    environ: Mapping[str, str]
    scenarios: Mapping[str, Any] = field(default_factory=dict)
    models: list[type[BaseModel]] = field(default_factory=list)
    stored: StoredSettings = NO_SETTINGS
    derive: Callable[[str], str] | None = None
    configs: list[BaseModel] = field(default_factory=list)

    def config(self, model: type[Model]) -> Model:
        config = self._with_derived(self._validated(model))
        self.configs.append(config)
        return config

    def secrets(self) -> Sequence[str]:
        """Return all secrets in the settings that were returned until now."""
        return [
            value.get_secret_value() if isinstance(value, SecretStr) else value
            for config in self.configs
            for name in type(config).model_fields
            if isinstance(value := getattr(config, name), SecretStr)
            or (isinstance(value, str) and names_a_setting_secret(name))
        ]

    def _with_derived(self, config: Model) -> Model:
        """Fill missing secrets that the model allows the host to derive."""
        derived = {
            name: SecretStr(self.derive(f"{self.plugin_id}:{name}"))
            for name, field in type(config).model_fields.items()
            if _is_derived(field) and getattr(config, name) is None and self.derive is not None
        }
        return config.model_copy(update=derived) if derived else config

    def _validated(self, model: type[Model]) -> Model:
        self.models.append(model)
        stored = {name: v for name, v in self.stored.given.items() if name in model.model_fields}
        if stored:
            try:
                return model.model_validate({**stored, **self.read(model)})
            except KeyboardInterrupt:
                raise
            except BaseException:  # noqa: BLE001 - validators are the plugin's code
                log.warning(
                    "plugin %s refuses its stored values, which are ignored: see "
                    "GET /plugins", self.plugin_id,
                )  # fmt: skip
        names = self._names(model)
        try:
            return model.model_validate(self.read(model))
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            where = str(first["loc"][0]) if first["loc"] else next(iter(names))
            candidates = names.get(where, [where])
            # If several variables are set, the last one is used.
            read = [name for name in candidates if self.environ.get(name)]
            raise OperatorError(
                setting=read[-1] if read else candidates[0],
                problem=f"plugin {self.plugin_id} refuses its value ({first['msg']})",
                remedy="Correct it, or remove it to use the default",
            ) from None

    def read(self, model: type[BaseModel]) -> Mapping[str, str]:
        """Return the environment's values of a model's fields."""
        return {field: self.environ[name] for field, name in self.set_by(model).items()}

    def set_by(self, model: type[BaseModel]) -> Mapping[str, str]:
        """Return the variable that sets a field, by field."""
        return {
            field: name
            for field, candidates in self._names(model).items()
            for name in candidates
            if self.environ.get(name, "") != ""
        }

    def _names(self, model: type[BaseModel]) -> Mapping[str, list[str]]:
        return {field: _names(self.plugin_id, field, model) for field in model.model_fields}

    def setting_names(self) -> frozenset[str]:
        """Return the variables of the plugin's settings, after its hooks were called."""
        return frozenset(
            name
            for model in self.models
            for candidates in self._names(model).values()
            for name in candidates
        )

    def settings(self) -> Config | None:
        """Return the plugin's settings, after its hooks were called."""
        if not self.models:
            return None
        models = list(dict.fromkeys(self.models))
        set_by = {field: name for model in models for field, name in self.set_by(model).items()}
        return Config(self.plugin_id, models, set_by, self.read, self.stored)


def _names(plugin_id: str, name: str, model: type[BaseModel]) -> list[str]:
    """Return the variables of a field; a later one takes precedence."""
    extra: Any = model.model_fields[name].json_schema_extra
    own = [str(extra["env"])] if isinstance(extra, Mapping) and "env" in extra else []
    return [*own, f"PAYGATE_{plugin_id}_{name}".upper()]


def _is_derived(field: FieldInfo) -> bool:
    extra: Any = field.json_schema_extra
    return isinstance(extra, Mapping) and extra.get("derived") is True
