"""Transactions that the database ended for the sake of others are run again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from functools import wraps
from random import Random
from typing import Any, ParamSpec, TypeVar

from ..domain.errors import TransactionConflictError
from .deps import Deps

TRIES_MAX = 4
WAIT_S = 0.05

Given = ParamSpec("Given")
Result = TypeVar("Result")


def run_again_on_conflict(
    use_case: Callable[Given, Coroutine[Any, Any, Result]],
) -> Callable[Given, Coroutine[Any, Any, Result]]:
    """Let a use case start over after a deadlock or a serialization failure, a few times.

    Only for use cases that do everything in one transaction and have no effect outside the
    database. Inside a transaction of the caller it is the caller's to start over.
    """

    @wraps(use_case)
    async def run(*args: Given.args, **kwargs: Given.kwargs) -> Result:
        deps = next(each for each in args if isinstance(each, Deps))
        tries = 1 if deps.storage.is_in_transaction else TRIES_MAX
        # Spreads those who met; nothing that must be repeatable.
        rng = Random()
        while True:
            try:
                return await use_case(*args, **kwargs)
            except TransactionConflictError:
                tries -= 1
                if not tries:
                    raise
            await asyncio.sleep(rng.uniform(0, WAIT_S))

    return run
