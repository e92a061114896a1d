"""Write the OpenAPI document from which the types of the dashboard and of the clients are made.

It needs no database: the routes and the models are known from the code alone.
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
    """The dependencies of the app; the document needs only the registry and the policy."""

    def __getattr__(self, name: str) -> Any:
        return None


def main() -> None:
    """Write the document to standard output."""
    json.dump(document(), sys.stdout, indent=1, ensure_ascii=False, sort_keys=True)


def document(*, with_webhooks: bool = False) -> dict[str, Any]:
    """Return the document, without examples and errors.

    Args:
        with_webhooks: Include what paygate sends; the dashboard and the clients do not receive it.
    """
    registry = load_plugins(installed_plugins(), environ={}, preferred=()).registry
    deps = cast("Deps", Machines(registry=registry, policy=Policy()))
    app = create_app(deps, WebSettings(with_test_routes=True, version="0"))
    written = openapi_document(app, registry, version="0")
    if not with_webhooks:
        del written["webhooks"]
    for item in written["paths"].values():
        item.update({method: _good(operation) for method, operation in item.items()})
    without: dict[str, Any] = _without_examples(written)
    return without


def _good(operation: dict[str, Any]) -> dict[str, Any]:
    """Return the operation without errors: they are all alike, and ``client.ts`` reads them."""
    answers = {code: each for code, each in operation["responses"].items() if code < "400"}
    return {**operation, "responses": answers}


def _without_examples(part: Any) -> Any:
    if isinstance(part, dict):
        kept = {name: each for name, each in part.items() if name not in {"examples", "example"}}
        return {name: _without_examples(each) for name, each in kept.items()}
    return [_without_examples(each) for each in part] if isinstance(part, list) else part


if __name__ == "__main__":
    main()
