"""A marked secret appears only where the API shows it."""

from __future__ import annotations

from pathlib import Path

import asyncpg
import pytest
import redis

from paygate.adapters.embedded import start_servers

from .run import run_everything
from .search import contains, found_in, keys_of, logs_of, tables_of
from .site import PLANTED, open_site

SHOWN = {
    ("VPA", place)
    for place in (
        "table payments",
        "table events",
        "table webhook_logs",
        "table plugin_calls",
        "webhooks",
        "idempotent responses",
        "dashboard's responses",
        "lists",
        "timelines",
    )
}
"""What the API shows to the merchant, and stores for it."""
TEXTS = """
SELECT table_name, column_name FROM information_schema.columns
WHERE table_schema = 'public' AND data_type IN ('text', 'character varying', 'uuid')
"""
ALWAYS_THERE = {
    "errors": "AUTHENTICATION_ERROR",
    "deliveries": "payment.success",
    "timelines": "upi_sim",
    "log valkey": "Ready to accept connections",
    "log spans": "webhook_http.deliver",
}
"""What stands in places that repeat nothing of a request but what is marked."""
KINDS = ("string", "hash name", "hash", "list", "set", "sorted set", "stream", "key")


async def texts_of(database_url: str) -> dict[str, str]:
    """Return a text that SQL reads from each table, and a text that a failed query logs."""
    connection = await asyncpg.connect(database_url)
    try:
        found = {}
        for table, column in await connection.fetch(TEXTS):
            sql = f'SELECT max("{column}"::text) FROM "{table}" WHERE length("{column}"::text) > 8'
            text = await connection.fetchval(sql)
            if text is not None and text.isprintable() and "\\" not in text:
                found[f"table {table}"] = text
        with pytest.raises(asyncpg.DataError):
            await connection.fetchval(f"SELECT '{PLANTED}'::text::integer")
    finally:
        await connection.close()
    return found


def plant_keys(url: str) -> None:
    """Store a key of each type."""
    with redis.Redis.from_url(url) as client:
        client.set("test:string", f"{PLANTED} string")
        client.hset("test:hash", f"{PLANTED} hash name", f"{PLANTED} hash")
        client.rpush("test:list", f"{PLANTED} list")
        client.sadd("test:set", f"{PLANTED} set")
        client.zadd("test:zset", {f"{PLANTED} sorted set": 1})
        client.xadd("test:stream", {"field": f"{PLANTED} stream"})
        client.set(f"{PLANTED} key", "")


async def test_a_marked_secret_appears_only_where_the_api_shows_it(
    server_home: Path, tmp_path: Path
):
    with start_servers(server_home, durable=False) as servers:
        urls = servers.urls
        async with open_site(urls.database_url, urls.redis_url, tmp_path) as site:
            await run_everything(site)
            texts = await texts_of(urls.database_url)
            plant_keys(urls.redis_url)
            places = {
                **tables_of(urls.database_url),
                **keys_of(urls.redis_url),
                **logs_of(tmp_path / "logs"),
                **logs_of(server_home),
                **site.places(),
            }

    # Every place was searched: something that is there is found.
    unproven = {
        place
        for place, text in places.items()
        if not place.startswith("table")
        and not any(
            contains(text, each) for each in (*site.controls, ALWAYS_THERE.get(place, PLANTED))
        )
    }
    assert unproven == set(), sorted(places)
    assert {place for place, text in texts.items() if not contains(places[place], text)} == set()
    assert len(texts) > 20
    assert all(contains(places["redis"], f"{PLANTED} {kind}") for kind in KINDS)
    assert PLANTED.encode().hex().encode() in places["table processor_callbacks"]
    # Requests were refused in each way, and none but the plugin's failures with 5xx.
    assert {400, 401, 403, 404, 422} <= set(site.statuses)
    assert sorted(status for status in site.statuses if status >= 500) == [500, 502]
    assert len(site.marks) == 14
    assert found_in(places, site.marks) == SHOWN


@pytest.mark.parametrize(
    "text",
    [
        b"a 378282246310005 b",
        b"3782 8224 6310 005",
        b'"number": "3782-8224-6310-005"',
        b"\\x2233373832383232343633313030303522",
        b"x=eHgzNzgyODIyNDYzMTAwMDU",
    ],
)
def test_a_value_is_found_in_every_form(text: bytes):
    assert contains(text, "378282246310005")


@pytest.mark.parametrize(
    ("text", "is_found"),
    [
        (b'"cvv":"0864"', True),
        (b"cvv 0864.", True),
        (b"cvv=0864", True),
        (b"10:15:02.0864", False),
        (b"ab0864", False),
        (b"10864", False),
    ],
)
def test_a_short_value_is_found_as_a_number_of_its_own(text: bytes, is_found: bool):
    assert contains(text, "0864") is is_found
