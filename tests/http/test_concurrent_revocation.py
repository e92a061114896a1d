"""A request has no effect if its caller loses the right while it waits."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from paygate.core.accounts.authenticate import secret_digest
from paygate.core.accounts.model import Role, User
from tests.harness.apps import KEYS, TestApp
from tests.harness.patience import PATIENCE_S
from tests.harness.people import a_user, merchant_id, signed_in

WAITING = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND wait_event_type = 'Lock'
"""
# Everything that could keep access, or remove the access of others.
KEPT = """
SELECT (SELECT count(*) FROM users), (SELECT count(*) FROM api_keys WHERE revoked_at IS NULL),
    (SELECT count(*) FROM webhook_endpoints),
    (SELECT string_agg(email || role || is_active || password_hash, ' ' ORDER BY id)
        FROM users WHERE email <> 'thief@x.y'),
    api_secret, webhook_sealed, webhook_url, allowed_origins
FROM merchants WHERE id = $1
"""

Take = Callable[[Any], Awaitable[object]]


async def meanwhile(
    app: TestApp, take: Take, method: str, path: str, keys: Mapping[str, str], body: Any
) -> tuple[int, bool]:
    """Send a request that waits for the removal of a right; return the response, and whether it did
    nothing."""
    merchant, late = await merchant_id(app), None
    async with app.app.deps.storage.transaction() as storage:
        await take(storage)
        late = asyncio.create_task(app.call(method, path, keys=keys, json=body))
        async with asyncio.timeout(PATIENCE_S):
            while not late.done() and not await app.value(WAITING):
                await asyncio.sleep(0.01)
        [before] = await storage.executor.fetch(KEPT, merchant)
    status = (await late).status
    [after] = await app.rows(KEPT, merchant)
    return status, dict(before) == dict(after)


ASKED: list[tuple[str, str, Any]] = [
    ("POST", "/team/{other}/password", {}),
    ("PATCH", "/team/{other}", {"is_active": False}),
    ("POST", "/team", {"email": "more@x.y", "role": "owner"}),
    ("POST", "/keys", {"label": "more", "role": "owner"}),
    ("POST", "/keys/root/rotate", {"grace_seconds": 0}),
    ("POST", "/webhook-endpoints", {"url": "https://thief.example"}),
    ("POST", "/webhook-endpoints/{merchant}/rotate", {}),
    ("PATCH", "/webhook-endpoints/{merchant}", {"url": "https://thief.example"}),
    ("PATCH", "/merchant/webhook", {"webhook_url": "https://thief.example"}),
    ("POST", "/merchant/webhook/regenerate", {}),
    ("PATCH", "/merchant", {"allowed_origins": ["https://thief.example"]}),
]


async def two_owners(app: TestApp) -> tuple[User, User]:
    return await a_user(app, "thief@x.y", Role.OWNER), await a_user(app, "other@x.y", Role.OWNER)


@pytest.mark.parametrize(("method", "path", "body"), ASKED)
@pytest.mark.parametrize("way", ["switched off", "demoted", "signed out"])
async def test_a_change_is_refused_if_its_user_loses_the_right_meanwhile(
    app: TestApp, method: str, path: str, body: Any, way: str
):
    thief, other = await two_owners(app)
    session, merchant = await signed_in(app, thief), await merchant_id(app)
    at = app.app.deps.clock.now()

    async def take(storage: Any) -> None:
        await storage.users.lock_owners(merchant)
        if way == "demoted":
            await storage.users.update(thief.id, role=Role.SUPPORT, is_active=True, at=at)
        elif way == "switched off":
            await storage.users.update(thief.id, role=Role.OWNER, is_active=False, at=at)
        else:
            # Their password was changed: a stolen session ends with it.
            await storage.users.set_password(thief.id, "another", instead_of=None, at=at)
            await storage.sessions.end_all(thief.id)

    asked = path.format(other=other.id, merchant=merchant)
    wanted = 403 if way == "demoted" else 401
    assert await meanwhile(app, take, method, asked, session, body) == (wanted, True)


@pytest.mark.parametrize(("method", "path", "body"), ASKED)
async def test_a_change_is_refused_if_its_secret_is_rotated_meanwhile(
    app: TestApp, method: str, path: str, body: Any
):
    _, other = await two_owners(app)
    merchant = await merchant_id(app)

    async def take(storage: Any) -> None:
        await storage.merchants.rotate_key_pair(
            merchant,
            secret_sha256=secret_digest("fresh"),
            grace=timedelta(0),
            at=app.app.deps.clock.now(),
        )

    asked = path.format(other=other.id, merchant=merchant)
    assert await meanwhile(app, take, method, asked, KEYS, body) == (401, True)


@pytest.mark.parametrize(("method", "path", "body"), ASKED)
async def test_a_change_is_refused_if_its_key_is_revoked_meanwhile(
    app: TestApp, method: str, path: str, body: Any
):
    thief, other = await two_owners(app)
    session = await signed_in(app, thief)
    made = await app.call("POST", "/keys", keys=session, json={"label": "x", "role": "owner"})
    key = {"X-Api-Key": made.json["key"], "X-Api-Secret": made.json["secret"]}
    merchant = await merchant_id(app)

    async def take(storage: Any) -> None:
        await storage.api_keys.revoke(
            UUID(made.json["id"]), merchant_id=merchant, at=app.app.deps.clock.now()
        )

    asked = path.format(other=other.id, merchant=merchant)
    assert await meanwhile(app, take, method, asked, key, body) == (401, True)


async def test_of_two_owners_who_deactivate_each_other_one_stays(app: TestApp):
    for _ in range(3):
        one, two = await two_owners(app)
        sessions = [await signed_in(app, each) for each in (one, two)]
        answers = await asyncio.gather(
            app.call("PATCH", f"/team/{two.id}", keys=sessions[0], json={"is_active": False}),
            app.call("PATCH", f"/team/{one.id}", keys=sessions[1], json={"is_active": False}),
        )
        assert sorted(answer.status for answer in answers) == [200, 401]
        await app.rows("DELETE FROM sessions")
        await app.rows("DELETE FROM users WHERE email IN ('thief@x.y', 'other@x.y')")
