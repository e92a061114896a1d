"""What stands behind the host's guard beside processors: who advises, and who adds.

None of them raises anything but ``PluginError``; what they answer has been checked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from pydantic import BaseModel

from ..ports.extensions import (
    Command,
    CommandContext,
    ExtensionContext,
    FiguresData,
    Panel,
    Route,
    RouteCall,
    RouteReply,
    TableData,
)
from ..ports.plugins import CallContext
from ..ports.risk import RiskContext, RiskRequest, RiskVerdict
from ..ports.routing import RouteRequest


@dataclass(frozen=True, slots=True)
class Opinion:
    """What a router thinks.

    Args:
        ranking: Candidates, the best first; None for no opinion.
        ignored: Ids it named that are no candidates.
    """

    ranking: tuple[str, ...] | None
    ignored: tuple[str, ...] = ()


class GuardedRouter(Protocol):
    """A router behind the host's guard."""

    @property
    def name(self) -> str:
        """Its name."""
        ...

    @property
    def plugin(self) -> str:
        """Whose it is."""
        ...

    async def opinion(self, request: RouteRequest, context: CallContext) -> Opinion:
        """See ``Router.rank``.

        Raises:
            PluginError: It failed, or its answer is none.
        """
        ...


class GuardedCheck(Protocol):
    """A risk check behind the host's guard."""

    @property
    def name(self) -> str:
        """Its name."""
        ...

    @property
    def plugin(self) -> str:
        """Whose it is."""
        ...

    @property
    def is_closed(self) -> bool:
        """Whether its failure blocks."""
        ...

    async def assess(self, request: RiskRequest, context: RiskContext) -> RiskVerdict | None:
        """See ``RiskCheck.assess``.

        Raises:
            PluginError: It failed, or its answer is none.
        """
        ...


class GuardedRoute(Protocol):
    """A plugin's route behind the host's guard."""

    @property
    def plugin(self) -> str:
        """Whose it is."""
        ...

    @property
    def route(self) -> Route:
        """What it says of itself."""
        ...

    def read(self, body: Mapping[str, Any]) -> BaseModel:
        """A request's body as the route declares it.

        Raises:
            InvalidInputError: It is not like that.
            PluginError: The plugin's model failed.
        """
        ...

    async def answer(self, call: RouteCall, context: ExtensionContext) -> RouteReply:
        """What the plugin answers: bytes, or what is plain JSON.

        Raises:
            PluginError: It failed, or its answer is none.
        """
        ...


class GuardedPanel(Protocol):
    """A panel behind the host's guard."""

    @property
    def plugin(self) -> str:
        """Whose it is."""
        ...

    @property
    def panel(self) -> Panel:
        """What it says of itself."""
        ...

    async def data(self, context: ExtensionContext) -> TableData | FiguresData:
        """What it shows.

        Raises:
            PluginError: It failed, or its answer is none.
        """
        ...


class GuardedCommand(Protocol):
    """A command behind the host's guard."""

    @property
    def plugin(self) -> str:
        """Whose it is."""
        ...

    @property
    def command(self) -> Command:
        """What it says of itself."""
        ...

    async def run(self, options: object, context: CommandContext) -> int:
        """Do it; the exit code.

        Raises:
            PluginError: It failed, or returned none.
        """
        ...
