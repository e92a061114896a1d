"""Records of plugins: whose they are, who may write them, and when they end."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from paygate import WireContext, WireDialect, WireRefusal, WireRequest, WireRoute
from paygate.core.accounts.model import Role
from paygate.core.limits import RECORD_BYTES_MAX
from paygate.core.plugin_data import records as plugin_records
from paygate.core.plugin_data.records import PluginRecords
from paygate.core.queue.housekeeping import purge_expired
from tests.harness.apps import TestApp
from tests.harness.people import a_key, merchant_id
from tests.http.test_wire_dialects import Speaks, a_foreign_key, ask, keys_of, refused, speaking


async def put(asked: WireRequest, context: WireContext) -> Any:
    version = int(dict(asked.query).get("version", "0"))
    stored = await context.records.put("thing", asked.places["id"], asked.json(), version=version)
    return {"version": stored and stored.version}


async def show(asked: WireRequest, context: WireContext) -> Any:
    found = await context.records.get("thing", asked.places["id"])
    return {"data": found and dict(found.data)}


async def index(asked: WireRequest, context: WireContext) -> Any:
    after = await context.records.get("thing", dict(asked.query).get("after", "none"))
    rows = await context.records.list("thing", limit=2, after=after)
    return {"ids": [row.id for row in rows]}


ROUTES = (
    WireRoute("PUT", "/things/{id}", put),
    WireRoute("GET", "/things/{id}", show),
    WireRoute("GET", "/things", index),
)


def keeping(database_url: str, home: Path) -> Any:
    return speaking(database_url, home, Speaks(WireDialect("other", ROUTES, keys_of, refused)))


def wire(keys: dict[str, str]) -> dict[str, str]:
    return {"Authorization": f"Keys {keys['X-Api-Key']} {keys['X-Api-Secret']}"}


def records_of(app: TestApp, merchant_id: UUID, plugin: str = "acme") -> PluginRecords:
    return PluginRecords(plugin, merchant_id, app.app.deps)


async def advance(app: TestApp, *, hours: int) -> None:
    moved = await app.call("POST", "/test/clock/advance", keys=None, json={"seconds": 3600 * hours})
    assert moved.status == 200, moved


async def test_a_record_is_stored_read_and_listed_from_the_newest(
    database_url: str, tmp_path: Path
):
    async with keeping(database_url, tmp_path) as app:
        for id in ("a", "b", "c"):
            await ask(app, f"/things/{id}", "PUT", json={"name": f"é\0{id}"})
        _, shown = await ask(app, "/things/b")
        _, missing = await ask(app, "/things/%00")
        pages = [(await ask(app, f"/things?after={after}"))[1]["ids"] for after in ("", "b")]

    assert shown == {"data": {"name": "é\0b"}}
    assert missing == {"data": None}
    assert pages == [["c", "b"], ["a"]]


async def test_of_writes_at_the_same_time_one_wins(database_url: str, tmp_path: Path):
    async with keeping(database_url, tmp_path) as app:
        added = await asyncio.gather(
            *(ask(app, "/things/a", "PUT", json={"by": n}) for n in range(5))
        )
        changed = await asyncio.gather(
            *(ask(app, "/things/a?version=1", "PUT", json={"by": n}) for n in range(5))
        )

    for writes, version in ((added, 1), (changed, 2)):
        versions = [shown["version"] for _, shown in writes]
        assert sorted(versions, key=str) == [version] + [None] * 4


async def test_another_merchant_and_another_plugin_have_records_of_their_own(
    database_url: str, tmp_path: Path
):
    async with keeping(database_url, tmp_path) as app:
        other = wire(await a_foreign_key(app))
        await ask(app, "/things/a", "PUT", json={"of": "one"})
        _, before = await ask(app, "/things/a", keys=other)
        _, listed = await ask(app, "/things", keys=other)
        _, changed = await ask(app, "/things/a?version=1", "PUT", json={}, keys=other)
        _, added = await ask(app, "/things/a", "PUT", json={"of": "two"}, keys=other)
        _, own = await ask(app, "/things/a")
        foreign = await records_of(app, await merchant_id(app), "another").get("thing", "a")

    assert (before, listed) == ({"data": None}, {"ids": []})
    assert (changed, added) == ({"version": None}, {"version": 1})
    assert own == {"data": {"of": "one"}}
    assert foreign is None


async def test_a_key_that_may_only_read_writes_no_records(database_url: str, tmp_path: Path):
    async with keeping(database_url, tmp_path) as app:
        keys = wire(await a_key(app, Role.READ_ONLY))
        response, why = await ask(app, "/things/a", "PUT", json={}, keys=keys)
        read, _ = await ask(app, "/things", keys=keys)

    assert (response.status_code, why["oops"]) == (403, "FORBIDDEN")
    assert read.status_code == 200


async def test_a_record_has_a_size_an_id_and_a_merchant_has_a_number_of_them(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(plugin_records, "RECORDS_MAX", 2)
    async with keeping(database_url, tmp_path) as app:
        large, _ = await ask(app, "/things/a", "PUT", json={"x": "y" * (RECORD_BYTES_MAX - 8)})
        larger, why = await ask(app, "/things/b", "PUT", json={"x": "y" * (RECORD_BYTES_MAX - 7)})
        named, _ = await ask(app, "/things/%C3%A9", "PUT", json={})
        second, _ = await ask(app, "/things/b", "PUT", json={})
        third, full = await ask(app, "/things/c", "PUT", json={})
        _, there = await ask(app, "/things/b", "PUT", json={})

    assert [large.status_code, larger.status_code, named.status_code] == [200, 400, 400]
    assert f"{RECORD_BYTES_MAX} bytes" in why["why"]
    assert [second.status_code, third.status_code] == [200, 400]
    assert "2 records" in full["why"]
    assert there == {"version": None}


async def test_a_record_ends_and_its_id_is_free_again(database_url: str, tmp_path: Path):
    async with keeping(database_url, tmp_path) as app:
        records = records_of(app, await merchant_id(app))
        await records.put("reply", "k", {"n": 1}, version=0, keep=timedelta(hours=24))
        await records.put("reply", "kept", {}, version=0)
        await advance(app, hours=23)
        assert await records.get("reply", "k") is not None
        await advance(app, hours=2)
        gone = await records.get("reply", "k")
        lost = await records.put("reply", "k", {"n": 2}, version=1)
        again = await records.put("reply", "k", {"n": 2}, version=0, keep=timedelta(hours=1))
        await advance(app, hours=2)
        purged = await purge_expired(app.app.deps)
        left = await records.list("reply", limit=10)

    assert (gone, lost) == (None, None)
    assert again is not None
    assert again.version == 1
    assert purged == 1
    assert [row.id for row in left] == ["kept"]


async def test_a_plugin_cannot_store_what_is_not_json(database_url: str, tmp_path: Path):
    async with keeping(database_url, tmp_path) as app:
        records = records_of(app, await merchant_id(app))
        with pytest.raises(ValueError, match="JSON"):
            await records.put("thing", "a", {"x": float("nan")}, version=0)
        with pytest.raises(WireRefusal):
            await records.put("thing", "", {}, version=0)
