"""The dependencies and the dialect of the current app."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any, cast

from quart import Quart, Request
from quart.globals import _cv_app, _cv_request

from ..deps import Deps
from .dialect import Dialect

DEPS, DIALECT = "paygate.deps", "paygate.dialect"


def current_request() -> Request:
    """Return the current request itself.

    Each use of ``quart.request`` looks it up again.
    """
    return _cv_request.get().request


def scope_of(asked: Request) -> MutableMapping[str, Any]:
    """Return the ASGI scope of a request, in which its handlers keep what others need."""
    return cast("MutableMapping[str, Any]", asked.scope)


def current_app() -> Quart:
    """Return the current app itself."""
    return _cv_app.get().app


def use_deps(app: Quart, deps: Deps) -> None:
    """Set the dependencies of an app."""
    app.extensions[DEPS] = deps


def deps_of_app() -> Deps:
    """Return the dependencies of the current app.

    Handlers in a transaction receive a copy that is bound to it.
    """
    return cast("Deps", current_app().extensions[DEPS])


def use_dialect(app: Quart, dialect: Dialect, *, with_docs: bool) -> None:
    """Set the dialect of an app, after all its routes are registered."""
    app.extensions[DIALECT] = dialect
    dialect.register(app, with_docs=with_docs)


def dialect_of_app() -> Dialect:
    """Return the dialect of the current app."""
    return cast("Dialect", current_app().extensions[DIALECT])
