"""Writes the OpenAPI document that the dashboard's types are made of.

Without a database: what is served and what it looks like is known from the code alone.
Paths that are kept for clients of older gateways are left out; these pages ask none.
"""

from __future__ import annotations

import json
import sys
from types import SimpleNamespace
from typing import Any, cast

from paygate.core.api.app import WebSettings, create_app
from paygate.core.api.openapi import openapi_document
from paygate.core.deps import Deps, Policy
from paygate.plugins.host import installed_plugins, load_plugins


class Machines(SimpleNamespace):
    """What an app reaches while it answers; nobody asks it anything here."""

    def __getattr__(self, name: str) -> Any:
        return None


def main() -> None:
    """To standard output, the same for the same code."""
    registry = load_plugins(installed_plugins(), environ={}, preferred=()).registry
    deps = cast("Deps", Machines(registry=registry, policy=Policy()))
    app = create_app(deps, WebSettings(with_test_routes=True, version="0"))
    written = openapi_document(app, registry, version="0")
    for path, item in list(written["paths"].items()):
        ours = {method: _good(said) for method, said in item.items() if not _is_dialect(said)}
        written["paths"][path] = ours
        if not ours:
            del written["paths"][path]
    json.dump(_without_examples(written), sys.stdout, indent=1, ensure_ascii=False, sort_keys=True)


def _good(operation: dict[str, Any]) -> dict[str, Any]:
    """Without its refusals: they all look alike, and ``client.ts`` reads them."""
    answers = {code: each for code, each in operation["responses"].items() if code < "400"}
    return {**operation, "responses": answers}


def _is_dialect(operation: dict[str, Any]) -> bool:
    return bool(operation.get("x-paygate-dialect"))


def _without_examples(part: Any) -> Any:
    if isinstance(part, dict):
        kept = {name: each for name, each in part.items() if name not in {"examples", "example"}}
        return {name: _without_examples(each) for name, each in kept.items()}
    return [_without_examples(each) for each in part] if isinstance(part, list) else part


if __name__ == "__main__":
    main()
