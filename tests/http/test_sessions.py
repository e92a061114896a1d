"""People sign in, work and sign out."""

from __future__ import annotations

import asyncio
from typing import Any

from paygate.core.domain.role import Role
from paygate.core.services.team import AddUser, add_user
from tests.harness.apps import Answer, TestApp

TEST_USER = {"email": "test@example.com", "password": "whatever"}
PASSWORD = "correct horse battery"


async def sign_in(app: TestApp, **body: Any) -> tuple[Answer, dict[str, str]]:
    answer = await app.call("POST", "/session", keys={}, json=body or TEST_USER)
    return answer, headers_of(answer) if answer.status == 200 else {}


def headers_of(answer: Answer) -> dict[str, str]:
    cookie = answer.headers["Set-Cookie"].partition(";")[0]
    return {"Cookie": cookie, "X-Csrf-Token": answer.json["csrf_token"]}


async def let_in(app: TestApp, email: str, role: Role = Role.OWNER) -> dict[str, str]:
    """The headers of a new user of the test merchant's."""
    merchant_id = await app.value("SELECT id FROM merchants LIMIT 1")
    await add_user(AddUser(merchant_id, email, role, PASSWORD), app.app.deps)
    _, session = await sign_in(app, email=email, password=PASSWORD)
    assert session
    return session


async def test_a_session_does_what_keys_do(app: TestApp):
    answer, session = await sign_in(app)
    shown = await app.call("GET", "/session", keys=session)
    order = await app.call("POST", "/orders", keys=session, json={"amount": 500})
    ended = await app.call("DELETE", "/session", keys=session)
    after = await app.call("GET", "/session", keys=session)

    assert (answer.status, shown.json, order.status) == (200, answer.json, 201)
    assert answer.json["user"]["role"] == "owner"
    assert answer.json["is_operator"] is True
    assert (ended.status, after.status) == (204, 401)


async def test_the_cookie_is_kept_from_scripts_and_other_sites(app: TestApp):
    answer, _ = await sign_in(app)
    parts = {part.strip() for part in answer.headers["Set-Cookie"].split(";")}

    assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= parts
    assert any(part.startswith("__Host-paygate=") for part in parts)
    assert not any(part.startswith("Domain") for part in parts)


async def test_the_database_does_not_hold_what_the_cookie_holds(app: TestApp):
    _, session = await sign_in(app)
    stored = await app.value("SELECT token_sha256 FROM sessions")
    cookie = session["Cookie"].partition("=")[2]
    stolen = await app.call("GET", "/session", keys={"Cookie": f"__Host-paygate={stored}"})

    assert cookie != stored
    assert stolen.status == 401


async def test_passwords_are_changed_and_all_other_sessions_end(app: TestApp):
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


async def test_of_two_password_changes_at_once_one_counts(app: TestApp):
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
