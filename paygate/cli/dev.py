"""``paygate dev``: run everything on one machine.

The parent process imports little. It starts a process that imports what the API and a worker
need, while it starts PostgreSQL and Valkey itself; then it announces their URLs, and the API and
the worker become separate processes. It ends all of them when it ends.
"""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from datetime import timedelta
from pathlib import Path
from types import FrameType

from ..adapters.embedded import start_servers
from ..adapters.embedded.parent_death import ParentDeathSignal, choose_death_signal
from ..core.clock import format_shift
from ..core.errors import OperatorError
from ..settings import Settings
from .forks import CAN_FORK
from .listening import listen, reachable, refuse_remote_development
from .setup import Setup, announce, refuse_in_production

READY_WITHIN_S = 60.0
STOP_WITHIN_S = 25.0
POLL_S = 0.02
CLOCK = "/api/v1/test/clock"


def dev(
    setup: Setup, *, redis: bool = True, keep_clock: bool = False, beside: Sequence[Path] = ()
) -> int:
    """Run until SIGINT, SIGTERM, or until a process ends by itself; return the exit code.

    Servers that ``DATABASE_URL`` and ``REDIS_URL`` name are used instead of own ones.

    Args:
        setup: The settings and their environment.
        redis: Whether to use Redis.
        keep_clock: Do not release the test clock if the last run left it stopped or ahead of
            the real time.
        beside: Python programs to start when the API is ready. They get its URL and the
            test merchant's credentials in ``PAYGATE_URL``, ``PAYGATE_API_KEY`` and
            ``PAYGATE_API_SECRET`` (also ``PAYGATE_KEY`` and ``PAYGATE_SECRET``). They end with
            this process; their own end stops nothing else.

    Raises:
        OperatorError: A process cannot be started.
    """
    settings = setup.settings
    refuse_in_production(settings, verb="paygate dev")
    refuse_remote_development(settings)
    # Check the port now: another server on it would be mistaken for the API.
    listen(settings.host, settings.port).close()
    began = time.monotonic()
    environ = {**setup.environ, **_overrides(settings)}
    with ExitStack() as stack:
        death_signal = choose_death_signal()
        stack.callback(death_signal.close)
        with ExitStack() as early:
            parts, pipes = _start_parts(environ, death_signal, redis=redis)
            early.callback(_end, list(parts.values()))
            urls, poll = _servers(settings, stack, redis=redis)
            # Ends after the processes: a second Ctrl+C does not interrupt their shutdown.
            stop = stack.enter_context(_Stop())
            # They end before the servers that they use.
            stack.enter_context(early.pop_all())
        announce(urls, pipes)
        if _wait_ready(settings, parts, stop):
            clock = _clock(settings, keep=keep_clock)
            print(_overview(settings, urls, time.monotonic() - began, clock), flush=True)
            started = _start_beside(beside, settings, {**environ, **urls}, death_signal)
            stack.callback(_end, started)
            _wait_end(parts, stop, poll)
    return 0 if stop.is_asked else _exit_code(parts)


def _servers(
    settings: Settings, stack: ExitStack, *, redis: bool
) -> tuple[dict[str, str], Callable[[], str | None]]:
    """Start the servers; return their URLs and a function that reports one that has ended."""
    urls = {
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url if redis else "",
    }
    our_redis = redis and not settings.redis_url
    if settings.database_url and not our_redis:
        return urls, lambda: None
    servers = stack.enter_context(
        start_servers(settings.home, database=not settings.database_url, redis=our_redis)
    )
    return {
        "DATABASE_URL": urls["DATABASE_URL"] or servers.urls.database_url,
        "REDIS_URL": urls["REDIS_URL"] or servers.urls.redis_url,
    }, servers.poll


def _overrides(settings: Settings) -> dict[str, str]:
    """Return the variables that pass the command line's options on to the processes."""
    return {
        "HOST": settings.host,
        "PORT": str(settings.port),
        "PAYGATE_HOME": str(settings.home.resolve()),
    }


def _start_parts(
    environ: Mapping[str, str], death_signal: ParentDeathSignal, *, redis: bool
) -> tuple[dict[str, subprocess.Popen[bytes]], list[int]]:
    """Start the API and a worker; in one process if no notifier connects two processes.

    Where it is possible, one process imports what both need, and forks.

    Returns:
        The processes, and the pipes in which they wait for the announcement of the servers.
    """
    commands = [["serve", "--prepare", "--with-pages"]]
    if not redis:
        commands[0].append("--with-worker")
    elif CAN_FORK:
        commands[0].append("--fork-worker")
    else:
        commands.append(["work", "--wait"])
    parts, pipes = {}, []
    for command in commands:
        reading, writing = os.pipe()
        arguments = ["-m", "paygate", *command, "--announced", str(reading)]
        parts[command[0]] = _start_python(arguments, environ, death_signal, pass_fds=[reading])
        os.close(reading)
        pipes.append(writing)
    return parts, pipes


def _start_beside(
    programs: Sequence[Path],
    settings: Settings,
    environ: Mapping[str, str],
    death_signal: ParentDeathSignal,
) -> list[subprocess.Popen[bytes]]:
    variables = {
        **environ,
        "PAYGATE_URL": _base(settings),
        "PAYGATE_API_KEY": settings.test_api_key,
        "PAYGATE_API_SECRET": settings.test_api_secret,
        "PAYGATE_KEY": settings.test_api_key,
        "PAYGATE_SECRET": settings.test_api_secret,
    }
    return [_start_python([str(program)], variables, death_signal) for program in programs]


class _Stop:
    """Records SIGINT and SIGTERM while it is entered."""

    def __init__(self) -> None:
        self.is_asked = False

    def __enter__(self) -> _Stop:
        self._before = {
            number: signal.signal(number, self._ask) for number in (signal.SIGINT, signal.SIGTERM)
        }
        return self

    def __exit__(self, *error: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _ask(self, _number: int, _frame: FrameType | None) -> None:
        self.is_asked = True


def _start_python(
    arguments: Sequence[str],
    environ: Mapping[str, str],
    death_signal: ParentDeathSignal,
    *,
    pass_fds: Sequence[int] = (),
) -> subprocess.Popen[bytes]:
    part = subprocess.Popen(  # noqa: S603 - our own program, or one that the user named
        [sys.executable, *arguments],
        env=dict(environ),
        pass_fds=pass_fds,
        # Ctrl+C is sent to the whole group; this process stops the others in order.
        start_new_session=True,
        preexec_fn=death_signal.before_exec(signal.SIGTERM),  # noqa: PLW1509 - one system call
    )
    death_signal.watch(part.pid, signal.SIGTERM)
    return part


def _wait_ready(
    settings: Settings, parts: Mapping[str, subprocess.Popen[bytes]], stop: _Stop
) -> bool:
    deadline = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < deadline:
        if stop.is_asked or any(part.poll() is not None for part in parts.values()):
            return False
        if _is_healthy(settings):
            return True
        time.sleep(POLL_S)
    raise OperatorError(
        setting="PORT",
        problem=f"the API is not ready after {READY_WITHIN_S:g} s",
        remedy="Read its log lines above",
    )


def _is_healthy(settings: Settings) -> bool:
    connection = http.client.HTTPConnection(reachable(settings.host), settings.port, timeout=1)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def _clock(settings: Settings, *, keep: bool) -> str:
    """Release the test clock unless it is to be kept; return its line of the welcome text."""
    connection = http.client.HTTPConnection(reachable(settings.host), settings.port, timeout=5)
    try:
        if keep:
            connection.request("GET", CLOCK)
        else:
            connection.request("POST", f"{CLOCK}/release")
        shown = json.loads(connection.getresponse().read())
    except (OSError, http.client.HTTPException, ValueError):
        return "unknown"
    finally:
        connection.close()
    release = f"Release it: curl -X POST {_base(settings)}{CLOCK}/release"
    if shown.get("held"):
        return f"STOPPED at {shown['now']}: no work becomes due. {release}"
    if shift_s := shown.get("shift_seconds"):
        return f"SHIFTED, {format_shift(timedelta(seconds=shift_s))}. {release}"
    return "runs with the real time"


def _wait_end(
    parts: Mapping[str, subprocess.Popen[bytes]],
    stop: _Stop,
    servers_poll: Callable[[], str | None],
) -> None:
    while not stop.is_asked:
        ended = [name for name, part in parts.items() if part.poll() is not None]
        sentence = servers_poll()
        if ended or sentence:
            print(sentence or f"paygate {ended[0]} has ended; stopping the others", file=sys.stderr)
            return
        time.sleep(0.2)


def _end(running: Sequence[subprocess.Popen[bytes]]) -> None:
    for part in running:
        with suppress(ProcessLookupError):
            part.terminate()
    deadline = time.monotonic() + STOP_WITHIN_S
    for part in running:
        try:
            part.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            part.kill()
            part.wait()


def _exit_code(parts: Mapping[str, subprocess.Popen[bytes]]) -> int:
    codes = [part.returncode for part in parts.values() if part.returncode > 0]
    return codes[0] if codes else 1


def _base(settings: Settings) -> str:
    return f"http://{reachable(settings.host)}:{settings.port}"


def _data(settings: Settings, urls: Mapping[str, str]) -> str:
    """Describe where the data is: in own servers, or in those that settings name."""
    home = settings.home.resolve()
    if not settings.database_url:
        ours = (
            "PostgreSQL" if settings.redis_url or not urls["REDIS_URL"] else "PostgreSQL and Valkey"
        )
        return f"{home} ({ours}; delete it to start empty)"
    own_redis = urls["REDIS_URL"] and not settings.redis_url
    return "in the database of DATABASE_URL" + (f"; Valkey in {home}" if own_redis else "")


def _overview(settings: Settings, urls: Mapping[str, str], took_s: float, clock: str) -> str:
    base = _base(settings)
    keys = f"-H 'X-Api-Key: {settings.test_api_key}' -H 'X-Api-Secret: {settings.test_api_secret}'"
    return f"""
paygate is ready after {took_s:.1f} s

  API       {base}
  its docs  {base}/docs/api
  dashboard {base}/dashboard   (test@example.com, any password)
  checkout  {base}/checkout?order_id=…
  data      {_data(settings, urls)}
  clock     {clock}
  SQL       paygate psql

Pay an order:

  ORDER=$(curl -s {base}/api/v1/orders {keys} \\
    -d '{{"amount": 50000}}' | sed 's/.*"id":"\\(order_[A-Za-z0-9]*\\)".*/\\1/')
  curl -s {base}/api/v1/payments {keys} \\
    -d "{{\\"order_id\\": \\"$ORDER\\", \\"method\\": \\"upi\\", \\"vpa\\": \\"user@paytm\\"}}"
  sleep 11; curl -s {base}/api/v1/payments {keys}

Stop with Ctrl+C; the data is kept for the next start.
"""
