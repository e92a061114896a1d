"""What a hook is handed: the plugin's name and its settings."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, SecretStr, ValidationError
from pydantic.fields import FieldInfo

from ..core.errors import OperatorError
from ..core.plugin_api.plugin import Config as Model
from ..core.plugin_api.settings import NOTHING_SET, StoredSettings
from .config import Config, names_a_setting_secret

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class HostContext:
    """See ``PluginContext``.

    Args:
        plugin_id: The name the plugin was found under.
        environ: Where settings are read from.
        models: The settings models the plugin asked for, in order.
        stored: What an operator set; the environment wins over it.
        scenarios: Filled when all plugins have offered theirs.
        derive: Makes a secret of this installation for a purpose; None where there is no
            vault.
        configs: The settings that were handed out.
    """

    plugin_id: str
    environ: Mapping[str, str]
    scenarios: Mapping[str, Any] = field(default_factory=dict)
    models: list[type[BaseModel]] = field(default_factory=list)
    stored: StoredSettings = NOTHING_SET
    derive: Callable[[str], str] | None = None
    configs: list[BaseModel] = field(default_factory=list)

    def config(self, model: type[Model]) -> Model:
        """See ``PluginContext.config``."""
        config = self._with_derived(self._validated(model))
        self.configs.append(config)
        return config

    def secrets(self) -> Sequence[str]:
        """Every secret among the settings that were handed out so far."""
        return [
            value.get_secret_value() if isinstance(value, SecretStr) else value
            for config in self.configs
            for name in type(config).model_fields
            if isinstance(value := getattr(config, name), SecretStr)
            or (isinstance(value, str) and names_a_setting_secret(name))
        ]

    def _with_derived(self, config: Model) -> Model:
        """Fill secrets that nothing sets and that the model lets the host derive."""
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
            except BaseException:  # noqa: BLE001 - a model's validators are the plugin's code
                log.warning(
                    "plugin %s refuses what was stored for it, which is left out: see "
                    "GET /plugins", self.plugin_id,
                )  # fmt: skip
        names = self._names(model)
        try:
            return model.model_validate(self.read(model))
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            where = str(first["loc"][0]) if first["loc"] else next(iter(names))
            candidates = names.get(where, [where])
            # The last that is set is the one that was read.
            read = [name for name in candidates if self.environ.get(name)]
            raise OperatorError(
                setting=read[-1] if read else candidates[0],
                problem=f"plugin {self.plugin_id} refuses its value ({first['msg']})",
                remedy="Correct it, or leave it out to use the default",
            ) from None

    def read(self, model: type[BaseModel]) -> Mapping[str, str]:
        """What the environment says of a model's fields."""
        return {field: self.environ[name] for field, name in self.set_by(model).items()}

    def set_by(self, model: type[BaseModel]) -> Mapping[str, str]:
        """Field → the variable that sets it, where one does."""
        return {
            field: name
            for field, candidates in self._names(model).items()
            for name in candidates
            if self.environ.get(name, "") != ""
        }

    def _names(self, model: type[BaseModel]) -> Mapping[str, list[str]]:
        return {field: _names(self.plugin_id, field, model) for field in model.model_fields}

    def setting_names(self) -> frozenset[str]:
        """Every variable that one of its settings is read from, once its hooks were called."""
        return frozenset(
            name
            for model in self.models
            for candidates in self._names(model).values()
            for name in candidates
        )

    def settings(self) -> Config | None:
        """What can be set of the plugin, once its hooks were called."""
        if not self.models:
            return None
        models = list(dict.fromkeys(self.models))
        set_by = {field: name for model in models for field, name in self.set_by(model).items()}
        return Config(self.plugin_id, models, set_by, self.read, self.stored)


def _names(plugin_id: str, name: str, model: type[BaseModel]) -> list[str]:
    """The variables a field is read from; a later one wins."""
    extra: Any = model.model_fields[name].json_schema_extra
    own = [str(extra["env"])] if isinstance(extra, Mapping) and "env" in extra else []
    return [*own, f"PAYGATE_{plugin_id}_{name}".upper()]


def _is_derived(field: FieldInfo) -> bool:
    extra: Any = field.json_schema_extra
    return isinstance(extra, Mapping) and extra.get("derived") is True
