"""``paygate serve --processes N``: several API processes on one port.

The parent process imports little. It keeps the port, starts the processes, starts a new one where
one has died, and stops all of them when it is stopped. Each process listens on a socket of its own
with ``SO_REUSEPORT``: the kernel spreads new connections over those that listen.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
import time
from collections.abc import Coroutine, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ..adapters.embedded.parent_death import ParentDeathSignal, choose_death_signal
from ..core.errors import OperatorError
from ..logs import logger
from ..settings import Settings
from .listening import refuse_remote_development, reserve, stop_signal
from .setup import Setup

# Longer than a process needs that ends in order: see docs/how-to/operate.md.
STOP_WITHIN_S = 45.0
RESTART_AFTER_S = 0.1
RESTART_AFTER_MAX_S = 30.0
# A process that has served for so long is not one that fails again and again.
STEADY_S = 60.0
FAILED = 1
METRICS_FOLDER = "PROMETHEUS_MULTIPROC_DIR"

log = logger("paygate")


async def serve_processes(
    setup: Setup,
    count: int,
    *,
    share_port: bool = False,
    with_worker: bool = False,
    with_pages: bool = False,
    prepare: bool = False,
) -> int:
    """Serve the API with several processes until SIGINT or SIGTERM; return the exit code.

    Args:
        setup: The settings and their environment.
        count: How many processes.
        share_port: Allow other ``paygate serve`` processes to listen on the same port.
        with_worker: Also run a worker in each process.
        with_pages: Also serve the pages on their own ports, in the first process.
        prepare: Migrate and seed first, in the first process.

    Raises:
        OperatorError: The port is in use, or the settings do not allow several processes.
    """
    settings = setup.settings
    refuse_remote_development(settings)
    if settings.replay:
        raise OperatorError(
            setting="PAYGATE_REPLAY",
            problem="ids are only repeated by a single API process",
            remedy="Remove it, or --processes",
        )
    stopped = stop_signal()
    with ExitStack() as stack:
        reserved = stack.enter_context(reserve(settings.host, settings.port, share=share_port))
        counts = stack.enter_context(TemporaryDirectory(prefix="paygate-metrics-"))
        death_signal = choose_death_signal()
        stack.callback(death_signal.close)
        always = ["--with-worker"] if with_worker else []
        first = [*(["--with-pages"] if with_pages else []), *always]
        started = _Processes(
            arguments=[first, *([always] * (count - 1))],
            environ={**setup.environ, **_overrides(settings), METRICS_FOLDER: counts},
            reserved=reserved,
            death_signal=death_signal,
            stopped=stopped,
        )
        return await started.run(prepare=prepare)


def report_ready(pipe: int) -> None:
    """Report to the parent process that this one serves.

    Args:
        pipe: The descriptor that it was given.
    """
    os.write(pipe, b".")
    os.close(pipe)


def _overrides(settings: Settings) -> dict[str, str]:
    """Return the variables that differ because of this process's options and servers."""
    return {
        "HOST": settings.host,
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url,
        "PAYGATE_SERVER": settings.server,
    }


@dataclass(eq=False)
class _Child:
    """A process that was started.

    Attributes:
        process: The process.
        readiness: Has a byte when the process serves, and ends when it ends.
        began_s: When it was started.
    """

    process: asyncio.subprocess.Process
    readiness: asyncio.StreamReader
    began_s: float = field(default_factory=time.monotonic)

    def stop(self) -> None:
        with suppress(ProcessLookupError):
            self.process.terminate()

    def kill(self) -> None:
        with suppress(ProcessLookupError):
            self.process.kill()


@dataclass(eq=False)
class _Processes:
    """The API processes of one port.

    Attributes:
        arguments: The options of each process.
        environ: The environment of all.
        reserved: Keeps their port.
        death_signal: Ends them when this process dies.
        stopped: Set when they are to end.
    """

    arguments: Sequence[Sequence[str]]
    environ: Mapping[str, str]
    reserved: socket.socket
    death_signal: ParentDeathSignal
    stopped: asyncio.Event
    _running: set[_Child] = field(default_factory=set)
    _ready: asyncio.Event = field(default_factory=asyncio.Event)
    _serving: int = 0
    _exit_code: int = 0

    async def run(self, *, prepare: bool) -> int:
        """Run them until they are stopped, or cannot be started; return the exit code."""
        try:
            async with asyncio.TaskGroup() as group:
                # The first one checks the settings and prepares the database for all.
                options = ["--prepare"] if prepare else []
                group.create_task(self._keep(0, await self._start(0, *options)))
                await _first_of(self._ready.wait(), self.stopped.wait())
                if not self.stopped.is_set():
                    for number in range(1, len(self.arguments)):
                        group.create_task(self._keep(number, await self._start(number)))
                await self.stopped.wait()
                await self._stop()
        finally:
            for child in self._running:
                child.kill()
        return self._exit_code

    async def _keep(self, number: int, child: _Child) -> None:
        """Start another process when one ends, until all are to end."""
        wait_s = RESTART_AFTER_S
        while True:
            is_ready = await self._follow(child)
            code = child.process.returncode
            if self.stopped.is_set():
                return
            if not is_ready and not self._serving:
                # Nothing is served, and its output says why.
                self._exit_code = code if code and code > 0 else FAILED
                self.stopped.set()
                return
            if time.monotonic() - child.began_s > STEADY_S:
                wait_s = RESTART_AFTER_S
            log.warning(
                "an API process has ended; another one follows",
                pid=child.process.pid,
                exit_code=code,
                after_s=wait_s,
            )
            await _first_of(asyncio.sleep(wait_s), self.stopped.wait())
            if self.stopped.is_set():
                return
            wait_s = min(2 * wait_s, RESTART_AFTER_MAX_S)
            child = await self._start(number)

    async def _follow(self, child: _Child) -> bool:
        """Wait until a process has ended; return whether it has served."""
        is_ready = bool(await child.readiness.read(1))
        self._serving += is_ready
        if is_ready:
            self._ready.set()
        await child.process.wait()
        self._serving -= is_ready
        self._running.discard(child)
        self.death_signal.forget(child.process.pid)
        _forget_measured(child.process.pid, self.environ[METRICS_FOLDER])
        return is_ready

    async def _start(self, number: int, *options: str) -> _Child:
        reading, writing = os.pipe()
        port = str(self.reserved.getsockname()[1])
        try:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "paygate", "serve", *self.arguments[number], *options),
                *("--share-port", "--port", port, "--ready-pipe", str(writing)),
                env=self.environ,
                pass_fds=(writing,),
                # Ctrl+C is sent to the whole group; this process stops the others in order.
                start_new_session=True,
                preexec_fn=self.death_signal.before_exec(signal.SIGTERM),
            )
        finally:
            os.close(writing)
        self.death_signal.watch(process.pid, signal.SIGTERM)
        child = _Child(process, await _read_pipe(reading))
        self._running.add(child)
        if self.stopped.is_set():
            child.stop()
        return child

    async def _stop(self) -> None:
        """Stop the processes, and kill those that do not end."""
        ending = [asyncio.create_task(child.process.wait()) for child in self._running]
        for child in self._running:
            child.stop()
        if not ending:
            return
        _, late = await asyncio.wait(ending, timeout=STOP_WITHIN_S)
        if late:
            log.warning("API processes do not end and are killed", number=len(late))
            self._exit_code = FAILED
            for child in self._running:
                child.kill()


def _forget_measured(pid: int, folder: str) -> None:
    """Forget what an ended process measured last; what it counted stays."""
    for measured in Path(folder).glob(f"gauge_live*_{pid}.db"):
        measured.unlink(missing_ok=True)


async def _read_pipe(descriptor: int) -> asyncio.StreamReader:
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(descriptor, "rb", buffering=0)
    )
    return reader


async def _first_of(*awaited: Coroutine[Any, Any, Any]) -> None:
    """Wait until one of them has ended; cancel the others."""
    tasks = [asyncio.ensure_future(each) for each in awaited]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
