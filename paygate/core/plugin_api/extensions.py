"""What a plugin adds beside payments: routes, commands and panels.

Everything here is exported by ``paygate`` itself; a plugin imports it from there.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel

from ..clock import Clock
from .history import History
from .http_client import Http
from .plugin import Logger

HttpMethod = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
RouteAccess = Literal["merchant", "anyone"]
PanelKind = Literal["table", "figures"]
PanelPlace = Literal["overview", "payments", "plugins"]


@dataclass(frozen=True, slots=True)
class ExtensionContext:
    """What a route, a command or a panel is handed. It has no other way to the world.

    Args:
        merchant_id: Whose request it is; None where nobody has to say who they are.
        clock: The app's time.
        http: The guarded client.
        logger: It redacts.
        deadline: After this much time the host stops listening.
        history: The merchant's payments; None where there is no merchant.
    """

    merchant_id: UUID | None
    clock: Clock
    http: Http
    logger: Logger
    deadline: timedelta
    history: History | None = None


@dataclass(frozen=True, slots=True)
class RouteCall:
    """A request to a plugin's route.

    Args:
        method: In capitals.
        path: What stood in the places of the route's path, by name.
        query: The first of each name.
        headers: With lower-case names; without what tells merchants and users apart.
        body: The exact bytes.
        input: The body as the route's ``input`` model; None where it has none.
    """

    method: str
    path: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    input: BaseModel | None = None

    def json(self) -> Any:
        """The body, parsed.

        Raises:
            ValueError: It is not JSON.
        """
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class RouteReply:
    """An answer of a plugin's route.

    Args:
        body: Plain JSON, or the exact bytes.
        status: 200 to 499.
        content_type: Of bytes; anything else is JSON.
    """

    body: Any
    status: int = 200
    content_type: str = "application/octet-stream"


Handler = Callable[[RouteCall, ExtensionContext], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Route:
    """An HTTP route under ``/plugins/<plugin>``.

    Args:
        method: Of HTTP.
        path: Begins with a slash; ``{name}`` stands for one part of it.
        handler: Answers with a ``RouteReply``, or with plain JSON for a 200.
        summary: What it does, in a few words, for the API's document.
        access: ``merchant`` asks for a merchant's keys; ``anyone`` asks for nothing.
        input: What its JSON body must look like; what does not is refused with 400.
    """

    method: HttpMethod
    path: str
    handler: Handler
    summary: str
    access: RouteAccess = "merchant"
    input: type[BaseModel] | None = None


@dataclass(frozen=True, slots=True)
class CommandContext:
    """What a command is handed.

    Args:
        clock: The app's time.
        http: The guarded client.
        logger: It redacts.
        say: Writes a line for whoever asked.
        history_of: A merchant's payments.
    """

    clock: Clock
    http: Http
    logger: Logger
    say: Callable[[str], None]
    history_of: Callable[[UUID], History]


@dataclass(frozen=True, slots=True)
class Command:
    """A verb of the command line: ``paygate x <plugin> <name>``.

    Args:
        name: Lower-case letters, digits and dashes.
        help: What it does, in a few words.
        run: Does it; what it returns is the exit code, None for 0.
        options: Each field is an option: ``since_days`` is ``--since-days``.
    """

    name: str
    help: str
    run: Callable[[Any, CommandContext], Awaitable[int | None]]
    options: type[BaseModel] | None = None


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: the rows' key, and what people read above it."""

    key: str
    label: str


@dataclass(frozen=True, slots=True)
class Figure:
    """A number with a name.

    Args:
        label: What people read beside it.
        value: A number, or a short text.
        unit: What it counts, such as ``ms`` or ``%``.
    """

    label: str
    value: int | float | str
    unit: str = ""


@dataclass(frozen=True, slots=True)
class TableData:
    """What a panel of kind ``table`` shows; rows hold texts, numbers, booleans or None."""

    columns: Sequence[Column]
    rows: Sequence[Mapping[str, str | int | float | bool | None]]


@dataclass(frozen=True, slots=True)
class FiguresData:
    """What a panel of kind ``figures`` shows."""

    figures: Sequence[Figure]


@dataclass(frozen=True, slots=True)
class Panel:
    """A panel of the dashboard, drawn by it from plain data.

    Args:
        id: Lower-case letters, digits and underscores; unique in its plugin.
        title: What people read above it.
        kind: How it is drawn.
        data: What it shows, for the merchant in ``context``: a ``TableData`` or a
            ``FiguresData``, as ``kind`` says.
        place: On which page.
    """

    id: str
    title: str
    kind: PanelKind
    data: Callable[[ExtensionContext], Awaitable[TableData | FiguresData]]
    place: PanelPlace = "overview"
