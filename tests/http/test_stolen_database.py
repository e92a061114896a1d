"""Nothing in a stolen database can be used to sign in."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from paygate import Endpoint
from paygate.core.accounts.model import Role
from paygate.core.accounts.team import AddUser, add_user
from tests.harness.apps import KEYS, Answer, TestApp
from tests.harness.fakes import Fakes
from tests.harness.people import a_key, a_user, merchant_id, signed_in

COLUMNS = """
SELECT table_name, column_name FROM information_schema.columns
WHERE table_schema = 'public'
    AND data_type IN ('text', 'character varying', 'jsonb', 'json', 'uuid')
"""
EMAIL, PASSWORD = "asha@x.y", "a password to be guessed"


def texts(value: Any) -> Iterator[str]:
    """Return the value and every text in it."""
    if isinstance(value, str):
        yield value
        if value[:1] in {"{", "["}:
            yield from texts(json.loads(value))
    elif isinstance(value, Mapping):
        yield from (text for each in value.items() for part in each for text in texts(part))
    elif isinstance(value, list):
        yield from (text for each in value for text in texts(each))


async def dump(app: TestApp) -> set[str]:
    """Return the texts in a dump of the database, each once."""
    found: set[str] = set()
    for column in await app.rows(COLUMNS):
        table, name = column["table_name"], column["column_name"]
        for row in await app.rows(f'SELECT "{name}"::text AS text FROM "{table}"'):
            found |= {text for text in texts(row["text"]) if "\0" not in text}
    return found - {""}


async def everything_secret(app: TestApp, fakes: Fakes) -> dict[str, Mapping[str, str]]:
    """Return every kind of caller, with its headers."""
    await add_user(AddUser(await merchant_id(app), EMAIL, Role.OWNER, PASSWORD), app.app.deps)
    await app.call("POST", "/webhook-endpoints", json={"url": "http://localhost:9/x"})
    await app.webhook_url()
    await app.paid(secret="1234 5678")
    entered = await app.call("POST", "/session", json={"email": EMAIL, "password": PASSWORD})
    assert entered.status == 200
    namespace = (await app.call("POST", "/test/namespaces", keys=None)).json
    theirs = {"X-Api-Key": namespace["api_key"], "X-Api-Secret": namespace["api_secret"]}
    session = await signed_in(app, await a_user(app, "b@x.y", Role.OWNER))
    return {"pair": KEYS, "namespace": theirs, "key": await a_key(app, Role.OWNER), "page": session}


async def test_a_database_dump_contains_no_secret_cookie_or_password(app: TestApp, fakes: Fakes):
    callers = await everything_secret(app, fakes)
    stolen = await dump(app)
    public = {each["X-Api-Key"] for each in callers.values() if "X-Api-Key" in each}
    heads = [head for head in stolen if head.isascii() and head.isprintable()]

    for text in heads:
        for key in public:
            answer = await app.call("GET", "/keys", keys={"X-Api-Key": key, "X-Api-Secret": text})
            assert answer.status == 401, (key, text)
        cookie = await app.call("GET", "/keys", keys={"Cookie": f"__Host-paygate={text}"})
        assert cookie.status == 401, text
    for text in stolen:
        await app.rows("DELETE FROM login_tries")
        typed = {"email": EMAIL, "password": text[:256]}
        assert (await app.call("POST", "/session", keys=None, json=typed)).status == 401, text

    assert len(heads) > 60
    assert public < stolen, "the public halves are there, or nothing was tried"
    for caller, headers in callers.items():
        assert (await app.call("GET", "/keys", keys=headers)).status == 200, caller
    await app.rows("DELETE FROM login_tries")
    right = {"email": EMAIL, "password": PASSWORD}
    assert (await app.call("POST", "/session", keys=None, json=right)).status == 200


async def test_every_way_to_set_the_default_endpoints_secret_encrypts_it(
    app: TestApp, fakes: Fakes
):
    """The seed, an address, a merchant's own choice, rotations and namespaces."""

    async def secret() -> str:
        return str((await app.call("GET", "/merchant/config")).json["webhook_secret"])

    async def signs() -> tuple[str | None, str | None]:
        seen: list[Endpoint] = []
        fakes.sink.before_answer = lambda _, to: seen.append(to)
        await app.call("POST", "/webhooks/test", json={})
        async with app.working():
            await app.until_value(0, "SELECT count(*) FROM webhook_logs WHERE status = 'pending'")
        return seen[-1].secret, seen[-1].previous_secret

    seeded = await secret()
    await app.webhook_url()
    first = await signs()
    answer = await app.call("PATCH", "/merchant/webhook", json={"webhook_secret": "chosen_by_us"})
    chosen = await signs()
    made = (await app.call("POST", "/merchant/webhook/regenerate")).json["webhook_secret"]
    during = await signs()
    endpoint = str(await merchant_id(app))
    rotated = (await app.call("POST", f"/webhook-endpoints/{endpoint}/rotate")).json["secret"]
    after = await signs()
    namespace = (await app.call("POST", "/test/namespaces", keys=None)).json
    hint = (await app.call("GET", f"/webhook-endpoints/{endpoint}")).json["secret_hint"]
    stolen = "\n".join(await dump(app))

    assert seeded == "whsec_test_abc123"
    assert first == (seeded, None)
    assert answer.json["webhook_secret"] == "chosen_by_us"
    # A secret that was chosen is the only one; one that was made has the one before beside it.
    assert (chosen, during, after) == (
        ("chosen_by_us", None),
        (made, "chosen_by_us"),
        (rotated, made),
    )
    assert (await secret(), hint) == (rotated, f"…{rotated[-4:]}")
    for each in (seeded, "chosen_by_us", made, rotated, namespace["webhook_secret"]):
        assert each not in stolen


async def test_a_webhook_secret_written_by_sql_is_used_and_shown(app: TestApp, fakes: Fakes):
    await app.webhook_url()
    await app.call("POST", "/merchant/webhook/regenerate")
    await app.rows("UPDATE merchants SET webhook_secret = 'whsec_by_sql'")
    shown = (await app.call("GET", "/merchant/config")).json["webhook_secret"]
    left = await app.rows("SELECT webhook_sealed, webhook_previous_sealed FROM merchants")
    endpoint = f"/webhook-endpoints/{await merchant_id(app)}"
    hint = (await app.call("GET", endpoint)).json["secret_hint"]
    # Another address leaves it alone.
    await app.webhook_url("http://localhost:9/other")
    kept = (await app.call("GET", "/merchant/config")).json["webhook_secret"]
    made = (await app.call("POST", "/merchant/webhook/regenerate")).json["webhook_secret"]
    stored = await app.rows("SELECT webhook_secret, webhook_previous_secret FROM merchants")

    assert shown == kept == "whsec_by_sql"
    assert [tuple(row.values()) for row in left] == [(None, None)]
    assert hint == "…_sql"
    assert made != "whsec_by_sql"
    # It was in clear, and signs beside the new one for a day.
    assert [tuple(row.values()) for row in stored] == [(None, "whsec_by_sql")]


async def test_secrets_are_long_and_stored_as_digests(app: TestApp):
    made = [(await app.call("POST", "/keys", json={"label": "x"})).json for _ in range(20)]
    secrets = {each["secret"].removeprefix("secret_") for each in made}
    stolen = await dump(app)

    assert len(secrets) == 20
    # 43 characters of 64 kinds are 256 bits.
    assert {len(secret) for secret in secrets} == {43}
    assert not stolen & {each["secret"] for each in made}
    assert {each["secret"][-4:] for each in made} <= stolen


async def test_stored_responses_are_encrypted_and_replayed_byte_by_byte(app: TestApp):
    async def ask(key: str, path: str, body: Any = None) -> Answer:
        sent = {"json": body} if body else {}
        return await app.call("POST", path, headers={"Idempotency-Key": key}, **sent)

    requests = [("order", "/orders", {"amount": 50_000}), ("new", "/merchant/webhook/regenerate")]
    first = [await ask(*request) for request in requests]
    order, endpoint = (answer.json for answer in first)
    stored = "\n".join(row["text"] for row in await app.rows(
        "SELECT to_jsonb(idempotency_keys)::text AS text FROM idempotency_keys"
    ))  # fmt: skip

    assert stored.count("v2.") == 2
    assert order["client_secret"] not in stored
    assert endpoint["webhook_secret"] not in stored
    assert [(await ask(*request)).body for request in requests] == [each.body for each in first]


async def test_a_response_stored_in_clear_by_an_earlier_version_is_replayed(app: TestApp):
    headers = {"Idempotency-Key": "k"}
    answer = await app.call("POST", "/orders", headers=headers, json={"amount": 50_000})
    body = answer.body.decode()
    await app.rows("UPDATE idempotency_keys SET response = $1::text::json", body)

    again = await app.call("POST", "/orders", headers=headers, json={"amount": 50_000})
    assert (again.body, again.headers["Idempotent-Replayed"]) == (answer.body, "true")


async def test_a_secret_in_clear_works_and_its_digest_does_not(app: TestApp):
    """SQL that creates merchants writes the secret in clear, as promised."""
    await app.rows(
        "INSERT INTO merchants (name, email, api_key, api_secret) "
        "VALUES ('O', 'o@x.y', 'key_o', 'in clear')"
    )
    for key, secret, status in (
        ("key_o", "in clear", 200),
        ("key_test_abc123", "secret_test_xyz789", 200),
        ("key_test_abc123", await app.value("SELECT api_secret FROM merchants LIMIT 1"), 401),
    ):
        headers = {"X-Api-Key": key, "X-Api-Secret": secret}
        assert (await app.call("GET", "/orders", keys=headers)).status == status


async def test_sealed_secrets_of_two_endpoints_cannot_be_exchanged(app: TestApp, fakes: Fakes):
    made = [
        (await app.call("POST", "/webhook-endpoints", json={"url": f"http://localhost:9/{n}"})).json
        for n in range(2)
    ]
    swap = (
        "UPDATE webhook_endpoints a SET sealed = b.sealed "
        "FROM webhook_endpoints b WHERE a.id <> b.id"
    )
    await app.rows(swap)
    for each in made:
        await app.call("POST", f"/webhook-endpoints/{each['id']}/test")

    async with app.working():
        await app.until_value(2, "SELECT count(*) FROM webhook_logs WHERE last_error IS NOT NULL")
        assert fakes.sink.delivered == []
        await app.rows(swap)
        await app.rows("UPDATE webhook_logs SET next_retry_at = now() - interval '1 s'")
        await app.until_value(2, "SELECT count(*) FROM webhook_logs WHERE status = 'success'")


async def test_read_only_roles_see_no_secret(app: TestApp):
    seen = {
        role: (await app.call("GET", "/merchant/config", keys=await a_key(app, role))).json
        for role in Role
    }
    secrets = {
        role: (each["webhook_secret"], each["data"]["secret"]) for role, each in seen.items()
    }

    assert secrets[Role.READ_ONLY] == secrets[Role.SUPPORT] == (None, None)
    assert secrets[Role.DEVELOPER] == secrets[Role.OWNER] == ("whsec_test_abc123",) * 2
