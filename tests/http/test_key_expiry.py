"""The end of keys: rotation, revocation, expiry and deactivated users."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from paygate.core.accounts.model import Role
from tests.harness.apps import KEYS, TestApp
from tests.harness.people import a_key, a_user, signed_in

DAY_S = 86_400


async def status(app: TestApp, headers: Mapping[str, str]) -> int:
    return (await app.call("GET", "/orders", keys=headers)).status


def with_secret(answer: Any) -> dict[str, str]:
    return {"X-Api-Key": answer.json["key"], "X-Api-Secret": answer.json["secret"]}


async def rotate(app: TestApp, keys: Mapping[str, str] = KEYS, **body: Any) -> Any:
    answer = await app.call("POST", "/keys/root/rotate", keys=keys, json=body)
    assert answer.status == 200, answer.json
    return answer


async def made_by(app: TestApp, session: Mapping[str, str], role: Role) -> dict[str, str]:
    answer = await app.call("POST", "/keys", keys=session, json={"label": role, "role": role})
    assert answer.status == 201, answer.json
    return with_secret(answer)


async def test_a_rotated_secret_stays_valid_for_a_grace_period(app: TestApp):
    answer = await rotate(app)
    new = with_secret(answer)
    shown = (await app.call("GET", "/keys/root", keys=new)).json
    left = datetime.fromisoformat(answer.json["previous_secret_until"]) - datetime.now(UTC)

    assert new["X-Api-Key"] == KEYS["X-Api-Key"]
    assert [await status(app, new), await status(app, KEYS)] == [200, 200]
    assert DAY_S - 60 < left.total_seconds() <= DAY_S
    assert shown == {name: answer.json[name] for name in shown}
    assert "secret" not in shown

    # The grace is over.
    await app.rows("UPDATE merchants SET api_previous_until = clock_timestamp()")
    assert [await status(app, new), await status(app, KEYS)] == [200, 401]
    shown = (await app.call("GET", "/keys/root", keys=new)).json
    assert shown["previous_secret_until"] is None


async def test_a_rotation_without_grace_ends_the_old_secret_immediately(app: TestApp):
    answer = await rotate(app, grace_seconds=0)

    assert answer.json["previous_secret_until"] is None
    assert [await status(app, with_secret(answer)), await status(app, KEYS)] == [200, 401]


async def test_only_the_latest_previous_secret_has_a_grace_period(app: TestApp):
    first = with_secret(await rotate(app))
    second = with_secret(await rotate(app, first))

    assert [await status(app, each) for each in (KEYS, first, second)] == [401, 200, 200]


async def test_a_clear_secret_written_by_sql_is_hashed_on_rotation(app: TestApp):
    await app.rows("UPDATE merchants SET api_secret = 'in clear'")
    clear = {**KEYS, "X-Api-Secret": "in clear"}
    new = with_secret(await rotate(app, clear))
    stored = await app.value("SELECT to_jsonb(merchants)::text FROM merchants")

    assert [await status(app, clear), await status(app, new)] == [200, 200]
    assert "in clear" not in stored
    assert new["X-Api-Secret"] not in stored


async def test_a_revoked_pair_is_restored_by_a_rotation(app: TestApp):
    owner = await signed_in(app, await a_user(app, "o@x.y", Role.OWNER))
    before = with_secret(await rotate(app))
    revoked = await app.call("DELETE", "/keys/root", keys=owner)
    after_it = [await status(app, before), await status(app, KEYS)]
    new = with_secret(await rotate(app, owner))

    assert (revoked.status, after_it) == (200, [401, 401])
    assert revoked.json["revoked_at"] is not None
    # What was revoked has no grace.
    assert [await status(app, each) for each in (new, before, KEYS)] == [200, 401, 401]
    actions = await app.rows(
        "SELECT action, actor_kind FROM audit_log WHERE action ~ '^key_pair' ORDER BY id"
    )
    assert [tuple(row.values()) for row in actions] == [
        ("key_pair.rotate", "key"),
        ("key_pair.revoke", "user"),
        ("key_pair.rotate", "user"),
    ]


@pytest.mark.parametrize("role", [Role.READ_ONLY, Role.SUPPORT, Role.DEVELOPER])
async def test_only_an_owner_revokes_the_pair(app: TestApp, role: Role):
    key = await a_key(app, role)
    answers = [
        await app.call("POST", "/keys/root/rotate", keys=key, json={}),
        await app.call("DELETE", "/keys/root", keys=key),
    ]

    assert [answer.status for answer in answers] == [403, 403]
    assert await status(app, KEYS) == 200


@pytest.mark.parametrize("grace", [-1, 7 * DAY_S + 1, 1.5, "60", None, True])
async def test_an_invalid_grace_names_the_field(app: TestApp, grace: Any):
    answer = await app.call("POST", "/keys/root/rotate", json={"grace_seconds": grace})

    assert answer.status == 400
    assert answer.json["error"]["field"] == "grace_seconds"
    assert await status(app, KEYS) == 200


async def test_a_rotation_is_not_replayed(app: TestApp):
    headers = {"Idempotency-Key": "k"}
    answers = [
        await app.call("POST", "/keys/root/rotate", json={}, headers=headers) for _ in range(2)
    ]

    assert len({answer.json["secret"] for answer in answers}) == 2
    assert await app.value("SELECT count(*) FROM idempotency_keys") == 0


async def test_a_key_expires(app: TestApp):
    at = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    answer = await app.call("POST", "/keys", json={"label": "x", "expires_at": at})
    key = with_secret(answer)
    listed = (await app.call("GET", "/keys")).json["data"][0]
    before = await status(app, key)
    await app.rows("UPDATE api_keys SET expires_at = clock_timestamp()")

    assert datetime.fromisoformat(answer.json["expires_at"]) - datetime.fromisoformat(
        at
    ) < timedelta(milliseconds=1)
    assert listed["expires_at"] == answer.json["expires_at"]
    assert [before, await status(app, key)] == [200, 401]


async def test_a_moved_clock_ends_no_key(app: TestApp):
    at = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    key = with_secret(await app.call("POST", "/keys", json={"label": "x", "expires_at": at}))
    await app.call("POST", "/test/clock/advance", keys=None, json={"seconds": DAY_S})

    assert await status(app, key) == 200


@pytest.mark.parametrize("at", ["2020-01-01T00:00:00Z", "tomorrow", 1, "2099-01-01T00:00:00"])
async def test_an_invalid_expiry_names_the_field(app: TestApp, at: Any):
    answer = await app.call("POST", "/keys", json={"label": "x", "expires_at": at})

    assert (answer.status, answer.json["error"]["field"]) == (400, "expires_at")
    assert await app.value("SELECT count(*) FROM api_keys") == 0


async def test_keys_end_with_the_user_who_created_them(app: TestApp):
    user = await a_user(app, "a@x.y", Role.OWNER)
    session = await signed_in(app, user)
    own = await made_by(app, session, Role.DEVELOPER)
    # A key that the user's key made is the user's as well.
    further = await made_by(app, own, Role.SUPPORT)
    others = await a_key(app, Role.DEVELOPER)
    before = [await status(app, key) for key in (own, further, others)]
    off = await app.call("PATCH", f"/team/{user.id}", json={"is_active": False})
    after = [await status(app, key) for key in (own, further, others)]
    again = await app.call("PATCH", f"/team/{user.id}", json={"is_active": True})

    assert (before, off.status) == ([200, 200, 200], 200)
    assert after == [401, 401, 200]
    assert again.status == 200
    assert [await status(app, key) for key in (own, further)] == [401, 401]
    entries = await app.rows(
        "SELECT actor_label FROM audit_log WHERE action = 'key.revoke' AND actor_kind = 'key'"
    )
    assert [row["actor_label"] for row in entries] == [KEYS["X-Api-Key"]] * 2


async def test_a_demotion_revokes_the_users_keys_of_a_higher_role(app: TestApp):
    user = await a_user(app, "a@x.y", Role.OWNER)
    session = await signed_in(app, user)
    keys = [await made_by(app, session, role) for role in Role]
    await app.call("PATCH", f"/team/{user.id}", json={"role": "support"})

    assert [await status(app, key) for key in keys] == [200, 200, 401, 401]


async def test_a_deactivated_user_cannot_create_a_key_concurrently(app: TestApp):
    user = await a_user(app, "a@x.y", Role.OWNER)
    for _ in range(5):
        await app.call("PATCH", f"/team/{user.id}", json={"is_active": True})
        session = await signed_in(app, user)
        making = app.call("POST", "/keys", keys=session, json={"label": "late"})
        off = app.call("PATCH", f"/team/{user.id}", json={"is_active": False})
        made, switched = await asyncio.gather(making, off)

        assert switched.status == 200
        assert made.status in {201, 401}
        living = "SELECT count(*) FROM api_keys WHERE revoked_at IS NULL"
        assert await app.value(living) == 0


async def test_a_developer_does_not_revoke_an_owners_key(app: TestApp):
    developer, owner = await a_key(app, Role.DEVELOPER), await a_key(app, Role.OWNER)
    peer = await a_key(app, Role.DEVELOPER)
    ids = {
        name: await app.value("SELECT id FROM api_keys WHERE key = $1", key["X-Api-Key"])
        for name, key in (("owner", owner), ("peer", peer))
    }
    refused = await app.call("DELETE", f"/keys/{ids['owner']}", keys=developer)
    revoked = await app.call("DELETE", f"/keys/{ids['peer']}", keys=developer)

    assert (refused.status, revoked.status) == (403, 200)
    assert [await status(app, owner), await status(app, peer)] == [200, 401]


async def test_a_key_expires_no_later_than_the_key_that_created_it(app: TestApp):
    now = datetime.now(UTC)

    def after(hours: int) -> str:
        return (now + timedelta(hours=hours)).isoformat(timespec="milliseconds")

    key = with_secret(
        await app.call("POST", "/keys", json={"label": "x", "expires_at": after(hours=2)})
    )

    async def made(**asked: Any) -> Any:
        return (await app.call("POST", "/keys", keys=key, json={"label": "y", **asked})).json

    never, sooner = await made(), await made(expires_at=after(hours=1))
    late = await app.call(
        "POST", "/keys", keys=key, json={"label": "y", "expires_at": after(hours=3)}
    )

    assert [datetime.fromisoformat(each["expires_at"]) for each in (never, sooner)] == [
        datetime.fromisoformat(after(hours=2)),
        datetime.fromisoformat(after(hours=1)),
    ]
    assert (late.status, late.json["error"]["field"]) == (400, "expires_at")
