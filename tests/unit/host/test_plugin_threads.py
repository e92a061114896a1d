"""A plugin whose threads hang occupies its own pool only."""

from __future__ import annotations

import asyncio
import gc
import subprocess
import sys
import threading
import weakref
from collections.abc import Iterator
from concurrent.futures import wait
from datetime import timedelta

import pytest

from paygate.core.limits import PLUGIN_THREADS_MAX
from paygate.plugins.isolation import within
from paygate.plugins.threads import DaemonThreads, use_threads_of_plugins

DEADLINE = timedelta(seconds=5)
HANGING = """
import asyncio, threading
from datetime import timedelta
from paygate.plugins.isolation import within
from paygate.plugins.threads import use_threads_of_plugins

async def call():
    await asyncio.to_thread(threading.Event().wait)

async def main():
    use_threads_of_plugins()
    try:
        await within(timedelta(seconds=0.1), call, plugin="stuck")
    except TimeoutError:
        print("timed out")

asyncio.run(main())
"""


@pytest.fixture
def ended() -> Iterator[threading.Event]:
    ended = threading.Event()
    yield ended
    ended.set()


async def test_threads_that_hang_leave_threads_for_other_plugins(ended: threading.Event):
    use_threads_of_plugins()
    started: list[str] = []

    def hang() -> None:
        started.append(threading.current_thread().name)
        ended.wait(60)

    async def call() -> None:
        await asyncio.to_thread(hang)

    async def name() -> str:
        # Also from a task that the plugin starts.
        return await asyncio.create_task(asyncio.to_thread(lambda: threading.current_thread().name))

    stuck = [
        asyncio.ensure_future(within(timedelta(seconds=0.5), call, plugin="stuck"))
        for _ in range(5 * PLUGIN_THREADS_MAX)
    ]
    results = await asyncio.gather(*stuck, return_exceptions=True)
    other = await within(DEADLINE, name, plugin="other")
    own = await asyncio.to_thread(lambda: threading.current_thread().name)
    ended.set()

    assert all(isinstance(result, TimeoutError) for result in results)
    assert len(started) == PLUGIN_THREADS_MAX
    assert all(each.startswith("plugin-stuck") for each in started)
    assert other.startswith("plugin-other")
    assert own.startswith("paygate")


def test_a_process_ends_although_a_thread_of_a_plugin_hangs():
    ended = subprocess.run(
        [sys.executable, "-c", HANGING], capture_output=True, text=True, timeout=50, check=True
    )

    assert ended.stdout == "timed out\n"


def test_a_call_gets_its_result_or_whatever_it_raised():
    def fail() -> None:
        raise SystemExit(3)

    threads = DaemonThreads("t", 2)
    failed, given = threads.submit(fail), threads.submit(lambda: 7)

    assert isinstance(failed.exception(timeout=20), SystemExit)
    assert given.result(timeout=20) == 7


def test_calls_that_find_no_free_thread_wait_and_all_run(ended: threading.Event):
    threads = DaemonThreads("t", 2)
    first = [threads.submit(ended.wait, 60) for _ in range(2)]
    cancelled, *others = [threads.submit(lambda: 7) for _ in range(20)]
    was_cancelled = cancelled.cancel()
    started = [each.done() for each in others]
    ended.set()
    done, _ = wait([*first, *others], timeout=20)

    assert was_cancelled
    assert not any(started)
    assert len(done) == 21
    assert {each.result() for each in others} == {7}


def test_a_cancelled_call_that_waits_for_a_thread_is_forgotten(ended: threading.Event):
    class Argument:
        pass

    threads = DaemonThreads("t", 1)
    threads.submit(ended.wait, 60)
    given = [Argument() for _ in range(20)]
    known = [weakref.ref(each) for each in given]
    waiting = [threads.submit(id, each) for each in given]
    others = threads.submit(lambda: 7)
    assert all(each.cancel() for each in waiting)
    del given, waiting
    gc.collect()

    assert [each for each in known if each() is not None] == []
    ended.set()
    assert others.result(timeout=20) == 7


def test_a_call_that_gets_no_thread_is_not_made_later(monkeypatch: pytest.MonkeyPatch):
    def start(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    threads, made = DaemonThreads("t", 1), threading.Event()
    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", start)
        with pytest.raises(RuntimeError, match="can't start new thread"):
            threads.submit(made.set)

    assert threads.submit(lambda: 7).result(timeout=20) == 7
    assert not made.is_set()


def test_closed_threads_make_the_accepted_calls_and_refuse_others():
    threads = DaemonThreads("t", 1)
    accepted = [threads.submit(lambda: 7) for _ in range(5)]
    threads.close()

    with pytest.raises(RuntimeError, match="are closed"):
        threads.submit(lambda: 7)
    assert [each.result(timeout=20) for each in accepted] == [7] * 5
