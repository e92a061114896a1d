"""The scenarios of the next payments."""

from __future__ import annotations

from collections import deque
from typing import Any

from ..core.errors import InvalidInputError
from ..core.payments.scenarios import HEADER
from ..core.registry import Registry

PAYING = ("/payments", "/payments/public")


class NextScenarios:
    """Adds a scenario's name to payment requests that name none.

    Args:
        registry: Lists the scenarios.
    """

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._waiting: deque[str] = deque()

    def add(self, names: tuple[str, ...]) -> None:
        """Assign scenarios to the next payments, one each.

        Raises:
            InvalidInputError: A scenario does not exist.
        """
        for name in names:
            if name not in self._registry.scenarios:
                raise InvalidInputError(f"There is no scenario {name!r}", field=HEADER)
        self._waiting += names

    def around(self, app: Any) -> Any:
        """Wrap an ASGI app."""
        header = HEADER.lower().encode()

        async def wrapped(scope: Any, receive: Any, send: Any) -> None:
            if self._waiting and _is_paying(scope) and header not in dict(scope["headers"]):
                named = (header, self._waiting.popleft().encode())
                scope = {**scope, "headers": [*scope["headers"], named]}
            await app(scope, receive, send)

        return wrapped


def _is_paying(scope: Any) -> bool:
    if scope["type"] != "http" or scope["method"] != "POST":
        return False
    return bool(scope["path"].rstrip("/").endswith(PAYING))
