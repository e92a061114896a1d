"""The clock's routes: what they show, what they refuse, and why."""

from __future__ import annotations

import asyncio
from datetime import datetime
from pathlib import Path

import pytest

from paygate.bootstrap import open_app
from paygate.core.api.app import create_app
from paygate.settings import read_settings
from tests.harness.apps import TestApp

CLOCK = "/api/v1/test/clock"
NEW_YEAR = "2027-01-01T00:00:00.000Z"
TEN_YEARS_S = 315_576_000


async def held(app: TestApp, at: str = NEW_YEAR) -> None:
    answer = await app.call("POST", f"{CLOCK}/set", json={"at": at})
    assert answer.status == 200, answer


async def test_the_clock_runs_unless_it_is_held(app: TestApp):
    running = await app.call("GET", CLOCK, keys=None)
    stopped = await app.call("POST", f"{CLOCK}/set", json={"at": "2027-01-01T05:30:00+05:30"})
    seen = await app.call("GET", CLOCK)
    released = await app.call("POST", f"{CLOCK}/release")

    assert running.json.keys() == {"now", "held", "shift_seconds"}
    assert (running.json["held"], released.json["held"]) == (False, False)
    assert stopped.json == seen.json == {"now": NEW_YEAR, "held": True, "shift_seconds": 0}
    assert released.json["now"] < NEW_YEAR


async def test_an_advance_moves_a_held_clock(app: TestApp):
    await held(app)
    answer = await app.call("POST", f"{CLOCK}/advance", json={"seconds": 1.5})

    assert answer.json == {
        "now": "2027-01-01T00:00:01.500Z",
        "held": True,
        "shift_seconds": 0,
        "steps": 0,
        "idle": True,
    }


async def test_an_advance_of_a_running_clock_starts_from_now(app: TestApp):
    before = (await app.call("GET", CLOCK)).json["now"]
    after = (await app.call("POST", f"{CLOCK}/advance", json={"seconds": 3600})).json

    moved = datetime.fromisoformat(after["now"]) - datetime.fromisoformat(before)
    assert 3600 <= moved.total_seconds() < 3602


async def test_the_clock_runs_on_after_an_advance(app: TestApp):
    first = (await app.call("POST", f"{CLOCK}/advance", json={"seconds": 3600})).json
    await asyncio.sleep(0.02)
    later = (await app.call("GET", CLOCK)).json

    assert (first["held"], later["held"]) == (False, False)
    assert later["now"] > first["now"]
    assert 3590 < first["shift_seconds"] == later["shift_seconds"] < 3601


async def test_an_advance_can_hold_the_clock_at_its_end(app: TestApp):
    asked = {"seconds": 3600, "hold": True}
    first = (await app.call("POST", f"{CLOCK}/advance", json=asked)).json
    await asyncio.sleep(0.02)
    later = (await app.call("GET", CLOCK)).json

    assert first["held"]
    assert later["now"] == first["now"]


async def test_the_clock_can_be_held_at_its_current_time(app: TestApp):
    before = (await app.call("GET", CLOCK)).json["now"]
    stopped = (await app.call("POST", f"{CLOCK}/set", json={})).json

    assert stopped["held"]
    assert stopped["now"] > before


async def test_an_advance_to_the_next_due_time_without_work_has_no_steps(app: TestApp):
    await held(app)
    answer = await app.call("POST", f"{CLOCK}/advance", json={"to_next": True})

    assert answer.json["now"] == NEW_YEAR
    assert (answer.json["steps"], answer.json["idle"]) == (0, True)


async def test_an_advance_is_at_most_ten_years(app: TestApp):
    await held(app)
    answer = await app.call("POST", f"{CLOCK}/advance", json={"seconds": TEN_YEARS_S})

    assert (answer.status, answer.json["now"][:10]) == (200, "2036-12-31")


@pytest.mark.parametrize(
    ("body", "field", "reason"),
    [
        ({}, "seconds", "is required"),
        ({"seconds": None}, "seconds", "is required"),
        ({"to_next": False}, "seconds", "is required"),
        ({"seconds": 0}, "seconds", "must be above 0"),
        ({"seconds": 0.0}, "seconds", "must be above 0"),
        ({"seconds": -1}, "seconds", "must be above 0"),
        ({"seconds": 1e-9}, "seconds", "must be above 0"),
        ({"seconds": TEN_YEARS_S + 1}, "seconds", "at most 315576000"),
        ({"seconds": 1e300}, "seconds", "at most 315576000"),
        ({"seconds": "60"}, "seconds", "must be a number"),
        ({"seconds": "NaN"}, "seconds", "must be a number"),
        ({"seconds": True}, "seconds", "must be a number"),
        ({"seconds": [60]}, "seconds", "must be a number"),
        ({"to_next": 1}, "to_next", "must be true or false"),
        ({"to_next": None}, "to_next", "must be true or false"),
        ({"seconds": 1, "hold": 1}, "hold", "must be true or false"),
        ({"seconds": 1, "hold": "yes"}, "hold", "must be true or false"),
        ({"seconds": 1, "to_next": True}, "to_next", "exclude each other"),
    ],
)
async def test_an_invalid_advance_names_the_field(
    app: TestApp, body: object, field: str, reason: str
):
    answer = await app.call("POST", f"{CLOCK}/advance", json=body)

    assert answer.status == 400
    assert answer.json["error"]["field"] == field
    assert answer.json["error"]["description"].startswith(f"{field} ")
    assert reason in answer.json["error"]["description"]
    assert (await app.call("GET", CLOCK)).json["held"] is False


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e400", "9" * 5000])
async def test_a_value_that_is_not_a_json_number_is_refused(app: TestApp, number: str):
    answer = await app.call("POST", f"{CLOCK}/advance", data=f'{{"seconds": {number}}}')

    assert answer.status == 400
    assert answer.json["error"]["description"].startswith("The body ")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"at": None}, "must be a time with its zone"),
        ({"at": ""}, "must be a time with its zone"),
        ({"at": "2027-01-01"}, "must be a time with its zone"),
        ({"at": "2027-01-01T00:00:00"}, "must be a time with its zone"),
        ({"at": "tomorrow"}, "must be a time with its zone"),
        ({"at": 1_800_000_000}, "must be a time with its zone"),
        ({"at": "0001-01-01T00:00:00+14:00"}, "2000 to 2200"),
        ({"at": "9999-12-31T23:59:59-12:00"}, "2000 to 2200"),
    ],
)
async def test_an_invalid_time_names_the_field(app: TestApp, body: object, reason: str):
    answer = await app.call("POST", f"{CLOCK}/set", json=body)

    assert (answer.status, answer.json["error"]["field"]) == (400, "at")
    assert reason in answer.json["error"]["description"]


async def test_a_held_clock_goes_back_only_by_a_release(app: TestApp):
    await held(app)
    refused = await app.call("POST", f"{CLOCK}/set", json={"at": "2026-12-31T23:59:59Z"})
    await held(app)
    await app.call("POST", f"{CLOCK}/release")
    await held(app, "2020-01-01T00:00:00Z")

    assert (refused.status, refused.json["error"]["field"]) == (400, "at")
    assert "release the clock first" in refused.json["error"]["description"]
    assert (await app.call("GET", CLOCK)).json["now"] == "2020-01-01T00:00:00.000Z"


async def test_advancing_ends_at_the_last_supported_year(app: TestApp):
    await held(app, "2199-12-31T00:00:00Z")
    answer = await app.call("POST", f"{CLOCK}/advance", json={"seconds": 172_800})

    assert (answer.status, answer.json["error"]["field"]) == (400, "seconds")


async def test_an_idempotency_key_expires_by_the_clock_of_the_app(app: TestApp):
    async def order() -> str:
        headers = {"Idempotency-Key": "once"}
        answer = await app.call("POST", "/orders", json={"amount": 500}, headers=headers)
        return str(answer.json["id"])

    await held(app)
    first = await order()
    await app.call("POST", f"{CLOCK}/advance", json={"seconds": 86_399})
    again = await order()
    await app.call("POST", f"{CLOCK}/advance", json={"seconds": 1})
    anew = await order()

    assert again == first != anew


async def test_rows_created_on_a_held_clock_have_its_time(app: TestApp):
    await held(app)
    order = (await app.call("POST", "/orders", json={"amount": 500})).json

    assert order["created_at"] == order["updated_at"] == NEW_YEAR
    assert (await app.call("GET", "/health")).json["timestamp"] == NEW_YEAR


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", ""), ("POST", "/set"), ("POST", "/advance"), ("POST", "/release")],
)
async def test_production_serves_no_clock_routes(
    app: TestApp, database_url: str, tmp_path: Path, method: str, path: str
):
    given = {
        "DATABASE_URL": database_url,
        "PAYGATE_HOME": str(tmp_path),
        "PAYGATE_ENV": "production",
        "PAYGATE_VAULT_KEY": "PqfT9pYXyTtzIhV9fDWbCtUvFKxIeFbY6mZ7T7t0bqE=",
        "PAYGATE_ALLOW_SIMULATORS": "true",
    }
    await app.app.storage.merchants.deactivate_tests()
    async with open_app(read_settings(given), given, notifier=app.app.deps.notifier) as strict:
        client = create_app(strict.deps, strict.web).test_client()
        response = await client.open(CLOCK + path, method=method, json={"seconds": 1})

    assert response.status_code == 404


async def test_health_reports_a_stopped_clock_and_how_to_release_it(app: TestApp):
    running = (await app.call("GET", "/health")).json
    await held(app)
    stopped = (await app.call("GET", "/health")).json
    method, path = stopped["clock_release"].split(" ")
    await app.call(method, path)
    released = (await app.call("GET", "/health")).json

    assert stopped["clock"] == "stopped"
    assert not {"clock", "clock_release"} & (running.keys() | released.keys())


async def test_health_reports_a_clock_that_runs_ahead_and_how_to_release_it(app: TestApp):
    await app.call("POST", f"{CLOCK}/advance", json={"seconds": 3600})
    shifted = (await app.call("GET", "/health")).json
    method, path = shifted["clock_release"].split(" ")
    await app.call(method, path)
    released = (await app.call("GET", "/health")).json

    assert shifted["clock"] == "shifted"
    assert 3590 < shifted["clock_shift_seconds"] < 3601
    assert not [name for name in released if name.startswith("clock")]
