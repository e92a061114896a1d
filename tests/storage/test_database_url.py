"""Every parameter of DATABASE_URL is used, or refused with a reason."""

from __future__ import annotations

import os

import pytest

from paygate.adapters.postgres.database import connect
from paygate.adapters.postgres.database_url import parse_database_url, with_database
from paygate.core.errors import OperatorError


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("postgresql://h/n?schema=public", "its parameter schema is not supported"),
        ("postgresql://h/n?sslmode=nope", "`sslmode` parameter must be one of"),
        ("postgresql://h/n?channel_binding=require", "channel_binding=require is not supported"),
        ("postgresql://h/n?target_session_attrs=x", "target_session_attrs is expected"),
        ("postgresql://h/n?connect_timeout=soon", "connect_timeout=soon is not a number"),
        ("postgresql://h/n?port=99999", "'99999' is not a port"),
        ("postgresql://h:1,i:x/n", "'x' is not a port"),
        ("postgresql://h/n?host=/tmp", "it contains its host twice"),
        ("postgresql://h/n?sslmode=disable&sslmode=require", "it contains its sslmode twice"),
        ("postgresql://h/n?dbname=m", "it contains its database twice"),
        ("postgresql://h/n?sslmode", "bad query field"),
        ("postgresql://h", "it has no database name"),
        ("mysql://h/n", "it does not begin with postgresql://"),
    ],
)
def test_an_unsupported_parameter_is_refused_with_a_reason(url: str, reason: str):
    with pytest.raises(OperatorError) as refusal:
        parse_database_url(url)

    assert refusal.value.setting == "DATABASE_URL"
    assert reason in refusal.value.problem


async def test_server_settings_in_the_url_are_applied(database_url: str):
    mark = "&" if "?" in database_url else "?"
    asked = f"{mark}application_name=till&options=-c%20work_mem%3D5MB&connect_timeout=3"

    context, executor = await connect(database_url + asked, pool_size=2)
    try:
        shown = [
            await executor.fetchval(f"SHOW {name}") for name in ("application_name", "work_mem")
        ]
    finally:
        await context.close_connections()

    assert shown == ["till", "5MB"]
    assert parse_database_url(database_url + asked).connect_timeout_s == 3.0


async def test_sessions_do_not_depend_on_server_defaults(database_url: str):
    context, executor = await connect(database_url, pool_size=2)
    try:
        name = await executor.fetchval("SELECT current_database()")
        await executor.fetch(
            f"ALTER DATABASE \"{name}\" SET default_transaction_isolation = 'repeatable read'"
        )
        await context.close_connections()
        context, executor = await connect(database_url, pool_size=2)
        shown = {
            name: await executor.fetchval(f"SHOW {name}")
            for name in (
                "transaction_isolation",
                "lock_timeout",
                "idle_in_transaction_session_timeout",
            )
        }
    finally:
        await context.close_connections()

    assert shown == {
        "transaction_isolation": "read committed",
        "lock_timeout": "5s",
        "idle_in_transaction_session_timeout": "30s",
    }


async def test_several_hosts_are_tried_in_turn(database_url: str):
    parsed = parse_database_url("postgresql://u:p@a:1,b:2/n?target_session_attrs=read-write")

    assert parsed.arguments()["dsn"].startswith("postgresql://u:p@a:1,b:2/n")


def test_another_database_of_the_same_server_keeps_the_parameters():
    url = "postgresql://paygate@/paygate?host=/tmp/x&sslmode=disable"

    assert with_database(url, "two words") == (
        "postgresql://paygate@/two%20words?host=/tmp/x&sslmode=disable"
    )


async def test_embedded_servers_ignore_pg_variables(
    database_url: str, monkeypatch: pytest.MonkeyPatch
):
    if os.environ.get("PAYGATE_TEST_DATABASE_URL"):
        pytest.fail("this test needs the server that paygate starts: leave the variable out")
    for name, value in {
        "PGHOST": "nowhere.invalid",
        "PGPORT": "1",
        "PGUSER": "somebody",
        "PGDATABASE": "nothing",
        "PGSSLMODE": "verify-full",
        "PGSSLNEGOTIATION": "direct",
        "PGTARGETSESSIONATTRS": "standby",
        "PGOPTIONS": "-c transaction_read_only=on",
        "PGSERVICE": "none",
        "PGPASSFILE": "/nowhere",
        "PGGSSLIB": "none",
    }.items():
        monkeypatch.setenv(name, value)

    context, executor = await connect(database_url, pool_size=2)
    try:
        assert await executor.fetchval("SELECT current_user") == "paygate"
    finally:
        await context.close_connections()
