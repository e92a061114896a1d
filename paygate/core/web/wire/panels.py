"""Panels that plugins add to the dashboard."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from typing_extensions import TypedDict

from ...plugin_api.extensions import PanelKind, PanelPlace

Cell = str | int | float | bool | None


class PanelListed(TypedDict):
    """A panel, before anybody asks what it shows."""

    id: Annotated[str, Field(examples=["acme.velocity"])]
    plugin: str
    title: str
    kind: PanelKind
    place: PanelPlace


class Panels(TypedDict):
    """All of them."""

    data: list[PanelListed]


class PanelColumn(TypedDict):
    """A column of a table."""

    key: str
    label: str


class PanelFigure(TypedDict):
    """A number with a name."""

    label: str
    value: str | int | float
    unit: str


class PanelShown(PanelListed):
    """A panel with what it shows: columns and rows of a table, or figures."""

    columns: list[PanelColumn]
    rows: list[dict[str, Cell]]
    figures: list[PanelFigure]
