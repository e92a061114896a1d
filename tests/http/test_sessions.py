"""People sign in, work and sign out."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import asyncpg
import pytest

from paygate.adapters.passwords import argon2
from paygate.core.accounts.model import Role
from paygate.core.accounts.team import AddUser, add_user
from tests.harness.apps import Answer, TestApp

TEST_USER = {"email": "test@example.com", "password": "whatever"}
PASSWORD = "correct horse battery"

WAITING = (
    "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    " AND datname = current_database()"
)


async def sign_in(app: TestApp, **body: Any) -> tuple[Answer, dict[str, str]]:
    answer = await app.call("POST", "/session", keys={}, json=body or TEST_USER)
    return answer, headers_of(answer) if answer.status == 200 else {}


def headers_of(answer: Answer) -> dict[str, str]:
    cookie = answer.headers["Set-Cookie"].partition(";")[0]
    return {"Cookie": cookie, "X-Csrf-Token": answer.json["csrf_token"]}


async def let_in(app: TestApp, email: str, role: Role = Role.OWNER) -> dict[str, str]:
    """Return the headers of a new user of the test merchant's."""
    merchant_id = await app.value("SELECT id FROM merchants LIMIT 1")
    await add_user(AddUser(merchant_id, email, role, PASSWORD), app.app.deps)
    _, session = await sign_in(app, email=email, password=PASSWORD)
    assert session
    return session


async def test_a_session_may_do_what_keys_may_do(app: TestApp):
    answer, session = await sign_in(app)
    shown = await app.call("GET", "/session", keys=session)
    order = await app.call("POST", "/orders", keys=session, json={"amount": 500})
    ended = await app.call("DELETE", "/session", keys=session)
    after = await app.call("GET", "/session", keys=session)

    assert (answer.status, shown.json, order.status) == (200, answer.json, 201)
    assert answer.json["user"]["role"] == "owner"
    assert answer.json["is_operator"] is True
    assert (ended.status, after.status) == (204, 401)


async def test_the_cookie_is_http_only_and_same_site(app: TestApp):
    answer, _ = await sign_in(app)
    parts = {part.strip() for part in answer.headers["Set-Cookie"].split(";")}

    assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= parts
    assert any(part.startswith("__Host-paygate=") for part in parts)
    assert not any(part.startswith("Domain") for part in parts)


async def test_the_database_stores_only_a_digest_of_the_cookie(app: TestApp):
    _, session = await sign_in(app)
    stored = await app.value("SELECT token_sha256 FROM sessions")
    cookie = session["Cookie"].partition("=")[2]
    stolen = await app.call("GET", "/session", keys={"Cookie": f"__Host-paygate={stored}"})

    assert cookie != stored
    assert stolen.status == 401


async def test_a_password_change_ends_all_other_sessions(app: TestApp):
    first = await let_in(app, "a@b.c")
    _, second = await sign_in(app, email="A@b.c", password=PASSWORD)
    body = {"current_password": PASSWORD, "new_password": "another good one"}
    changed = await app.call("PUT", "/session/password", keys=second, json=body)
    statuses = [
        (await app.call("GET", "/session", keys=each)).status
        for each in (first, second, headers_of(changed))
    ]
    old, _ = await sign_in(app, email="a@b.c", password=PASSWORD)
    new, _ = await sign_in(app, email="a@b.c", password="another good one")

    assert statuses == [401, 401, 200]
    assert (old.status, new.status) == (401, 200)


async def test_of_two_concurrent_password_changes_one_succeeds(app: TestApp):
    sessions = [await let_in(app, "a@b.c")]
    sessions.append((await sign_in(app, email="a@b.c", password=PASSWORD))[1])
    answers = await asyncio.gather(
        *(
            app.call(
                "PUT",
                "/session/password",
                keys=session,
                json={"current_password": PASSWORD, "new_password": f"new password {number}"},
            )
            for number, session in enumerate(sessions)
        )
    )
    entered = [
        (await sign_in(app, email="a@b.c", password=f"new password {number}"))[0].status
        for number in range(2)
    ]

    assert sorted(answer.status for answer in answers) in ([200, 400], [200, 401])
    assert entered == [200 if answer.status == 200 else 401 for answer in answers]
    assert await app.value("SELECT count(*) FROM sessions") == 2


async def test_a_change_needs_the_csrf_token_and_the_own_origin(app: TestApp):
    _, session = await sign_in(app)
    cookie = {"Cookie": session["Cookie"]}
    body = {"amount": 500}
    tries = [
        await app.call("POST", "/orders", keys=keys, json=body)
        for keys in (
            cookie,
            {**cookie, "X-Csrf-Token": "0" * 64},
            {**session, "Origin": "https://evil.example"},
            {**session, "Origin": "null"},
            {**session, "Origin": "http://localhost:3000"},
        )
    ]

    assert [answer.status for answer in tries] == [403, 403, 403, 403, 201]
    assert (await app.call("GET", "/orders", keys=cookie)).status == 200


@pytest.mark.parametrize("origin", ["http://[", "http://[::1", "http://]", "//["])
async def test_an_invalid_origin_counts_as_foreign(app: TestApp, origin: str):
    _, session = await sign_in(app)
    foreign = {"Origin": origin}
    login = {"email": "a@b.c", "password": "any"}

    assert (await app.call("POST", "/session", keys=foreign, json=login)).status == 403
    changed = await app.call("POST", "/orders", keys={**session, **foreign}, json={"amount": 500})
    assert changed.status == 403


async def test_only_the_origin_of_the_dashboard_may_use_the_cookie(app: TestApp):
    ours, foreign = [
        (await app.call("GET", "/health", keys={"Origin": origin})).headers
        for origin in ("http://localhost:3000", "https://evil.example")
    ]

    assert ours["Access-Control-Allow-Origin"] == "http://localhost:3000"
    assert ours["Access-Control-Allow-Credentials"] == "true"
    assert foreign["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in foreign


async def test_at_most_ten_concurrent_wrong_passwords_are_checked(
    app: TestApp, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(argon2, "ADMITTED_MAX", 25)
    await let_in(app, "a@b.c")
    answers = await asyncio.gather(
        *(sign_in(app, email="a@b.c", password=f"wrong {number}") for number in range(25))
    )
    right, _ = await sign_in(app, email="a@b.c", password=PASSWORD)

    assert {answer.status for answer, _ in answers} == {401}
    assert (right.status, right.body) == (401, answers[0][0].body)
    assert await app.value("SELECT tries FROM login_tries") == 26


async def test_of_many_concurrent_logins_a_few_are_verified_and_the_others_refused(
    app: TestApp, monkeypatch: pytest.MonkeyPatch
):
    """Each takes a core for a while, which payments need."""
    monkeypatch.setattr(argon2, "ADMITTED_MAX", 3)

    async def guess(number: int) -> Answer:
        answer, _ = await sign_in(app, email=f"user{number}@shop.example", password="wrong")
        return answer

    answers = await asyncio.gather(*(guess(number) for number in range(12)))
    again = await guess(12)

    statuses = Counter(answer.status for answer in answers)
    assert statuses.keys() == {401, 429}
    assert statuses[401] >= 3
    refused = next(answer for answer in answers if answer.status == 429)
    assert refused.headers["Retry-After"] == "1"
    assert again.status == 401


async def test_the_last_two_owners_cannot_be_demoted_concurrently(app: TestApp):
    _, session = await sign_in(app)
    await let_in(app, "a@b.c")
    team = (await app.call("GET", "/team", keys=session)).json["data"]
    answers = await asyncio.gather(
        *(app.call("PATCH", f"/team/{user['id']}", json={"role": "support"}) for user in team)
    )

    assert sorted(answer.status for answer in answers) == [200, 400]
    assert await app.value("SELECT count(*) FROM users WHERE role = 'owner'") == 1


async def test_a_demotion_waits_for_that_of_the_other_owner_and_is_refused(app: TestApp):
    _, session = await sign_in(app)
    await let_in(app, "a@b.c")
    one, two = (await app.call("GET", "/team", keys=session)).json["data"]
    async with app.app.storage.transaction() as other:
        await other.executor.fetch("UPDATE users SET role = 'support' WHERE id = $1", one["id"])
        asking = asyncio.create_task(
            app.call("PATCH", f"/team/{two['id']}", json={"role": "support"})
        )
        await app.until_value(1, WAITING)

    assert (await asking).status == 400
    assert await app.value("SELECT count(*) FROM users WHERE role = 'owner'") == 1


async def test_each_role_may_do_only_what_it_allows(app: TestApp):
    support = await let_in(app, "a@b.c", Role.SUPPORT)
    seen = await app.call("GET", "/orders", keys=support)
    refused = await app.call("POST", "/orders", keys=support, json={"amount": 500})

    assert (seen.status, refused.status) == (200, 403)
    assert refused.json["error"]["description"] == "This needs the role developer; yours is support"


async def test_the_audit_log_cannot_be_rewritten(app: TestApp):
    await sign_in(app)
    for sql in ("UPDATE audit_log SET action = 'x'", "DELETE FROM audit_log"):
        with pytest.raises(asyncpg.RestrictViolationError):
            await app.rows(sql)
