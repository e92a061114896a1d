"""The selection of a scenario: by request, instrument, amount or merchant."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from paygate.core.api.resources.testing import test_card as card_that_plays
from paygate.core.errors import OperatorError
from paygate.plugins.host import installed_plugins, load_plugins
from paygate.simulator.scenario import Catalogue, Scenario, built_in, read_scenarios
from tests.harness.playing import CARD, PlayedApp, played_app


async def pay(
    stage: PlayedApp, amount: int = 50_000, header: str | None = None, **body: Any
) -> Any:
    order_id = await stage.order(amount)
    asked = {"order_id": order_id, "method": "upi", "vpa": "a@paytm", **body}
    headers = {"Paygate-Scenario": header} if header else {}
    return await stage.call("POST", "/payments", json=asked, headers=headers)


async def chosen(stage: PlayedApp, **asked: Any) -> str | None:
    answer = await pay(stage, **asked)
    assert answer.status == 201, answer
    scenario: str | None = (await stage.payment(answer.json["id"]))["scenario"]
    return scenario


def card(number: str) -> dict[str, Any]:
    return {"method": "card", "card": {**CARD, "number": number}}


async def test_without_a_scenario_simulators_decide_at_random(stage: PlayedApp):
    assert await chosen(stage) is None


async def test_an_address_selects_a_scenario(stage: PlayedApp):
    assert await chosen(stage, vpa="late_success@sim") == "late_success"
    assert await chosen(stage, vpa="Late_Success@SIM") == "late_success"
    assert await chosen(stage, vpa="no_such_scenario@sim") is None


async def test_a_card_selects_a_scenario(stage: PlayedApp):
    for scenario in built_in():
        if not scenario.methods or "card" in scenario.methods:
            number = card_that_plays(scenario.number)
            assert await chosen(stage, **card(number)) == scenario.name


async def test_a_header_overrides_the_instrument(stage: PlayedApp):
    assert await chosen(stage, header="decline", vpa="approve@sim") == "decline"


async def test_a_merchant_has_a_default_scenario(stage: PlayedApp):
    path = "/test/scenario"
    await stage.call("PUT", path, json={"scenario": "decline"})
    by_default = await chosen(stage)
    named = await chosen(stage, vpa="approve@sim")
    await stage.call("PUT", path, json={"scenario": None})
    bad = await stage.call("PUT", path, json={"scenario": "nonsense"})
    missing = await stage.call("PUT", path, json={})
    stranger = await stage.call("PUT", path, json={"scenario": "decline"}, keys={})

    assert (by_default, named, await chosen(stage)) == ("decline", "approve", None)
    assert (bad.status, bad.json["error"]["field"]) == (400, "scenario")
    assert (missing.status, stranger.status) == (400, 401)


async def test_amounts_select_scenarios_if_enabled(stage: PlayedApp):
    assert await chosen(stage, amount=19_050) is None


async def test_an_amount_selects_a_scenario(database_url: str, tmp_path: Path):
    environ = {"PAYGATE_SCENARIO_AMOUNTS": "true"}
    async with played_app(database_url, tmp_path, environ) as stage:
        assert await chosen(stage, amount=19_050) == "late_success"
        assert await chosen(stage, amount=19_999) is None
        assert await chosen(stage, amount=50_000) is None


@pytest.mark.parametrize(
    ("header", "body"),
    [("nonsense", {}), ("three_ds", {}), ("collect", card("4111111111111111")), ("x" * 500, {})],
)
async def test_an_unknown_or_inapplicable_scenario_in_a_header_is_refused(
    stage: PlayedApp, header: str, body: dict[str, Any]
):
    answer = await pay(stage, header=header, **body)

    assert (answer.status, answer.json["error"]["field"]) == (400, "Paygate-Scenario")
    assert await stage.value("SELECT count(*) FROM payments") == 0


async def test_all_scenarios_are_listed(stage: PlayedApp):
    listed = (await stage.call("GET", "/test/scenarios", keys={})).json["data"]

    assert {row["name"] for row in listed} == {scenario.name for scenario in built_in()}
    assert [row["number"] for row in listed] == sorted(row["number"] for row in listed)
    late = next(row for row in listed if row["name"] == "late_success")
    assert (late["vpa"], late["amount"]) == ("late_success@sim", 19_050)
    assert late["card"] == card_that_plays(50)


GOOD = (
    'scenarios = [{ name = "mine", number = 900, description = "Mine.", '
    'charge = { call = "declined" } }]'
)


def test_a_file_of_the_operator_adds_scenarios(tmp_path: Path):
    path = tmp_path / "mine.toml"
    path.write_text(GOOD)
    loaded = load_plugins(installed_plugins(), environ={"PAYGATE_SCENARIOS": str(path)})

    assert {"mine", "approve"} <= set(loaded.registry.scenarios)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("scenarios = [", "is not TOML"),
        ("", "scenarios: Field required"),
        ('scenarios = [{ name = "Bad Name", number = 1, description = "x" }]', "name"),
        ('scenarios = [{ name = "ok", number = 0, description = "x" }]', "number"),
        ('scenarios = [{ name = "ok", number = 1 }]', "description"),
        (GOOD.replace('"declined"', '"nonsense"'), "'nonsense' is not a word of scenarios"),
        (GOOD.replace('"declined"', '"declined:nonsense"'), "not a word of scenarios"),
        (GOOD.replace('"declined"', '"partly:100"'), "not a word of scenarios"),
        (GOOD.replace("charge", "chrage"), "chrage"),
        (GOOD.replace("number = 900", "number = 1"), "share number 1"),
        (GOOD.replace("mine", "approve"), "'approve' is offered twice"),
    ],
)
def test_an_invalid_scenario_file_stops_start_up(tmp_path: Path, text: str, sentence: str):
    path = tmp_path / "wrong.toml"
    path.write_text(text)
    with pytest.raises(OperatorError) as caught:
        load_plugins(installed_plugins(), environ={"PAYGATE_SCENARIOS": str(path)})

    assert sentence in str(caught.value)


def test_a_missing_scenario_file_is_named(tmp_path: Path):
    with pytest.raises(OperatorError, match="cannot be read"):
        load_plugins(installed_plugins(), environ={"PAYGATE_SCENARIOS": str(tmp_path / "no.toml")})


def test_duplicate_scenario_names_are_refused():
    twin = Scenario(name="twin", number=1, description="x")
    with pytest.raises(OperatorError, match="two scenarios have the name twin"):
        Catalogue.of([twin, twin])


def test_the_built_in_file_can_be_read_again():
    assert read_scenarios(GOOD, source="test")[0].charge.call == "declined"
