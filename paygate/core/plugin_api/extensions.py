"""Extensions of a plugin: routes, commands and panels.

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
    """The context of a route, a command or a panel.

    Args:
        merchant_id: The merchant of the request; None for a route without authentication.
        clock: The app's time.
        http: The guarded HTTP client.
        logger: A logger that redacts.
        deadline: After this time the host stops waiting.
        history: The merchant's payments; None without a merchant.
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
        method: The HTTP method, in capitals.
        path: The path parameters by name.
        query: The first value of each query parameter.
        headers: With lower-case names; without credentials of merchants and users.
        body: The exact bytes.
        input: The body as the route's ``input`` model; None without a model.
    """

    method: str
    path: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    input: BaseModel | None = None

    def json(self) -> Any:
        """Parse the body as JSON.

        Raises:
            ValueError: It is not JSON.
        """
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class RouteReply:
    """The response of a plugin's route.

    Args:
        body: Plain JSON, or the exact bytes.
        status: 200 to 499.
        content_type: For bytes; any other body is JSON.
    """

    body: Any
    status: int = 200
    content_type: str = "application/octet-stream"


Handler = Callable[[RouteCall, ExtensionContext], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Route:
    """An HTTP route under ``/plugins/<plugin>``.

    Args:
        method: The HTTP method.
        path: Begins with a slash; ``{name}`` is a path parameter.
        handler: Returns a ``RouteReply``, or plain JSON for a 200 response.
        summary: What it does, in a few words, for the API reference.
        access: ``merchant`` requires a merchant's keys; ``anyone`` requires nothing.
        input: The model of its JSON body; an invalid body is refused with 400.
    """

    method: HttpMethod
    path: str
    handler: Handler
    summary: str
    access: RouteAccess = "merchant"
    input: type[BaseModel] | None = None


@dataclass(frozen=True, slots=True)
class CommandContext:
    """The context of a command.

    Args:
        clock: The app's time.
        http: The guarded HTTP client.
        logger: A logger that redacts.
        say: Prints a line for the user.
        history_of: Returns the history of a merchant.
    """

    clock: Clock
    http: Http
    logger: Logger
    say: Callable[[str], None]
    history_of: Callable[[UUID], History]


@dataclass(frozen=True, slots=True)
class Command:
    """A command of the command line: ``paygate x <plugin> <name>``.

    Args:
        name: Lower-case letters, digits and dashes.
        help: What it does, in a few words.
        run: Runs it and returns its exit code; None is 0.
        options: Each field is an option: ``since_days`` is ``--since-days``.
    """

    name: str
    help: str
    run: Callable[[Any, CommandContext], Awaitable[int | None]]
    options: type[BaseModel] | None = None


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: the key in the rows, and the heading."""

    key: str
    label: str


@dataclass(frozen=True, slots=True)
class Figure:
    """A number with a label.

    Args:
        label: The label.
        value: A number, or a short text.
        unit: The unit, such as ``ms`` or ``%``.
    """

    label: str
    value: int | float | str
    unit: str = ""


@dataclass(frozen=True, slots=True)
class TableData:
    """The data of a panel of kind ``table``; cells are texts, numbers, booleans or None."""

    columns: Sequence[Column]
    rows: Sequence[Mapping[str, str | int | float | bool | None]]


@dataclass(frozen=True, slots=True)
class FiguresData:
    """The data of a panel of kind ``figures``."""

    figures: Sequence[Figure]


@dataclass(frozen=True, slots=True)
class Panel:
    """A panel of the dashboard, which draws it from plain data.

    Args:
        id: Lower-case letters, digits and underscores; unique in its plugin.
        title: The heading.
        kind: How it is drawn.
        data: Returns its data for the merchant in ``context``: a ``TableData`` or a
            ``FiguresData``, as ``kind`` requires.
        place: The page that shows it.
    """

    id: str
    title: str
    kind: PanelKind
    data: Callable[[ExtensionContext], Awaitable[TableData | FiguresData]]
    place: PanelPlace = "overview"
