"""Run a plugin's call in its own task with a deadline, and contain its exceptions."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

from ..core.errors import NotSentError, PluginError
from ..core.redaction import mask_secrets
from .results import words
from .threads import CALLED_PLUGIN

Answer = TypeVar("Answer")


async def within(
    deadline: timedelta, call: Callable[[], Awaitable[Answer]], *, plugin: str
) -> Answer:
    """Run a call in its own task and return its result.

    A plugin that ignores its cancellation blocks that task only.

    Args:
        deadline: How long it may take.
        call: The call.
        plugin: Its name; the watchdog reads it from the stack.

    Raises:
        TimeoutError: The deadline passed.
        NotSentError: The plugin raised it.
        PluginError: It raised another exception, or its result was refused.
    """
    task = asyncio.ensure_future(contained_call(call, plugin))
    try:
        done, _ = await asyncio.wait({task}, timeout=deadline.total_seconds())
    finally:
        task.cancel()
    if not done:
        raise TimeoutError
    match task.result():
        case _Raised(error=error):
            kind = NotSentError if isinstance(error, NotSentError) else PluginError
            raise kind(words(error)) from error
        case answer:
            return answer


async def answered(
    deadline: timedelta,
    call: Callable[[], Awaitable[Answer]],
    *,
    plugin: str,
    secrets: Collection[str] = (),
) -> Answer:
    """Run a call like ``within``, for callers that need only one kind of error.

    Args:
        deadline: How long it may take.
        call: The call.
        plugin: The id of the plugin.
        secrets: Secret settings of the plugin, masked in its errors.

    Raises:
        PluginError: There is no result; the reason says why.
    """
    try:
        return await within(deadline, call, plugin=plugin)
    except TimeoutError:
        seconds = deadline.total_seconds()
        raise PluginError(f"no response within {seconds:.3g} s", plugin=plugin) from None
    except PluginError as error:
        raise PluginError(mask_secrets(error.reason, secrets), plugin=plugin) from error


def contained(call: Callable[[], Answer], *, plugin: str) -> Answer:
    """Make a synchronous call of a plugin.

    ``SystemExit`` would end the process, and a ``CancelledError`` that the plugin raises
    would look like a cancellation by the host: both are failures of the plugin. Only Ctrl-C
    passes.

    Raises:
        PluginError: The call raised an exception; a ``PluginError`` keeps its class.
    """
    try:
        return call()
    except (KeyboardInterrupt, PluginError):
        raise
    except BaseException as error:
        raise PluginError(words(error), plugin=plugin) from error


@dataclass(frozen=True, slots=True)
class _Raised:
    error: BaseException


async def contained_call(
    call: Callable[[], Awaitable[Answer]],
    plugin: str,
) -> Answer | _Raised:
    """Return the result, or the exception.

    No exception leaves the task: ``SystemExit`` would end the event loop, and a
    cancellation by the plugin would look like one by the host. Only Ctrl-C passes.
    """
    # In the task's own context; the watchdog reads the argument from the stack.
    CALLED_PLUGIN.set(plugin)
    try:
        return await call()
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 - a plugin may raise anything
        return _Raised(error)
