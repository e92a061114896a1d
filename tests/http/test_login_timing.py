"""The duration of a refusal does not reveal which accounts exist."""

from __future__ import annotations

import time
from statistics import median

import pytest

from paygate.core.accounts.model import Role
from paygate.core.accounts.team import AddUser, add_user
from tests.harness.apps import TestApp
from tests.harness.people import a_user, merchant_id

ROUNDS = 25
KNOWN, OFF = "asha@x.y", "off@x.y"


@pytest.mark.parametrize("other", [KNOWN, OFF])
async def test_refusing_an_unknown_account_takes_as_long_as_a_known_one(app: TestApp, other: str):
    await add_user(
        AddUser(await merchant_id(app), KNOWN, Role.OWNER, "a right password"), app.app.deps
    )
    await a_user(app, OFF, Role.OWNER)
    await app.rows("UPDATE users SET is_active = false WHERE email = $1", OFF)
    took_s: dict[str, list[float]] = {other: [], "nobody@x.y": []}

    # In turns, so that whatever else the machine does is in both.
    for _ in range(ROUNDS):
        await app.rows("DELETE FROM login_tries")
        for email, took in took_s.items():
            typed = {"email": email, "password": "a wrong password"}
            began_s = time.process_time()
            answer = await app.call("POST", "/session", keys=None, json=typed)
            took.append(time.process_time() - began_s)
            assert answer.status == 401
    known_s, unknown_s = map(median, took_s.values())

    # A hash that is left out is nine tenths of it; `bench/sign_in.py` tells the difference.
    assert abs(known_s - unknown_s) < 0.3 * unknown_s, (known_s, unknown_s)


async def test_refusing_a_locked_account_takes_as_long_as_any_other(app: TestApp):
    """Tries are counted for each user by itself, and for an address that none has.

    Where a locked one is refused at once, a stranger locks the address that none of a made-up
    merchant has, tries it without a merchant, and sees whether that is the same count.
    """
    took_s: dict[str, list[float]] = {"locked@x.y": [], "free@x.y": []}
    for _ in range(ROUNDS):
        await app.rows("DELETE FROM login_tries")
        for email, took in took_s.items():
            typed = {"email": email, "password": "a wrong password"}
            if email.startswith("locked"):
                assert (await app.call("POST", "/session", keys=None, json=typed)).status == 401
                await app.rows(
                    "UPDATE login_tries SET tries = 10, "
                    "locked_until = clock_timestamp() + interval '1 hour'"
                )
            began_s = time.process_time()
            answer = await app.call("POST", "/session", keys=None, json=typed)
            took.append(time.process_time() - began_s)
            assert answer.status == 401
    locked_s, free_s = map(median, took_s.values())

    assert abs(locked_s - free_s) < 0.3 * free_s, (locked_s, free_s)
