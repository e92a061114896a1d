"""The dependencies, the dialect and the payments in progress of the current app."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from quart import Quart, Request, current_app
from quart.globals import request_ctx

from ..batching import Batcher
from ..deps import Deps
from ..idempotency import Answer
from ..payments.group_commit import GroupedCreate, create_payments
from .dialect import Dialect

DEPS, DIALECT, GROUP = "paygate.deps", "paygate.dialect", "paygate.group"


def current_request() -> Request:
    """Return the current request itself.

    Each use of ``quart.request`` looks it up again.
    """
    return request_ctx.request


def use_deps(app: Quart, deps: Deps) -> None:
    """Set the dependencies of an app."""

    async def create(requests: Sequence[GroupedCreate]) -> Sequence[Answer | None]:
        return await create_payments(requests, deps)

    app.extensions[DEPS] = deps
    app.extensions[GROUP] = Batcher(create)


def deps_of_app() -> Deps:
    """Return the dependencies of the current app.

    Handlers in a transaction receive a copy that is bound to it.
    """
    return cast("Deps", current_app.extensions[DEPS])


def group_of_app() -> Batcher[GroupedCreate, Answer | None]:
    """Return what creates payments of concurrent requests together."""
    return cast("Batcher[GroupedCreate, Answer | None]", current_app.extensions[GROUP])


def use_dialect(app: Quart, dialect: Dialect, *, with_docs: bool) -> None:
    """Set the dialect of an app, after all its routes are registered."""
    app.extensions[DIALECT] = dialect
    dialect.register(app, with_docs=with_docs)


def dialect_of_app() -> Dialect:
    """Return the dialect of the current app."""
    return cast("Dialect", current_app.extensions[DIALECT])
