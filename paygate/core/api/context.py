"""The dependencies and the dialect of the current app."""

from __future__ import annotations

from typing import cast

from quart import Quart, Request, current_app
from quart.globals import request_ctx

from ..deps import Deps
from .dialect import Dialect

DEPS, DIALECT = "paygate.deps", "paygate.dialect"


def current_request() -> Request:
    """Return the current request itself.

    Each use of ``quart.request`` looks it up again.
    """
    return request_ctx.request


def use_deps(app: Quart, deps: Deps) -> None:
    """Set the dependencies of an app."""
    app.extensions[DEPS] = deps


def deps_of_app() -> Deps:
    """Return the dependencies of the current app.

    Handlers in a transaction receive a copy that is bound to it.
    """
    return cast("Deps", current_app.extensions[DEPS])


def use_dialect(app: Quart, dialect: Dialect, *, with_docs: bool) -> None:
    """Set the dialect of an app, after all its routes are registered."""
    app.extensions[DIALECT] = dialect
    dialect.register(app, with_docs=with_docs)


def dialect_of_app() -> Dialect:
    """Return the dialect of the current app."""
    return cast("Dialect", current_app.extensions[DIALECT])
