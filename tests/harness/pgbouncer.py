"""A real PgBouncer in transaction mode, on a socket of its own."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from . import tools
from .processes import free_port

READY_WITHIN_S = 20.0


@contextmanager
def pgbouncer(database_url: str, home: Path) -> Iterator[str]:
    """Provide the address of a pooler before a database, with fewer servers than clients."""
    program = tools.program("pgbouncer")
    assert program, "these tests need PgBouncer: install it, or run make test"
    parts = urlsplit(database_url)
    name = parts.path.lstrip("/")
    port = free_port()
    settings = home / "pgbouncer.ini"
    settings.write_text(
        f"[databases]\n"
        f"{name} = {_server(database_url)} dbname={name} user={parts.username}\n"
        f"[pgbouncer]\n"
        f"listen_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n"
        f"auth_type = any\npool_mode = transaction\ndefault_pool_size = 3\n"
        f"logfile = {home}/pgbouncer.log\npidfile = {home}/pgbouncer.pid\n"
    )
    command = [program, str(settings)]
    if os.geteuid() == 0:
        # It refuses to run as root, and our servers' sockets are for their own user only.
        user = _user_of_server(database_url)
        command = [program, "-u", user, str(settings)]
        shutil.chown(home, user)
        shutil.chown(settings, user)
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as running:
        try:
            _wait(port, running)
            yield f"postgresql://{parts.username}@127.0.0.1:{port}/{name}"
        finally:
            running.terminate()


def _server(url: str) -> str:
    parts = urlsplit(url)
    query = parse_qs(parts.query)
    host = query["host"][0] if "host" in query else parts.hostname
    return f"host={host} port={parts.port or 5432}"


def _user_of_server(url: str) -> str:
    folder = parse_qs(urlsplit(url).query).get("host", ["/nowhere"])[0]
    return Path(folder).owner() if Path(folder).is_dir() else "nobody"


def _wait(port: int, running: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < deadline:
        assert running.poll() is None, "PgBouncer has ended"
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.02)
    raise AssertionError("PgBouncer does not listen")
