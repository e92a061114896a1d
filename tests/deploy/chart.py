"""The chart's templates, as far as they can be read without Helm.

Every action of the templates is a whole line (``if``, ``range``, ``end``), which is left out here,
or one value, which is written as JSON. So a template is YAML once its values are put in.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

CHART = Path(__file__).parents[2] / "deploy/helm/paygate"
VALUES = yaml.safe_load((CHART / "values.yaml").read_text())
HELPERS = (CHART / "templates/_helpers.tpl").read_text()
TEMPLATES = {path.name: path.read_text() for path in sorted(CHART.glob("templates/*.yaml"))}
RELEASE = "shop"

ACTION = re.compile(r"\{\{-?\s*(.*?)\s*-?\}\}", re.DOTALL)
ON_ITS_OWN_LINE = re.compile(r"^\s*\{\{-? (?:if|range|end).*\}\}\n", re.MULTILINE)
VALUE = re.compile(r"\.Values((?:\.\w+)+)")
INCLUDE = re.compile(r'include "([\w.]+)"')
OF_HELPERS: Mapping[str, Any] = {
    "paygate.labels": {"app.kubernetes.io/name": "paygate"},
    "paygate.selector": {"app.kubernetes.io/name": "paygate"},
    "paygate.podLabels": {"app.kubernetes.io/name": "paygate"},
    "paygate.podAnnotations": {},
    "paygate.image": "registry.example/paygate:1",
    "paygate.env": [{"name": "PAYGATE_ENV", "value": "production"}],
    "paygate.envFrom": [{"secretRef": {"name": "settings"}}],
}
"""Stands for what a helper gives if it computes it. The others are JSON as they are."""


def actions(text: str) -> list[str]:
    """Return what stands in braces, comments aside."""
    return [each for each in ACTION.findall(text) if not each.startswith("/*")]


def value_at(path: str) -> Any:
    """Return the default of ``.api.replicas`` and the like.

    Raises:
        KeyError: There is no such value.
    """
    found = VALUES
    for name in path.strip(".").split("."):
        found = found[name]
    return found


def helpers() -> Mapping[str, str]:
    """Return the body of each helper."""
    parts = re.findall(
        r'^\{\{- define "([\w.]+)" -\}\}\n(.*?)\n\{\{- end \}\}$', HELPERS, re.MULTILINE | re.DOTALL
    )
    return dict(parts)


def evaluate(action: str) -> str:
    """Return what one action of a template writes."""
    if action == 'include "paygate.name" .':
        return RELEASE
    if included := INCLUDE.match(action):
        name = included[1]
        return json.dumps(OF_HELPERS[name]) if name in OF_HELPERS else helpers()[name]
    if value := VALUE.search(action):
        found = value_at(value[1])
        return json.dumps(str(found) if "toString" in action else found)
    # The element of a range, or the release.
    return json.dumps(RELEASE)


def objects(name: str) -> Iterator[Any]:
    """Return the objects of a template with the default values; what is optional is included."""
    text = ON_ITS_OWN_LINE.sub("", TEMPLATES[name])
    filled = ACTION.sub(lambda match: evaluate(match[1]), text)
    yield from yaml.safe_load_all(filled)


def leaves(values: Any, path: str = "") -> Iterator[str]:
    """Return the paths of the values that are no mapping, or an empty one."""
    for name, value in values.items():
        if isinstance(value, dict) and value:
            yield from leaves(value, f"{path}.{name}")
        else:
            yield f"{path}.{name}"
