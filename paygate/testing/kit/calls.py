"""Call a plugin, and record the result or the exception."""

from __future__ import annotations

import asyncio
import io
import logging
import time
import traceback
from collections.abc import Awaitable, Callable, Generator, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

Answer = TypeVar("Answer")


@dataclass(slots=True)
class Result(Generic[Answer]):
    """The result of one call.

    Args:
        answer: The returned value.
        raised: The exception, if there was one.
        took_s: The duration.
        longest_step_s: The longest time for which it blocked the event loop.
        is_over: False if the call had to be cancelled.
    """

    answer: Answer | None = None
    raised: BaseException | None = None
    took_s: float = 0.0
    longest_step_s: float = 0.0
    is_over: bool = True

    def __str__(self) -> str:
        """Describe the result in a few words."""
        if not self.is_over:
            return "no answer"
        if self.raised is not None:
            return f"{type(self.raised).__name__}: {self.raised}"[:300]
        return repr(self.answer)[:300]


@dataclass(slots=True)
class _Timed(Generic[Answer]):
    """Awaits an object and measures each step."""

    awaited: Awaitable[Answer]
    steps_s: list[float] = field(default_factory=list)

    def __await__(self) -> Generator[Any, Any, Answer]:
        inner = self.awaited.__await__()
        value: Any = None
        send: Callable[[Any], Any] = inner.send
        while True:
            began = time.perf_counter()
            try:
                yielded = send(value)
            except StopIteration as end:
                answer: Answer = end.value
                return answer
            finally:
                self.steps_s.append(time.perf_counter() - began)
            try:
                value = yield yielded
                send = inner.send
            except BaseException as error:  # noqa: BLE001 - a cancellation is passed on
                value = error
                send = inner.throw


async def run_async(
    call: Callable[[], Awaitable[Answer]], *, within_s: float = 5.0
) -> Result[Answer]:
    """Run an asynchronous call with a deadline."""
    began = time.perf_counter()
    steps: list[float] = []
    task = asyncio.ensure_future(_contained(call, steps))
    done, _ = await asyncio.wait({task}, timeout=within_s)
    if not done:
        await stopped(task)
    result: Result[Answer] = task.result() if task.done() and not task.cancelled() else Result()
    result.is_over = bool(done)
    result.took_s = time.perf_counter() - began
    result.longest_step_s = max(steps, default=0.0)
    return result


async def stopped(task: asyncio.Future[Any], *, within_s: float = 1.0) -> bool:
    """Check whether a cancelled task ended."""
    task.cancel()
    done, _ = await asyncio.wait({task}, timeout=within_s)
    return bool(done)


async def _contained(call: Callable[[], Awaitable[Answer]], steps_s: list[float]) -> Result[Answer]:
    timed: _Timed[Answer] | None = None
    began = time.perf_counter()
    try:
        timed = _Timed(call(), steps_s)
        return Result(answer=await timed)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 - a plugin may raise anything
        return Result(raised=error)
    finally:
        steps_s.append(0.0 if steps_s else time.perf_counter() - began)


def run_sync(call: Callable[[], Answer]) -> Result[Answer]:
    """Run a synchronous call."""
    began = time.perf_counter()
    try:
        result = Result(answer=call())
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 - a plugin may raise anything
        result = Result(raised=error)
    result.took_s = result.longest_step_s = time.perf_counter() - began
    return result


def whole_text(error: BaseException | None) -> str:
    """Return an exception with its causes, as a log shows it."""
    return (
        ""
        if error is None
        else "".join(traceback.format_exception_only(error))
        + whole_text(error.__cause__ or error.__context__)
    )


class _Kept(logging.Handler):
    def __init__(self, into: io.StringIO) -> None:
        super().__init__(logging.DEBUG)
        self._into = into

    def emit(self, record: logging.LogRecord) -> None:
        self._into.write(f"{record.getMessage()} {vars(record)}\n")


@contextmanager
def captured_output() -> Iterator[io.StringIO]:
    """Capture standard output, and logs that do not use ``context.logger``."""
    kept, root = io.StringIO(), logging.getLogger()
    handler, level = _Kept(kept), root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        with redirect_stdout(kept), redirect_stderr(kept):
            yield kept
    finally:
        root.setLevel(level)
        root.removeHandler(handler)
