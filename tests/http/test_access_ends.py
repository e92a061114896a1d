"""Removed rights end at once in all processes."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from paygate.core.accounts.model import Role
from paygate.core.accounts.team import AddUser, add_user
from tests.harness.apps import TestApp
from tests.harness.people import a_key, a_user, merchant_id, signed_in

EMAIL, PASSWORD = "asha@x.y", "a password to be kept"
TYPED = {"email": EMAIL, "password": PASSWORD}
LONG_AGO = "clock_timestamp() - interval"


async def enter(app: TestApp, **typed: Any) -> Any:
    return await app.call("POST", "/session", keys=None, json={**TYPED, **typed})


async def let_in(app: TestApp, role: Role = Role.OWNER) -> str:
    command = AddUser(await merchant_id(app), EMAIL, role, PASSWORD)
    return str((await add_user(command, app.app.deps)).id)


async def status(app: TestApp, headers: Mapping[str, str]) -> int:
    return (await app.call("GET", "/session", keys=headers)).status


def headers_of(answer: Any) -> dict[str, str]:
    cookie = answer.headers["Set-Cookie"].partition(";")[0]
    return {"Cookie": cookie, "X-Csrf-Token": answer.json["csrf_token"]}


@pytest.mark.parametrize(
    ("column", "ago", "wanted"),
    [
        ("last_seen_at", "1 hour 59 minutes", 200),
        ("last_seen_at", "2 hours", 401),
        ("expires_at", "-1 minute", 200),
        ("expires_at", "0 seconds", 401),
    ],
)
async def test_a_session_ends_after_inactivity(app: TestApp, column: str, ago: str, wanted: int):
    session = await signed_in(app, await a_user(app, EMAIL, Role.OWNER))
    lasts = await app.value("SELECT expires_at - created_at FROM sessions")
    await app.rows(f"UPDATE sessions SET {column} = {LONG_AGO} '{ago}'")

    assert await status(app, session) == wanted
    assert round(lasts.total_seconds() / 60) == 12 * 60


async def test_an_active_session_ends_at_its_maximum_age(app: TestApp):
    session = await signed_in(app, await a_user(app, EMAIL, Role.OWNER))
    await app.rows(f"UPDATE sessions SET last_seen_at = {LONG_AGO} '1 hour 59 minutes'")
    expires_at = await app.value("SELECT expires_at FROM sessions")

    assert await status(app, session) == 200
    await app.until_value(True, f"SELECT last_seen_at > {LONG_AGO} '1 minute' FROM sessions")
    assert await app.value("SELECT expires_at FROM sessions") == expires_at
    await app.rows(f"UPDATE sessions SET expires_at = {LONG_AGO} '1 second'")
    assert await status(app, session) == 401


async def test_a_moved_clock_ends_no_session(app: TestApp):
    session = await signed_in(app, await a_user(app, EMAIL, Role.OWNER))
    moved = await app.call("POST", "/test/clock/advance", keys=None, json={"seconds": 864_000})

    assert moved.status == 200
    assert await status(app, session) == 200


async def test_ended_sessions_refuse_their_cookies(app: TestApp):
    user_id = await let_in(app)
    ways = {
        "logout": lambda own: app.call("DELETE", "/session", keys=own),
        "password": lambda own: app.call(
            "PUT",
            "/session/password",
            keys=own,
            json={"current_password": PASSWORD, "new_password": PASSWORD},
        ),
        "signing in anew": lambda own: app.call("POST", "/session", keys=own, json=TYPED),
        "a reset": lambda _: app.call("POST", f"/team/{user_id}/password"),
    }
    for way, end in ways.items():
        own = headers_of(await enter(app))
        assert await status(app, own) == 200
        assert (await end(own)).status in {200, 204}, way
        assert await status(app, own) == 401, way


async def test_sessions_of_a_disabled_user_stay_ended_after_enabling(app: TestApp):
    user_id = await let_in(app)
    own = headers_of(await enter(app))
    for is_active in (False, True):
        await app.call("PATCH", f"/team/{user_id}", json={"is_active": is_active})
        assert await status(app, own) == 401
    assert (await enter(app)).status == 200


async def test_a_lock_expires_and_affects_one_account(app: TestApp):
    await let_in(app)
    for _ in range(10):
        assert (await enter(app, password="wrong")).status == 401
    locked = await enter(app)
    # The test user of the seeded merchant is another account.
    other = await enter(app, email="test@example.com")
    left = "SELECT extract(epoch FROM locked_until - clock_timestamp())::int FROM login_tries"
    left_s = await app.value(left)
    await app.rows(f"UPDATE login_tries SET locked_until = {LONG_AGO} '1 second'")
    after = await enter(app)

    assert (locked.status, other.status, after.status) == (401, 200, 200)
    assert 29 * 60 < left_s <= 30 * 60
    assert await app.value("SELECT count(*) FROM login_tries") == 0


async def test_nine_wrong_passwords_lock_no_user_and_old_ones_expire(app: TestApp):
    await let_in(app)
    for _ in range(9):
        await enter(app, password="wrong")
    await app.rows(f"UPDATE login_tries SET began_at = {LONG_AGO} '15 minutes'")
    for _ in range(9):
        await enter(app, password="wrong")

    assert (await enter(app)).status == 200


async def test_a_key_revoked_during_use_is_refused(app: TestApp):
    key = await a_key(app, Role.DEVELOPER)
    key_id = await app.value("SELECT id FROM api_keys")
    is_revoked, late, statuses = False, [], set()

    async def use() -> None:
        while True:
            began_after = is_revoked
            answer = await app.call("POST", "/orders", keys=key, json={"amount": 500})
            statuses.add(answer.status)
            if began_after:
                late.append(answer.status)
                return

    users = [asyncio.create_task(use()) for _ in range(4)]
    await app.until_value(True, "SELECT count(*) > 8 FROM orders")
    assert (await app.call("DELETE", f"/keys/{key_id}")).status == 200
    is_revoked = True
    await asyncio.gather(*users)

    assert (statuses, late) == ({201, 401}, [401] * 4)


async def test_a_disabled_user_cannot_sign_in(app: TestApp):
    user_id = await let_in(app)
    for _ in range(5):
        await app.call("PATCH", f"/team/{user_id}", json={"is_active": True})
        off = app.call("PATCH", f"/team/{user_id}", json={"is_active": False})
        entered, switched = await asyncio.gather(enter(app), off)

        assert switched.status == 200
        assert entered.status in {200, 401}
        assert await app.value("SELECT count(*) FROM sessions") == 0


async def test_a_password_reset_ends_all_sessions(app: TestApp):
    user_id = await let_in(app)
    entered, reset = await asyncio.gather(enter(app), app.call("POST", f"/team/{user_id}/password"))

    assert (reset.status, entered.status in {200, 401}) == (200, True)
    assert await app.value("SELECT count(*) FROM sessions") == 0
    assert (await enter(app)).status == 401
    assert (await enter(app, password=reset.json["password"])).status == 200


async def test_the_last_owner_cannot_be_removed(app: TestApp):
    await app.rows("DELETE FROM users")
    one, two = [await a_user(app, f"{n}@x.y", Role.OWNER) for n in "ab"]
    for _ in range(5):
        answers = await asyncio.gather(
            app.call("PATCH", f"/team/{one.id}", json={"role": "read_only"}),
            app.call("PATCH", f"/team/{two.id}", json={"is_active": False}),
        )
        assert sorted(answer.status for answer in answers) == [200, 400]
        await app.rows("UPDATE users SET role = 'owner', is_active = true")


async def test_a_demotion_applies_to_the_next_request(app: TestApp):
    user = await a_user(app, EMAIL, Role.DEVELOPER)
    session = await signed_in(app, user)
    before = await app.call("POST", "/orders", keys=session, json={"amount": 500})
    await app.call("PATCH", f"/team/{user.id}", json={"role": "read_only"})
    after = await app.call("POST", "/orders", keys=session, json={"amount": 500})

    assert (before.status, after.status, await status(app, session)) == (201, 403, 200)


async def test_users_and_keys_cannot_exceed_their_role(app: TestApp):
    developer = await a_key(app, Role.DEVELOPER)
    made = [
        (await app.call("POST", "/keys", keys=developer, json={"label": "x", "role": role})).status
        for role in ("developer", "owner")
    ]
    operator = await a_user(app, "op@x.y", Role.OWNER, is_operator=True)
    owner = await signed_in(app, await a_user(app, EMAIL, Role.OWNER))
    reset = await app.call("POST", f"/team/{operator.id}/password", keys=owner)
    demoted = await app.call("PATCH", f"/team/{operator.id}", keys=owner, json={"role": "support"})

    assert made == [201, 403]
    assert (reset.status, demoted.status) == (403, 403)


async def test_moving_the_clock_with_credentials_needs_a_role(app: TestApp):
    reader = await signed_in(app, await a_user(app, "r@x.y", Role.READ_ONLY))
    developer = await signed_in(app, await a_user(app, EMAIL, Role.DEVELOPER))
    without_token = {"Cookie": developer["Cookie"]}
    moves = {
        "set": {"at": "2040-01-01T00:00:00Z"},
        "advance": {"seconds": 60},
        "release": {},
    }
    for move, body in moves.items():
        by = [
            (await app.call("POST", f"/test/clock/{move}", keys=keys, json=body)).status
            for keys in (reader, await a_key(app, Role.SUPPORT), without_token, None, developer)
        ]
        assert by == [403, 403, 403, 200, 200], move
    chosen = [
        (await app.call("PUT", "/test/scenario", keys=keys, json={"scenario": None})).status
        for keys in (reader, None, developer)
    ]
    rows = await app.rows(
        "SELECT action, actor_label, detail FROM audit_log WHERE action !~ 'refused' ORDER BY id"
    )
    entries = [(row["action"], row["actor_label"]) for row in rows]

    assert chosen == [403, 401, 200]
    assert entries == [
        (action, EMAIL)
        for action in ("clock.hold", "clock.advance", "clock.release", "scenario.choose")
    ]


async def test_credentialed_cors_never_allows_every_origin(app: TestApp):
    for origin in ("https://evil.example", "null", "http://localhost.evil.example", "", None):
        for method in ("GET", "OPTIONS"):
            headers = {} if origin is None else {"Origin": origin}
            answer = await app.call(method, "/session", keys=headers)
            assert "Access-Control-Allow-Origin" not in answer.headers
            assert "Access-Control-Allow-Credentials" not in answer.headers


async def test_a_foreign_page_cannot_sign_in(app: TestApp):
    await let_in(app)
    answer = await app.call("POST", "/session", keys={"Origin": "https://evil.example"}, json=TYPED)

    assert answer.status == 403
    assert "Set-Cookie" not in answer.headers
