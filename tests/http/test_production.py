"""Production on a database that development used: its credentials open nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from paygate.core.accounts.model import Role
from paygate.core.accounts.team import AddUser, add_user
from paygate.core.api.app import create_app
from tests.harness.apps import KEYS, TestApp, running_app
from tests.harness.fakes import Fakes
from tests.harness.people import a_key, a_user, merchant_id, signed_in

PRODUCTION = {
    "PAYGATE_ENV": "production",
    "PAYGATE_VAULT_KEY": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
    "PAYGATE_REQUIRE_CLIENT_SECRET": "false",
}
SIGN_IN = {"email": "test@example.com", "password": "any"}


@pytest.fixture
async def production(database_url: str, tmp_path: Path, fakes: Fakes) -> AsyncIterator[TestApp]:
    """Started first, so that what makes it refuse to start comes later."""
    async with running_app(
        database_url, tmp_path, plugins=fakes.found(), environ=PRODUCTION
    ) as running:
        yield running


async def orders(app: TestApp, headers: dict[str, str]) -> int:
    return (await app.call("GET", "/orders", keys=headers)).status


async def test_production_refuses_credentials_of_development(production: TestApp, app: TestApp):
    opened = (await app.call("POST", "/test/namespaces", keys=None, json={})).json
    namespace = {"X-Api-Key": opened["api_key"], "X-Api-Secret": opened["api_secret"]}
    further = await a_key(app, Role.OWNER)
    person = await signed_in(app, await a_user(app, "a@b.c", Role.OWNER))
    given = [KEYS, namespace, further, person]

    assert [await orders(app, headers) for headers in given] == [200] * 4
    assert [await orders(production, headers) for headers in given] == [401] * 4


async def test_users_of_the_test_merchant_cannot_sign_in(production: TestApp, app: TestApp):
    known = {"email": "a@b.c", "password": "a long enough one"}
    command = AddUser(await merchant_id(app), "a@b.c", Role.OWNER, known["password"])
    await add_user(command, app.app.deps)

    for typed in (SIGN_IN, known):
        assert (await app.call("POST", "/session", keys=None, json=typed)).status == 200
        assert (await production.call("POST", "/session", keys=None, json=typed)).status == 401
    assert await production.value("SELECT count(*) FROM sessions") == 2


@pytest.mark.parametrize(
    "mark",
    [
        "api_key = 'key_test_abc123', is_test = false",
        "api_key = 'key_other', is_test = true",
        "api_key = 'key_other', email = 'x@namespace.invalid', is_test = false",
        # Everything except the secret was renamed.
        "api_key = 'key_other', email = 'x@shop.example', is_test = false",
    ],
)
async def test_test_merchants_are_recognized_by_mark_names_and_secret(
    production: TestApp, app: TestApp, mark: str
):
    await app.app.storage.executor.fetch(f"UPDATE merchants SET {mark}")
    key = await app.value("SELECT api_key FROM merchants")

    assert await orders(production, {**KEYS, "X-Api-Key": key}) == 401


async def test_production_accepts_other_merchants(production: TestApp, app: TestApp):
    await app.app.storage.executor.fetch(
        "UPDATE merchants SET api_key = 'key_live', email = 'a@shop.example', is_test = false, "
        "api_secret = encode(sha256('a secret of its own'), 'hex')"
    )

    assert (
        await orders(production, {"X-Api-Key": "key_live", "X-Api-Secret": "a secret of its own"})
        == 200
    )


async def test_production_plays_no_scenario_without_the_setting(
    app: TestApp, database_url: str, tmp_path: Path
):
    async with running_app(database_url, tmp_path) as simulating:
        deps = replace(
            simulating.app.deps,
            policy=replace(
                simulating.app.deps.policy, allows_simulators=False, scenario_amounts=True
            ),
        )
        web = create_app(deps, simulating.app.web)
        strict = TestApp(simulating.app, web.test_client(), simulating.contract)
        upi = {"method": "upi", "vpa": "asha@paytm"}
        asked = await strict.pay(**upi, headers={})
        by_header = await strict.call(
            "POST",
            "/payments",
            json={"order_id": await strict.order(), **upi},
            headers={"Paygate-Scenario": "approve"},
        )
        by_address = await strict.pay(method="upi", vpa="approve@sim")
        by_amount = await strict.pay(await strict.order(amount=19_001), **upi)
        chosen = await strict.rows("SELECT DISTINCT scenario FROM payments")

    assert by_header.status == 400
    assert by_header.json["error"]["description"] == "This server plays no scenarios"
    assert [answer.status for answer in (asked, by_address, by_amount)] == [201] * 3
    assert chosen == [{"scenario": None}]


async def test_production_sends_webhooks_over_https_only(production: TestApp, app: TestApp):
    await app.app.storage.executor.fetch(
        "UPDATE merchants SET api_key = 'key_live', email = 'a@shop.example', is_test = false, "
        "api_secret = encode(sha256('a secret of its own'), 'hex'), webhook_secret = 'whsec_own'"
    )
    live = {"X-Api-Key": "key_live", "X-Api-Secret": "a secret of its own"}
    answers = [
        await production.call("PUT", "/merchant/webhook", keys=live, json={"webhook_url": url})
        for url in ("http://8.8.8.8/hook", "https://8.8.8.8/hook")
    ]

    assert [answer.status for answer in answers] == [400, 200]
    assert answers[0].json["error"]["description"] == "webhook_url must be an https URL"
