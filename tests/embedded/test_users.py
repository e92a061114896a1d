"""Root does not run servers as root; an ordinary user needs no root rights."""

import os
import shutil
from pathlib import Path

import pytest

from paygate.adapters.embedded import Machine

AS_ROOT = os.geteuid() == 0


def test_no_server_runs_as_root(used):
    with used.start() as servers:
        for child in servers._children:
            owner = Path(f"/proc/{child.pid}").stat().st_uid if Path("/proc").is_dir() else -1
            assert owner != 0


def test_an_ordinary_user_starts_servers_and_copies_nothing(ordinary):
    owner = ordinary.run("attempt(redis=True)", ordinary=True)

    assert "url" in owner.hear()
    owner.end()
    assert not (ordinary.base / "state").exists()
    assert (ordinary.home / "data").stat().st_uid == ordinary.base.stat().st_uid
    assert not (ordinary.home / "data").is_symlink()


def test_data_of_a_home_that_only_its_owner_can_enter_is_kept(place, sql):
    place.base = place.base / "closed"
    place.base.mkdir(mode=0o700)
    place.home = place.base / "home"
    for number in range(2):
        with place.start(durable=True) as servers:
            sql(servers.urls.database_url, "CREATE TABLE IF NOT EXISTS t (n int)")
            sql(servers.urls.database_url, "INSERT INTO t VALUES (7)")
            assert sql(servers.urls.database_url, "SELECT count(*) FROM t") == number + 1

    assert place.base.stat().st_mode & 0o777 == 0o700
    assert (place.home / "data").is_symlink() == AS_ROOT


def test_removing_a_home_whose_data_is_elsewhere_means_starting_empty(place, sql):
    place.base = place.base / "closed"
    place.base.mkdir(mode=0o700)
    place.home = place.base / "home"
    with place.start(redis=False) as servers:
        sql(servers.urls.database_url, "CREATE TABLE t (n int)")
    shutil.rmtree(place.home)

    with place.start(redis=False) as servers:
        assert sql(servers.urls.database_url, "SELECT to_regclass('t')") is None


def test_programs_that_only_root_can_read_are_copied_once_and_completely(place, sql):
    closed = place.base / "closed"
    closed.mkdir(mode=0o700)
    shutil.copytree(place.wheels, closed / "wheels", symlinks=True)
    state = place.machine.state_folders[0]
    machine = Machine(module_path=(str(closed / "wheels"),), state_folders=(state,))

    copies = []
    for _ in range(2):
        with place.start(machine=machine) as servers:
            assert sql(servers.urls.database_url, "SELECT 1") == 1
        copies.append(sorted((path, path.stat().st_ino) for path in state.glob("programs*")))

    assert copies[0] == copies[1]
    assert len(copies[0]) == (2 if AS_ROOT else 0)
    assert closed.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("mode", [0o777, 0o1777])
def test_a_state_folder_that_others_can_write_is_not_used(place, mode):
    place.base = place.base / "closed"
    place.base.mkdir(mode=0o700)
    state = place.machine.state_folders[0]
    state.mkdir()
    state.chmod(mode)
    place.home = place.base / "home"

    if AS_ROOT:
        from paygate.core.errors import OperatorError

        with pytest.raises(OperatorError, match=f"none of {state} can be used instead"):
            place.start()
    else:
        place.start().stop()
    assert list(state.iterdir()) == []
