"""What is installed, how it does, and what operators set of it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, Field, SecretStr

from paygate import NotSentError, OperatorError, PluginContext, Unknown, hookimpl
from paygate.plugins.host import Found
from tests.harness.apps import TestApp, running_app
from tests.harness.fakes import Fakes


class Knobs(BaseModel):
    rate: float = Field(0.5, ge=0, le=1)
    label: str = "plain"
    key: SecretStr = SecretStr("unset")
    apikey: str = "also-a-secret"


class Configured:
    """A plugin that remembers what it was started with."""

    def __init__(self) -> None:
        self.knobs: list[Knobs] = []

    @hookimpl
    def paygate_methods(self, context: PluginContext) -> list[Any]:
        self.knobs.append(context.config(Knobs))
        return []


def found(plugin: Configured) -> list[Found]:
    return [*Fakes().found(), Found("knobs", plugin, "2", "paygate-knobs")]


async def shown(app: TestApp, id: str = "knobs") -> Any:
    answer = await app.call("GET", "/plugins")
    assert answer.status == 200, answer
    return next(each for each in answer.json["data"] if each["id"] == id)


async def put(app: TestApp, id: str = "knobs", **values: Any) -> Any:
    return await app.call("PUT", f"/plugins/{id}/config", json={"values": values})


async def test_a_stored_setting_is_pending_until_the_next_start(database_url: str, tmp_path: Path):
    plugin = Configured()
    async with running_app(database_url, tmp_path, plugins=found(plugin)) as app:
        before = (await shown(app))["config"]
        answer = await put(app, rate=0.25, key="s3cret-value")
        kept = await put(app, label="loud")
        sealed = await app.rows("SELECT * FROM plugin_settings")
    async with running_app(database_url, tmp_path, plugins=found(plugin)) as app:
        after = (await shown(app))["config"]
        await put(app, rate=None)
        back = (await shown(app))["config"]

    assert before["values"] == {"rate": 0.5, "label": "plain"}
    assert not before["pending"]
    assert set(before["source"].values()) == {"default"}
    assert before["schema"]["properties"]["key"]["writeOnly"]
    assert "also-a-secret" not in str(before)
    assert (answer.status, answer.json["config"]["pending"]) == (200, True)
    assert kept.json["config"]["values"] == {"rate": 0.25, "label": "loud"}
    assert kept.json["config"]["source"]["key"] == "stored"
    assert "s3cret" not in str(sealed)
    assert plugin.knobs[-1] == Knobs(rate=0.25, label="loud", key=SecretStr("s3cret-value"))
    assert not after["pending"]
    assert back["pending"]
    assert back["source"]["rate"] == "default"


async def test_the_environment_overrides_stored_settings(database_url: str, tmp_path: Path):
    plugin = Configured()
    environ = {"PAYGATE_KNOBS_RATE": "0.75"}
    async with running_app(database_url, tmp_path, plugins=found(plugin)) as app:
        await put(app, rate=0.1)
    async with running_app(database_url, tmp_path, plugins=found(plugin), environ=environ) as app:
        config = (await shown(app))["config"]
        refused = await put(app, rate=0.2)
        echoed = await put(app, rate=0.75, label="loud")

    assert plugin.knobs[-1].rate == 0.75
    assert (config["values"]["rate"], config["source"]["rate"]) == (0.75, "environment")
    assert (refused.status, refused.json["error"]["field"]) == (422, "rate")
    assert "PAYGATE_KNOBS_RATE" in refused.json["error"]["description"]
    assert echoed.status == 200


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"rate": 2}, "rate"),
        ({"rate": "many"}, "rate"),
        ({"nothing": 1}, "nothing"),
        ({"key": 5}, "key"),
        ({"key": ""}, "key"),
        ({"label": {"deep": [1]}}, "label"),
    ],
)
async def test_a_value_that_the_plugin_refuses_names_the_field(
    database_url: str, tmp_path: Path, values: Any, field: str
):
    async with running_app(database_url, tmp_path, plugins=found(Configured())) as app:
        answer = await put(app, **values)
        stored = await app.value("SELECT count(*) FROM plugin_settings")

    assert (answer.status, answer.json["error"]["field"], stored) == (400, field, 0)


async def test_concurrent_changes_of_different_settings_are_both_stored(
    database_url: str, tmp_path: Path
):
    async with running_app(database_url, tmp_path, plugins=found(Configured())) as app:
        answers = await asyncio.gather(
            put(app, rate=0.25), put(app, label="loud"), put(app, key="k" * 9), put(app, rate=0.25)
        )
        config = (await shown(app))["config"]

    assert {answer.status for answer in answers} == {200}
    assert config["values"] == {"rate": 0.25, "label": "loud"}
    assert config["source"]["key"] == "stored"


async def test_a_stored_value_that_a_newer_plugin_refuses_does_not_stop_start_up(
    database_url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    plugin = Configured()
    async with running_app(database_url, tmp_path, plugins=found(plugin)) as app:
        await put(app, rate=0.25)
        await app.rows("""UPDATE plugin_settings SET "values" = '{"rate": 7, "old": 1}'""")
    async with running_app(database_url, tmp_path, plugins=found(plugin)) as app:
        config = (await shown(app))["config"]

    assert plugin.knobs[-1].rate == 0.5
    assert config["values"]["rate"] == 0.5
    assert "knobs" in caplog.text


async def test_undecryptable_settings_stop_start_up(database_url: str, tmp_path: Path):
    async with running_app(database_url, tmp_path, plugins=found(Configured())) as app:
        await put(app, key="s3cret-value")
    with pytest.raises(OperatorError, match="PAYGATE_VAULT_KEY"):
        async with running_app(database_url, tmp_path / "other", plugins=found(Configured())):
            pass


async def test_plugin_health_covers_the_last_day(app: TestApp, fakes: Fakes):
    fakes.processor.authorizations = [NotSentError("line down"), Unknown("lost")]
    ids = [await app.paid() for _ in range(3)]
    async with app.working():
        for id in ids:
            await app.until(id, "success")
    health = (await shown(app, "fakes"))["health"]
    offers = (await shown(app, "fakes"))["offers"]
    await app.rows("UPDATE plugin_calls SET started_at = started_at - interval '2 days'")
    later = (await shown(app, "fakes"))["health"]

    assert health["calls"] >= 4
    assert (health["unknown"], health["errors"]) == (1, 1)
    assert health["p95_ms"] >= health["p50_ms"] >= 0
    assert health["last_error"] in {"line down", "lost"}
    assert offers["processors"][0]["capabilities"]["query"] is True
    assert (later["calls"], later["p50_ms"], later["last_error"]) == (0, None, None)
    assert (await shown(app, "fakes"))["config"] is None
    assert (await put(app, "fakes", x=1)).status == 404
    assert (await put(app, "nobody", x=1)).status == 404
