"""The app that answers the current request: what it is built from, and its dialect."""

from __future__ import annotations

from typing import cast

from quart import Quart, current_app

from ..deps import Deps
from .dialect import Dialect

DEPS, DIALECT = "paygate.deps", "paygate.dialect"


def use_deps(app: Quart, deps: Deps) -> None:
    """Give an app the dependencies that its routes work with."""
    app.extensions[DEPS] = deps


def deps_of_app() -> Deps:
    """Return the dependencies of the app that answers the current request.

    Handlers that run in a transaction are given a copy bound to it instead.
    """
    return cast("Deps", current_app.extensions[DEPS])


def use_dialect(app: Quart, dialect: Dialect, *, with_docs: bool) -> None:
    """Make an app speak a dialect, once all its own routes are registered."""
    app.extensions[DIALECT] = dialect
    dialect.register(app, with_docs=with_docs)


def dialect_of_app() -> Dialect:
    """Return the dialect of the app that answers the current request."""
    return cast("Dialect", current_app.extensions[DIALECT])
