"""A logger that masks the secrets of the plugin that it is given to."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from ..core.plugin_api.extensions import ExtensionContext
from ..core.plugin_api.plugin import CallContext, Logger
from ..core.plugin_api.risk import RiskContext
from ..core.plugin_api.wire import WireContext
from ..core.redaction import mask_secrets

Context = TypeVar("Context", CallContext, ExtensionContext, RiskContext, WireContext)


@dataclass(frozen=True, slots=True)
class MaskingLogger:
    """Implements ``Logger``.

    Args:
        logger: Writes the entries.
        secrets: Texts that are masked wherever they occur.
    """

    logger: Logger
    secrets: Collection[str]

    def debug(self, event: str, **fields: Any) -> None:
        self.logger.debug(mask_secrets(event, self.secrets), **self._masked(fields))

    def info(self, event: str, **fields: Any) -> None:
        self.logger.info(mask_secrets(event, self.secrets), **self._masked(fields))

    def warning(self, event: str, **fields: Any) -> None:
        self.logger.warning(mask_secrets(event, self.secrets), **self._masked(fields))

    def _masked(self, fields: dict[str, Any]) -> dict[str, Any]:
        return {name: _mask(value, self.secrets) for name, value in fields.items()}


def masked(context: Context, secrets: Collection[str]) -> Context:
    """Return the context with a logger that masks the secrets."""
    return replace(context, logger=MaskingLogger(context.logger, secrets))


def _mask(value: Any, secrets: Collection[str]) -> Any:
    match value:
        case None | bool() | int() | float():
            return value
        case dict():
            return {_mask(name, secrets): _mask(inner, secrets) for name, inner in value.items()}
        case list() | tuple():
            return [_mask(inner, secrets) for inner in value]
        case bytes():
            return mask_secrets(value.decode(errors="replace"), secrets)
        case _:
            return mask_secrets(str(value), secrets)
