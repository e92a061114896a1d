"""Payment methods are offered and accepted only within the limits of their processors."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from paygate import Capabilities
from paygate.testing.kit.checks.method_cards import number_in
from tests.harness.apps import TestApp, running_app
from tests.harness.fakes import Fakes
from tests.harness.playing import CARD

QUERY = "/checkout/methods?order_id="


async def offered(app: TestApp, query: str = "/checkout/methods") -> list[str]:
    answer = await app.call("GET", query, keys={})
    assert answer.status == 200, answer
    return sorted(method["name"] for method in answer.json["data"])


@pytest.mark.parametrize("currency", ["USD", "JPY", "KWD"])
async def test_upi_is_offered_and_accepted_for_rupees_only(installed: TestApp, currency: str):
    order = await installed.order(50_000, currency=currency)

    refused = await installed.pay(order, method="upi", vpa="asha@paytm")
    by_card = await installed.pay(order, method="card", card=CARD)

    assert await offered(installed, QUERY + order) == ["card"]
    assert (refused.status, by_card.status) == (422, 201)
    assert currency in refused.json["error"]["description"]
    assert await installed.value("SELECT count(*) FROM payments") == 1


async def test_every_method_is_offered_for_rupees_or_without_an_order(
    installed: TestApp,
):
    order = await installed.order(50_000)

    assert await offered(installed) == await offered(installed, QUERY + order) == ["card", "upi"]


async def test_methods_of_no_order_are_404(installed: TestApp):
    answer = await installed.call("GET", QUERY + "order_0000000000000000", keys={})

    assert answer.status == 404


@pytest.mark.parametrize(
    ("limits", "order"),
    [
        ({"amount_minor_min": 600}, {"amount": 599}),
        ({"amount_minor_max": 600}, {"amount": 601}),
        ({"currencies": frozenset({"INR"})}, {"amount": 600, "currency": "USD"}),
    ],
)
async def test_a_method_is_neither_offered_nor_accepted_outside_its_limits(
    database_url: str, tmp_path: Path, limits, order
):
    fakes = Fakes()
    coin = {"methods": {"coin": frozenset({"toss"})}, "query": True}
    graded = {"capture": "multiple", "void": True, "refund": "multiple"}
    given = {**coin, **graded, **limits}
    fakes.processor.capabilities = Capabilities(**given)
    async with running_app(database_url, tmp_path, plugins=fakes.found()) as app:
        order_id = await app.order(**order)

        assert await offered(app, QUERY + order_id) == []
        assert (await app.pay(order_id)).status == 422


async def test_an_empty_list_of_notes_is_an_empty_object(app: TestApp):
    answer = await app.call("POST", "/orders", json={"amount": 500, "notes": []})
    refused = await app.call("POST", "/orders", json={"amount": 500, "notes": ["x"]})

    assert (answer.status, answer.json["notes"]) == (201, {})
    assert (refused.status, refused.json["error"]["field"]) == (400, "notes")


@pytest.mark.parametrize("zone", ["+05:30", " 05:30", "%2B05:30", "+0530"])
async def test_an_unencoded_plus_sign_of_a_time_zone_is_accepted(app: TestApp, zone: str):
    await app.paid()

    answer = await app.call("GET", f"/payments?from=2000-01-01T00:00:00{zone}")

    assert (answer.status, answer.json["total"]) == (200, 1)


async def test_published_card_rules_are_enforced(installed: TestApp):
    answer = await installed.call("GET", "/checkout/methods", keys={})
    schemas = {method["name"]: method["schema"] for method in answer.json["data"]}
    rules = schemas["card"]["x-card"]

    for network in rules["networks"]:
        for begin in [end for ends in network["ranges"] for end in ends]:
            number = number_in(begin, 16)
            for digits in (2, 3, 4, 5):
                order = await installed.order(500)
                card = {**CARD, "number": number, "cvv": "1" * digits}
                paid = await installed.pay(order, method="card", card=card)
                is_right = digits in network["security_code"]["digits"]
                assert paid.status == (201 if is_right else 400), (begin, digits)
                assert not is_right or paid.json["card_network"] == network["name"], begin


async def test_the_list_of_methods_contains_the_time_of_the_gateway(installed: TestApp):
    before = await installed.call("GET", "/checkout/methods", keys={})
    await installed.call("POST", "/test/clock/advance", json={"seconds": 86_400})
    after = await installed.call("GET", "/checkout/methods", keys={})

    times = [datetime.fromisoformat(answer.json["now"]) for answer in (before, after)]
    assert times[1] - times[0] >= timedelta(days=1)
