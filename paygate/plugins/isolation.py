"""A plugin's call in a task of its own, with a deadline; what it raises stays in there."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

from ..core.errors import NotSentError, PluginError
from ..core.redaction import mask_secrets
from .results import words

Answer = TypeVar("Answer")


async def within(deadline: timedelta, call: Callable[[], Awaitable[Answer]]) -> Answer:
    """What the call comes to, in a task of its own.

    A plugin that does not stop when it is told to keeps that task, and nobody else.

    Raises:
        TimeoutError: The deadline passed.
        NotSentError: The plugin says so.
        PluginError: It raised something else, or its answer was refused.
    """
    task = asyncio.ensure_future(_contained(call))
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
    """The same for whoever only wants to know that there is no answer.

    Args:
        deadline: How long it may take.
        call: What is asked.
        plugin: Whose it is.
        secrets: What the plugin was set to in confidence, and may repeat.

    Raises:
        PluginError: There is none; the reason says why.
    """
    try:
        return await within(deadline, call)
    except TimeoutError:
        seconds = deadline.total_seconds()
        raise PluginError(f"no answer within {seconds:.3g} s", plugin=plugin) from None
    except PluginError as error:
        raise PluginError(mask_secrets(error.reason, secrets), plugin=plugin) from error


def contained(call: Callable[[], Answer], *, plugin: str) -> Answer:
    """Make a synchronous call of a plugin.

    ``SystemExit`` would end the process, and a ``CancelledError`` that the plugin raises
    itself would look like a cancellation of ours: both are failures of the plugin. Only
    Ctrl-C passes.

    Raises:
        PluginError: It raised something; its own ``PluginError`` keeps its class.
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


async def _contained(call: Callable[[], Awaitable[Answer]]) -> Answer | _Raised:
    """The answer, or what was raised instead.

    Nothing leaves the task: ``SystemExit`` would end the event loop, and a
    cancellation of the plugin's own doing would look like one of ours. Only
    Ctrl-C does, which is nobody's answer.
    """
    try:
        return await call()
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 - a plugin may raise anything
        return _Raised(error)
