"""Refused access is recorded in the security log and in the merchant's audit log."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from paygate.core.accounts.model import Role
from paygate.core.accounts.team import AddUser, add_user
from paygate.core.errors import PluginContractError
from paygate.core.limits import UNSIGNED_ROWS_MAX
from paygate.core.payments.callbacks import ReceiveCallback, receive_callback
from paygate.core.plugin_api.processor import RawCallback
from tests.canary.search import contains
from tests.harness.apps import KEYS, TestApp, running_app
from tests.harness.fakes import Fakes
from tests.harness.people import a_key, a_user, merchant_id, signed_in

EMAIL, PASSWORD = "asha@x.y", "a password to be kept"
WRONG = "hunter2 4111 1111 1111 1111"
STRANGER = "stranger@x.y"
LOGGER = "paygate.security"

Do = Callable[[TestApp], Awaitable[None]]


async def traces(
    database_url: str, home: Path, do: Do, caplog: Any, *, is_installed: bool = False
) -> tuple[list[Any], list[str]]:
    """Return the refusals in the audit log and in the security log, after the app has ended."""
    with caplog.at_level(logging.WARNING, logger=LOGGER):
        plugins = None if is_installed else Fakes().found()
        async with running_app(database_url, home, plugins=plugins) as app:
            await do(app)
    connection = await asyncpg.connect(database_url)
    try:
        rows = await connection.fetch(
            "SELECT * FROM audit_log WHERE action ~ 'refused|locked' ORDER BY id"
        )
    finally:
        await connection.close()
    entries = [{**row, "detail": json.loads(row["detail"])} for row in rows]
    lines = [record.getMessage() for record in caplog.records if record.name == LOGGER]
    for text in (*lines, *(str(entry) for entry in entries)):
        assert "hunter2" not in text
        assert not contains(text.encode(), "4111111111111111")
        assert STRANGER not in text
    return entries, lines


async def enter(app: TestApp, email: str, password: str) -> int:
    body = {"email": email, "password": password}
    return (await app.call("POST", "/session", keys=None, json=body)).status


def counts(entries: list[Any]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for entry in entries:
        found.setdefault(entry["action"], []).append(entry["detail"]["count"])
    return found


async def test_wrong_passwords_and_locks_are_audited(database_url, tmp_path, caplog):
    ids: list[str] = []

    async def do(app: TestApp) -> None:
        command = AddUser(await merchant_id(app), EMAIL, Role.OWNER, PASSWORD)
        ids.append(str((await add_user(command, app.app.deps)).id))
        assert [await enter(app, EMAIL, WRONG) for _ in range(13)] == [401] * 13
        assert [await enter(app, STRANGER, WRONG) for _ in range(3)] == [401] * 3

    entries, lines = await traces(database_url, tmp_path, do, caplog)

    # The first at once, the others of the minute together.
    assert counts(entries) == {"session.refused": [1, 9], "session.locked": [1, 2]}
    assert {entry["subject"] for entry in entries} == set(ids)
    assert {entry["detail"]["email"] for entry in entries} == {EMAIL}
    assert {entry["ip"] for entry in entries} == {"<local>"}
    assert [line.partition(" (")[0] for line in lines] == [
        "session.refused: wrong password",
        "session.locked: too many wrong passwords",
        "session.refused: unknown account",
        "session.refused: wrong password",
        "session.locked: too many wrong passwords",
        "session.refused: unknown account",
    ]


async def test_a_wrong_current_password_is_audited(database_url, tmp_path, caplog):
    async def do(app: TestApp) -> None:
        session = await signed_in(app, await a_user(app, EMAIL, Role.OWNER))
        body = {"current_password": WRONG, "new_password": "another good one"}
        answer = await app.call("PUT", "/session/password", keys=session, json=body)
        assert answer.status == 400

    entries, _ = await traces(database_url, tmp_path, do, caplog)

    assert counts(entries) == {"session.refused": [1]}


async def test_refused_keys_are_audited_with_the_reason(database_url, tmp_path, caplog):
    subjects: list[str] = []

    async def do(app: TestApp) -> None:
        key = await a_key(app, Role.SUPPORT)
        key_id = str(await app.value("SELECT id FROM api_keys"))
        subjects.extend([str(await merchant_id(app)), key_id])
        wrong = {**KEYS, "X-Api-Secret": WRONG}
        unknown_key = {"X-Api-Key": "key_hunter2", "X-Api-Secret": WRONG}
        tries = [wrong, unknown_key, {"X-Api-Key": KEYS["X-Api-Key"]}]
        for headers in tries:
            assert (await app.call("GET", "/orders", keys=headers)).status == 401
        assert (await app.call("DELETE", f"/keys/{key_id}")).status == 200
        assert (await app.call("GET", "/orders", keys=key)).status == 401

    entries, lines = await traces(database_url, tmp_path, do, caplog)

    assert [(entry["subject"], entry["detail"]["reason"]) for entry in entries] == [
        (subjects[0], "wrong secret"),
        (subjects[1], "revoked key"),
    ]
    assert [line.partition(" (")[0] for line in lines][:3] == [
        "key.refused: wrong secret",
        "key.refused: unknown key",
        "key.refused: revoked key",
    ]


async def test_a_flood_of_wrong_secrets_does_not_hide_the_use_of_a_revoked_key(
    database_url, tmp_path, caplog
):
    async def do(app: TestApp) -> None:
        key = await a_key(app, Role.SUPPORT)
        wrong = {**key, "X-Api-Secret": WRONG}
        for _ in range(3):
            assert (await app.call("GET", "/orders", keys=wrong)).status == 401
        await app.call("DELETE", f"/keys/{await app.value('SELECT id FROM api_keys')}")
        for _ in range(2):
            assert (await app.call("GET", "/orders", keys=key)).status == 401

    entries, _ = await traces(database_url, tmp_path, do, caplog)

    # Entries are written in the background: of two simultaneous ones either may be first.
    assert sorted((entry["detail"]["reason"], entry["detail"]["count"]) for entry in entries) == [
        ("revoked key", 1),
        ("revoked key", 1),
        ("wrong secret", 1),
        ("wrong secret", 2),
    ]


async def test_a_role_that_is_too_low_is_audited_with_its_user(database_url, tmp_path, caplog):
    async def do(app: TestApp) -> None:
        session = await signed_in(app, await a_user(app, EMAIL, Role.SUPPORT))
        developer = await a_key(app, Role.DEVELOPER)
        refused = [
            await app.call("POST", "/orders", keys=session, json={"amount": 500}),
            await app.call("PATCH", "/team/4111111111111111", keys=session, json={}),
            # Its own role is enough for the route, not for what it asks for.
            await app.call("POST", "/keys", keys=developer, json={"label": "x", "role": "owner"}),
        ]
        assert [answer.status for answer in refused] == [403] * 3

    entries, _ = await traces(database_url, tmp_path, do, caplog)

    # Entries are written in the background: of two simultaneous ones either may be first.
    entries_by_route = {entry["detail"]["route"]: entry for entry in entries}
    assert {
        route: (entry["actor_kind"], entry["detail"]["count"])
        for route, entry in entries_by_route.items()
    } == {
        "POST /api/v1/orders": ("user", 1),
        "PATCH /api/v1/team/<user_id>": ("user", 1),
        "POST /api/v1/keys": ("key", 1),
    }
    first = entries_by_route["POST /api/v1/orders"]
    assert len(entries) == len(entries_by_route)
    assert first["actor_label"] == EMAIL
    assert first["detail"]["reason"] == "This needs the role developer; yours is support"


async def test_a_foreign_page_is_audited(database_url, tmp_path, caplog):
    async def do(app: TestApp) -> None:
        session = await signed_in(app, await a_user(app, EMAIL, Role.OWNER))
        foreign = {**session, "Origin": "https://evil.example"}
        without = {"Cookie": session["Cookie"]}
        for headers in (without, foreign):
            answer = await app.call("POST", "/orders", keys=headers, json={"amount": 500})
            assert answer.status == 403
        body = {"email": EMAIL, "password": WRONG}
        page = {"Origin": "https://evil.example"}
        assert (await app.call("POST", "/session", keys=page, json=body)).status == 403

    entries, lines = await traces(database_url, tmp_path, do, caplog)

    assert [(entry["action"], entry["actor_label"]) for entry in entries] == [
        ("csrf.refused", EMAIL)
    ]
    assert {line.partition(":")[0] for line in lines} == {"csrf.refused"}
    assert sum(int(line.rpartition("times ")[2][:-1]) for line in lines) == 3


async def test_a_limited_number_of_unsigned_callbacks_is_stored(database_url, tmp_path, caplog):
    stored: list[int] = []

    async def do(app: TestApp) -> None:
        for _ in range(UNSIGNED_ROWS_MAX + 40):
            answer = await app.call("POST", "/callbacks/upi_sim", keys=None, data=WRONG)
            assert answer.status == 401
        stored.append(await app.value("SELECT count(*) FROM processor_callbacks"))

    entries, lines = await traces(database_url, tmp_path, do, caplog, is_installed=True)

    assert stored == [UNSIGNED_ROWS_MAX]
    assert entries == []
    assert [line.rpartition("times ")[2] for line in lines] == ["1)", f"{UNSIGNED_ROWS_MAX + 39})"]


async def test_a_flood_of_unsigned_callbacks_stores_no_more_in_the_next_minute(
    database_url, tmp_path, caplog
):
    stored: list[Any] = []

    async def flood(app: TestApp) -> None:
        tries = (app.call("POST", "/callbacks/upi_sim", keys=None, data=WRONG) for _ in range(500))
        assert {answer.status for answer in await asyncio.gather(*tries)} == {401}

    async def do(app: TestApp) -> None:
        await flood(app)
        # The security log begins a new minute.
        await app.app.deps.refusals.close()
        await flood(app)
        assert (await app.call("POST", "/orders", json={"amount": 500})).status == 201
        stored.extend(
            await app.rows(
                "SELECT count(*), max(length(body)) AS body, max(headers::text) AS headers "
                "FROM processor_callbacks"
            )
        )

    await traces(database_url, tmp_path, do, caplog, is_installed=True)

    # One may come back in a minute, in which a slow machine may be.
    assert UNSIGNED_ROWS_MAX <= stored[0]["count"] <= UNSIGNED_ROWS_MAX + 2
    assert (stored[0]["body"], stored[0]["headers"]) == (0, "{}")


@dataclass
class Chokes:
    """A processor that fails over what it reads before it knows the sender."""

    real: Any
    over: str

    def __getattr__(self, name: str) -> Any:
        return self._fail if name == self.over else getattr(self.real, name)

    def _fail(self, _raw: Any) -> Any:
        raise PluginContractError("raised JSONDecodeError: it is no JSON")


@pytest.mark.parametrize("over", ["split", "verify"])
async def test_a_limited_number_of_unreadable_callbacks_is_stored(
    database_url, tmp_path, caplog, over: str
):
    stored: list[Any] = []

    async def do(app: TestApp) -> None:
        deps = app.app.deps
        chokes: Any = Chokes(deps.registry.processors["upi_sim"], over)
        processors = {**deps.registry.processors, "upi_sim": chokes}
        deps = replace(deps, registry=replace(deps.registry, processors=processors))
        command = ReceiveCallback("upi_sim", RawCallback({}, WRONG.encode()))
        for _ in range(UNSIGNED_ROWS_MAX + 40):
            assert (await receive_callback(command, deps))[0] == 400
        stored.extend(
            await app.rows("SELECT effect, count(*) FROM processor_callbacks GROUP BY effect")
        )

    entries, lines = await traces(database_url, tmp_path, do, caplog, is_installed=True)

    assert stored == [{"effect": "quarantined", "count": UNSIGNED_ROWS_MAX}]
    assert entries == []
    assert [line.partition(" (")[0] for line in lines] == [
        "callback.unreadable: the plugin failed before the sender was known"
    ] * 2
    assert [line.rpartition("times ")[2] for line in lines] == ["1)", f"{UNSIGNED_ROWS_MAX + 39})"]


async def test_a_wrong_client_secret_is_in_the_log(database_url, tmp_path, caplog):
    async def do(app: TestApp) -> None:
        order = await app.order()
        answer = await app.call(
            "GET", f"/orders/{order}/public", keys={"X-Client-Secret": f"{order}_{WRONG}"}
        )
        assert answer.status == 401

    _, lines = await traces(database_url, tmp_path, do, caplog)

    assert [line.partition(" (")[0] for line in lines] == [
        "client_secret.refused: Invalid client_secret"
    ]


async def test_changes_by_keys_are_audited_and_orders_and_payments_are_not(
    app: TestApp, fakes: Fakes
):
    support = await a_key(app, Role.SUPPORT)
    async with app.working():
        payment = await app.paid()
        await app.until(payment, "success")
        refund = await app.call(
            "POST", f"/payments/{payment}/refunds", keys=support, json={"amount": 100}
        )
    assert refund.status == 201
    made = await app.call("POST", "/keys", json={"label": "x"})
    await app.call("DELETE", f"/keys/{made.json['id']}")
    await app.webhook_url()
    await app.call("POST", "/webhooks/test", json={})

    entries_by_route = await app.rows(
        "SELECT action, actor_kind, actor_label FROM audit_log ORDER BY id"
    )

    assert [(row["action"], row["actor_kind"]) for row in entries_by_route] == [
        ("refund.create", "key"),
        ("key.create", "key"),
        ("key.revoke", "key"),
        ("endpoint.update", "key"),
        ("endpoint.test", "key"),
    ]
    assert entries_by_route[0]["actor_label"] == support["X-Api-Key"]
    assert entries_by_route[1]["actor_label"] == KEYS["X-Api-Key"]


@pytest.mark.parametrize("path", ["/payments/none/capture", "/payments/none/cancel"])
async def test_a_failed_change_is_not_audited(app: TestApp, path: str):
    assert (await app.call("POST", path, json={})).status == 404
    assert await app.rows("SELECT * FROM audit_log") == []
