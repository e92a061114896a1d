"""The app that answers the current request: what it is built from."""

from __future__ import annotations

from typing import cast

from quart import Quart, current_app

from ..deps import Deps

EXTENSION = "paygate.deps"


def use_deps(app: Quart, deps: Deps) -> None:
    """Give an app the dependencies that its routes work with."""
    app.extensions[EXTENSION] = deps


def deps_of_app() -> Deps:
    """Return the dependencies of the app that answers the current request.

    Handlers that run in a transaction are given a copy bound to it instead.
    """
    return cast("Deps", current_app.extensions[EXTENSION])
