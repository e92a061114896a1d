"""An owner that is killed leaves nothing running and loses nothing."""

import os
import signal

OWN = """
servers = start_servers(home, machine=machine)
say(url=servers.urls.database_url, pids=[child.pid for child in servers._children])
sys.stdin.read()
servers.stop()
"""


def test_children_die_with_a_killed_parent_and_no_committed_row_is_lost(
    place, sql, until, is_running
):
    owner = place.run(OWN)
    line = owner.hear()
    sql(line["url"], "CREATE TABLE t (n int)")
    sql(line["url"], "INSERT INTO t VALUES (7)")

    owner.kill()
    until(lambda: not any(is_running(pid) for pid in line["pids"]))
    until(lambda: place.residents() == [])

    with place.start(durable=True) as servers:
        assert servers.owned
        assert sql(servers.urls.database_url, "SELECT n FROM t") == 7


def test_a_start_right_after_a_kill_waits_for_the_old_servers(used, sql):
    for count in range(1, 4):
        owner = used.run(OWN)
        url = owner.hear()["url"]
        sql(url, "CREATE TABLE IF NOT EXISTS t AS SELECT 0 AS n")
        sql(url, "INSERT INTO t SELECT * FROM generate_series(1, 20000)")
        owner.kill()

        with used.start(durable=True) as servers:
            assert servers.owned
            assert sql(servers.urls.database_url, "SELECT count(*) FROM t") == 20_000 * count + 1


def test_a_start_works_after_the_parent_was_killed_while_starting(place, until):
    owner = place.run(OWN)
    until(lambda: list(place.home.glob("data/postgres.new-*/base")))
    owner.kill()

    with place.start() as servers:
        assert servers.owned
        assert not list(place.home.glob("data/postgres.new-*"))


def test_a_crashed_server_is_recovered_at_the_next_start(used, sql):
    servers = used.start(durable=True)
    sql(servers.urls.database_url, "CREATE TABLE t AS SELECT 7 AS n")
    for child in servers._children:
        os.kill(child.pid, signal.SIGKILL)
    servers.stop()

    with used.start(durable=True) as servers:
        assert sql(servers.urls.database_url, "SELECT n FROM t") == 7


def test_a_postmaster_file_that_names_another_process_is_stale(used, sql):
    file = used.home / "data" / "postgres" / "postmaster.pid"
    file.write_text(f"{os.getpid()}\n{file.parent}\n")
    os.chown(file, file.parent.stat().st_uid, file.parent.stat().st_gid)

    with used.start(redis=False) as servers:
        assert sql(servers.urls.database_url, "SELECT 1") == 1


def test_a_fork_neither_keeps_the_lock_nor_stops_the_servers(used, until):
    owner = used.run("""
servers = start_servers(home, durable=False, machine=machine)
fork = os.fork()
if fork == 0:
    servers.stop()
    time.sleep(60)
say(fork=fork, dead=servers.poll())
sys.stdin.read()
""")
    line = owner.hear()
    assert line["dead"] is None
    owner.kill()

    with used.start() as servers:
        assert servers.owned
    os.kill(line["fork"], signal.SIGKILL)


def test_a_watchdog_ends_registered_processes_and_not_unregistered_ones(place, until, is_running):
    owner = place.run("""
death_signal = parent_death.WatchdogDeathSignal()
processes = children.ChildProcesses(death_signal)
task = children.Task(name="sleep", setting="", argv=("/bin/sleep", "600"), account=None,
                     on_stop=signal.SIGTERM)
log = children.Log(home.with_name("log"))
watched, forgotten = processes.start(task, log), processes.start(task, log)
death_signal.forget(forgotten.pid)
say(pids=[watched.pid, forgotten.pid])
sys.stdin.read()
""")
    watched, forgotten = owner.hear()["pids"]
    owner.kill()

    until(lambda: not is_running(watched))
    assert is_running(forgotten)
    os.kill(forgotten, signal.SIGKILL)
