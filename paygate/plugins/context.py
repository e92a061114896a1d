"""What a hook is handed: the plugin's name and its settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, ValidationError

from ..core.domain.errors import OperatorError
from ..core.ports.plugins import Config


@dataclass(frozen=True, slots=True)
class HostContext:
    """See ``PluginContext``.

    Args:
        plugin_id: The name the plugin was found under.
        environ: Where settings are read from.
        models: The settings models the plugin asked for, in order.
        scenarios: Filled when all plugins have offered theirs.
    """

    plugin_id: str
    environ: Mapping[str, str]
    scenarios: Mapping[str, Any] = field(default_factory=dict)
    models: list[type[BaseModel]] = field(default_factory=list)

    def config(self, model: type[Config]) -> Config:
        """See ``PluginContext.config``."""
        self.models.append(model)
        names = {field: _names(self.plugin_id, field, model) for field in model.model_fields}
        given = {
            field: self.environ[name]
            for field, candidates in names.items()
            for name in candidates
            if self.environ.get(name, "") != ""
        }
        try:
            return model.model_validate(given)
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


def _names(plugin_id: str, name: str, model: type[BaseModel]) -> list[str]:
    """The variables a field is read from; a later one wins."""
    extra: Any = model.model_fields[name].json_schema_extra
    own = [str(extra["env"])] if isinstance(extra, Mapping) and "env" in extra else []
    return [*own, f"PAYGATE_{plugin_id}_{name}".upper()]
