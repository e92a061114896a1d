"""Panels to the wire's words."""

from __future__ import annotations

from collections.abc import Mapping

from ...plugin_api.extensions import FiguresData, TableData
from ...registry import GuardedPanel
from ..wire import panels as wire


def panels(offered: Mapping[str, GuardedPanel]) -> wire.Panels:
    """``GET /plugins/panels``."""
    return {"data": [_listed(id, each) for id, each in offered.items()]}


def _listed(id: str, offered: GuardedPanel) -> wire.PanelListed:
    panel = offered.panel
    return {
        "id": id,
        "plugin": offered.plugin,
        "title": panel.title,
        "kind": panel.kind,
        "place": panel.place,
    }


def panel(id: str, offered: GuardedPanel, data: TableData | FiguresData) -> wire.PanelShown:
    """``GET /plugins/panels/{id}``."""
    shown: wire.PanelShown = {**_listed(id, offered), "columns": [], "rows": [], "figures": []}
    match data:
        case TableData(columns=columns, rows=rows):
            shown["columns"] = [{"key": each.key, "label": each.label} for each in columns]
            shown["rows"] = [dict(row) for row in rows]
        case FiguresData(figures=figures):
            shown["figures"] = [
                {"label": each.label, "value": each.value, "unit": each.unit} for each in figures
            ]
    return shown
