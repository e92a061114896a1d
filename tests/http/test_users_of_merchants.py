"""An owner neither learns of an address at another merchant nor keeps it from anyone."""

from __future__ import annotations

from typing import Any

import pytest

from paygate.core.limits import LOGIN_ATTEMPTS_MAX
from tests.harness.apps import KEYS, TestApp
from tests.harness.people import merchant_id

EMAIL = "asha@x.y"


async def other_merchant(app: TestApp) -> tuple[dict[str, str], str]:
    """Return the keys of another merchant, and its id."""
    made = (await app.call("POST", "/test/namespaces", keys=None)).json
    return {"X-Api-Key": made["api_key"], "X-Api-Secret": made["api_secret"]}, made["id"]


async def let_in(app: TestApp, keys: dict[str, str], email: str = EMAIL) -> Any:
    return await app.call("POST", "/team", keys=keys, json={"email": email, "role": "support"})


async def enter(app: TestApp, password: str, **more: Any) -> Any:
    body = {"email": EMAIL, "password": password, **more}
    return await app.call("POST", "/session", keys=None, json=body)


async def test_adding_a_user_does_not_reveal_users_of_other_merchants(app: TestApp):
    theirs, their_id = await other_merchant(app)
    await let_in(app, theirs)
    known, unknown = await let_in(app, KEYS), await let_in(app, KEYS, "nobody@x.y")
    again = await let_in(app, KEYS)
    team = [each["email"] for each in (await app.call("GET", "/team")).json["data"]]

    assert (known.status, unknown.status) == (201, 201)
    varying = ("id", "email", "password", "created_at")
    assert [
        {name: value for name, value in answer.json.items() if name not in varying}
        for answer in (known, unknown)
    ] == [
        {
            "role": "support",
            "is_active": True,
            "last_login_at": None,
            "merchant_id": str(await merchant_id(app)),
        }
    ] * 2
    # For the own team it is reported, once.
    assert again.status == 400
    assert team == ["test@example.com", EMAIL, "nobody@x.y"]
    assert their_id not in (known.body + again.body).decode()


async def test_each_signs_in_with_their_own_password_for_their_own_merchant(app: TestApp):
    first = (await let_in(app, KEYS)).json
    theirs, their_id = await other_merchant(app)
    second = (await let_in(app, theirs)).json
    own = str(await merchant_id(app))

    async def of(password: str, **more: Any) -> str | None:
        answer = await enter(app, password, **more)
        return answer.json["merchant"]["id"] if answer.status == 200 else None

    # Who was there first loses nothing by the second.
    assert await of(first["password"]) == own
    assert await of(first["password"], merchant_id=own) == own
    assert await of(second["password"], merchant_id=their_id) == their_id
    assert await of(second["password"]) is None
    assert await of(first["password"], merchant_id=their_id) is None
    # Where the first is gone, the second needs no id any more.
    await app.call("PATCH", f"/team/{first['id']}", json={"is_active": False})
    assert await of(second["password"]) == their_id


async def test_signing_in_at_another_merchant_does_not_reset_wrong_passwords(app: TestApp):
    victim = (await let_in(app, KEYS)).json
    theirs, their_id = await other_merchant(app)
    own = (await let_in(app, theirs)).json
    for _ in range(LOGIN_ATTEMPTS_MAX):
        assert (await enter(app, "wrong wrong wrong")).status == 401
        assert (await enter(app, own["password"], merchant_id=their_id)).status == 200

    assert (await enter(app, victim["password"])).status == 401
    assert await app.value("SELECT max(tries) FROM login_tries") == LOGIN_ATTEMPTS_MAX + 1


@pytest.mark.parametrize("id", ["", "x", 5, "00000000000000000000000000000000"])
async def test_an_invalid_merchant_id_names_the_field(app: TestApp, id: Any):
    answer = await enter(app, "any password", merchant_id=id)

    assert (answer.status, answer.json["error"]["field"]) == (400, "merchant_id")
