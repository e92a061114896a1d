"""What every client relies on, check by check: K1 to K20.

K18 is in ``test_retry_timetable.py``, which lives through the minute; K17 and K19 are
also in ``test_receivers.py``, with receivers in JavaScript.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import re
import signal
from datetime import UTC, datetime
from typing import Any

import pytest

from paygate import __version__
from tests.conformance.conftest import Gateway
from tests.harness.processes import Stack

pytestmark = pytest.mark.asyncio(loop_scope="module")

MERCHANT_ID = "550e8400-e29b-41d4-a716-446655440000"
ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
DENIED = {"error": {"code": "AUTHENTICATION_ERROR", "description": "Invalid API credentials"}}
OTHER = {"X-Api-Key": "key_other", "X-Api-Secret": "secret_other"}
ADD_OTHER = """
INSERT INTO merchants (name, email, api_key, api_secret)
VALUES ('Other', 'other@example.com', 'key_other', encode(sha256('secret_other'), 'hex'))
ON CONFLICT DO NOTHING
"""
SECRET = b"whsec_test_abc123"


def card(number: str, month: Any = "12", year: Any = "2035") -> dict[str, Any]:
    details = {"number": number, "expiry_month": month, "expiry_year": year, "cvv": "737"}
    return {"method": "card", "card": {**details, "holder_name": "John Doe"}}


async def test_k01_health(served: Gateway):
    answer = await served.call("GET", "/health", keys=None)

    assert answer.status == 200
    assert (answer.json["status"], answer.json["database"]) == ("healthy", "connected")
    assert ISO.fullmatch(answer.json["timestamp"])


async def test_k02_the_test_merchant(served: Gateway):
    answer = await served.call("GET", "/test/merchant", keys=None)

    assert answer.status == 200
    assert answer.json == {
        "id": MERCHANT_ID,
        "email": "test@example.com",
        "api_key": "key_test_abc123",
        "seeded": True,
    }


async def test_k03_an_order_is_created(served: Gateway):
    body = {
        "amount": 50_000,
        "currency": "INR",
        "receipt": "receipt_123",
        "notes": {"customer_name": "John Doe"},
    }
    answer = await served.call("POST", "/orders", json=body)

    assert answer.status == 201
    assert re.fullmatch(r"order_[A-Za-z0-9]{16}", answer.json["id"])
    assert {name: answer.json[name] for name in body} == body
    assert (answer.json["status"], answer.json["merchant_id"]) == ("created", MERCHANT_ID)
    assert ISO.fullmatch(answer.json["created_at"])


@pytest.mark.parametrize(
    "body", [{"amount": 99}, {"amount": 0}, {"amount": -1}, {"amount": "x"}, {}]
)
async def test_k04_a_bad_amount_is_400(served: Gateway, body: dict[str, Any]):
    answer = await served.call("POST", "/orders", json=body)

    assert (answer.status, answer.json["error"]["code"]) == (400, "BAD_REQUEST_ERROR")
    if isinstance(body.get("amount"), int):
        assert answer.json["error"]["description"] == "amount must be at least 100"


@pytest.mark.parametrize(
    "keys",
    [
        None,
        {"X-Api-Key": "key_test_abc123"},
        {"X-Api-Secret": "secret_test_xyz789"},
        {"X-Api-Key": "", "X-Api-Secret": ""},
        {"X-Api-Key": "key_test_abc123", "X-Api-Secret": "wrong"},
        {"X-Api-Key": "wrong", "X-Api-Secret": "secret_test_xyz789"},
    ],
)
async def test_k05_without_credentials_everything_is_401(served: Gateway, keys: Any):
    answers = [
        await served.call("POST", "/orders", keys=keys, json={"amount": 500}),
        await served.call("GET", "/payments", keys=keys),
        await served.call("GET", "/webhooks", keys=keys),
        await served.call("GET", "/refunds/rfnd_0000000000000000", keys=keys),
    ]

    assert [(answer.status, answer.json) for answer in answers] == [(401, DENIED)] * 4


async def test_k06_orders_are_shown_in_full_to_their_merchant_only(served: Gateway):
    order_id = await served.order()
    await served.sql(ADD_OTHER)
    own = await served.call("GET", f"/orders/{order_id}")
    missing = await served.call("GET", "/orders/order_0000000000000000")
    others = await served.call("GET", f"/orders/{order_id}", keys=OTHER)
    public = await served.call("GET", f"/orders/{order_id}/public", keys=None)

    assert (own.status, own.json["id"], "updated_at" in own.json) == (200, order_id, True)
    assert (missing.status, missing.json["error"]["code"]) == (404, "NOT_FOUND_ERROR")
    assert missing.json["error"]["description"] == "Order not found"
    assert (others.status, others.json) == (404, missing.json)
    assert public.json == {
        "id": order_id,
        "amount": 50_000,
        "currency": "INR",
        "status": "created",
    }


async def test_k07_a_upi_payment_is_pending_at_once(served: Gateway):
    await served.pay()
    order_id = await served.order(12_345)
    answers = [
        await served.pay(order_id if not number else None, amount=1, currency="USD", metadata={})
        for number in range(5)
    ]
    first = answers[0]

    assert {answer.status for answer in answers} == {201}
    assert re.fullmatch(r"pay_[A-Za-z0-9]{16}", first.json["id"])
    assert (first.json["amount"], first.json["currency"]) == (12_345, "INR")
    assert (first.json["order_id"], first.json["method"]) == (order_id, "upi")
    assert (first.json["vpa"], first.json["status"]) == ("a@paytm", "pending")
    # The processing takes a second; no answer waits for it.
    assert sorted(answer.took_s for answer in answers)[2] < 1


@pytest.mark.parametrize(
    ("number", "network"),
    [
        ("4111111111111111", "visa"),
        ("4111-1111 1111-1111", "visa"),
        ("5555555555554444", "mastercard"),
        ("378282246310005", "amex"),
        ("6011111111111117", "rupay"),
    ],
)
async def test_k08_a_card_shows_its_network_and_last_digits(
    served: Gateway, number: str, network: str
):
    answer = await served.pay(**card(number))
    digits = re.sub(r"\D", "", number)
    shown = [answer.body, (await served.call("GET", f"/payments/{answer.json['id']}")).body]
    columns = await served.sql(
        "SELECT to_jsonb(p)::text || to_jsonb(o)::text FROM payments p JOIN operations o "
        "ON o.payment_id = p.id"
    )
    kept = "".join(row[0] for row in columns) + "".join(text.decode() for text in shown)

    assert answer.status == 201
    assert (answer.json["card_network"], answer.json["card_last4"]) == (network, digits[-4:])
    assert "vpa" not in answer.json
    assert digits not in kept
    assert '"737"' not in kept


@pytest.mark.parametrize("vpa", ["user @paytm", "@paytm", "user@@bank", "user@", "user", ""])
async def test_k09_a_bad_vpa(served: Gateway, vpa: str):
    answer = await served.pay(vpa=vpa)

    assert (answer.status, answer.json["error"]["code"]) == (400, "INVALID_VPA")


async def test_k09_invalid_cards_are_refused(served: Gateway):
    today = datetime.now(UTC)
    junk = await served.pay(**card("1234567890123456"))
    expired = await served.pay(**card("4111111111111111", "01", "20"))
    month = await served.pay(**card("4111111111111111", "13", "2035"))
    now = await served.pay(**card("4111111111111111", today.month, today.year))
    short = await served.pay(**card("4111111111111111", str(today.month), str(today.year)[2:]))
    method = await served.pay(method="bitcoin")

    assert (junk.status, junk.json["error"]["code"]) == (400, "INVALID_CARD")
    assert (expired.status, expired.json["error"]["code"]) == (400, "EXPIRED_CARD")
    assert (month.status, month.json["error"]["code"]) == (400, "EXPIRED_CARD")
    assert (now.status, short.status) == (201, 201)
    assert (method.status, method.json["error"]["code"]) == (400, "BAD_REQUEST_ERROR")
    assert method.json["error"]["description"] == "Invalid payment method"


async def test_k10_it_succeeds_after_the_delay(served: Gateway):
    began = asyncio.get_running_loop().time()
    payment_id = (await served.pay()).json["id"]
    payment = await served.until(payment_id, "success")
    took_s = asyncio.get_running_loop().time() - began

    assert 1.0 <= took_s < 10
    assert (payment["error_code"], payment["captured"]) == (None, False)


async def test_k11_a_shopper_pays_without_credentials(served: Gateway):
    order_id = await served.order()
    body = {"order_id": order_id, "method": "upi", "vpa": "b@paytm"}
    created = await served.call("POST", "/payments/public", keys=None, json=body)
    path = f"/payments/{created.json['id']}/public"
    shown = await served.call("GET", path, keys=None)
    missing = await served.call("GET", "/payments/pay_0000000000000000/public", keys=None)

    assert (created.status, created.json["status"]) == (201, "pending")
    assert (shown.status, shown.json["id"]) == (200, created.json["id"])
    assert {"id", "order_id", "amount", "currency", "method", "status", "vpa"} <= set(shown.json)
    assert "merchant_id" not in shown.json
    assert missing.status == 404


async def test_k12_a_payment_is_captured_once(served: Gateway):
    payment_id = (await served.pay()).json["id"]
    early = await served.call("POST", f"/payments/{payment_id}/capture", json={"amount": 50_000})
    await served.until(payment_id, "success")
    first = await served.call("POST", f"/payments/{payment_id}/capture", json={"amount": 50_000})
    second = await served.call("POST", f"/payments/{payment_id}/capture", json={"amount": 50_000})
    stored = await served.sql("SELECT captured FROM payments WHERE id = $1", payment_id)

    assert early.status == 400
    assert early.json["error"]["description"] == "Payment not in capturable state"
    assert (first.status, first.json["status"], first.json["captured"]) == (200, "success", True)
    assert second.status == 400
    assert (await served.payment(payment_id))["captured"] is True
    assert stored[0]["captured"] is True


async def test_k13_refunds_in_parts_up_to_what_was_paid(served: Gateway):
    payment_id = (await served.pay()).json["id"]
    path = f"/payments/{payment_id}/refunds"
    early = await served.call("POST", path, json={"amount": 100})
    await served.until(payment_id, "success")
    began = datetime.now(UTC)
    first = await served.call("POST", path, json={"amount": 30_000, "reason": "one"})
    second = await served.call("POST", path, json={"amount": 20_000})
    third = await served.call("POST", path, json={"amount": 1})

    async def processed() -> Any:
        async with asyncio.timeout(60):
            while True:
                shown = await served.call("GET", f"/refunds/{first.json['id']}")
                if shown.json["status"] == "processed":
                    return shown.json
                assert shown.json["status"] == "pending"
                await asyncio.sleep(0.1)

    done = await processed()
    took_s = (datetime.fromisoformat(done["processed_at"]) - began).total_seconds()

    assert (early.status, early.json["error"]["code"]) == (400, "BAD_REQUEST_ERROR")
    assert re.fullmatch(r"rfnd_[A-Za-z0-9]{16}", first.json["id"])
    assert {name: first.json[name] for name in ("payment_id", "amount", "reason", "status")} == {
        "payment_id": payment_id,
        "amount": 30_000,
        "reason": "one",
        "status": "pending",
    }
    assert (second.status, third.status) == (201, 400)
    assert third.json["error"]["description"] == "Refund amount exceeds available amount"
    assert 3.0 <= took_s < 15


async def test_k14_a_key_makes_one_payment(served: Gateway):
    order_id, other_order = await served.order(), await served.order()
    await served.sql(ADD_OTHER)
    headers = {"Idempotency-Key": "conformance-1"}

    async def pay(order: str, **more: Any) -> Any:
        body = {"order_id": order, "method": "upi", "vpa": "a@paytm"}
        return await served.call("POST", "/payments", json=body, headers=headers, **more)

    first, again = await pay(order_id), await pay(order_id)
    other = await served.call("POST", "/orders", json={"amount": 100}, headers=headers, keys=OTHER)
    reused = await pay(other_order)
    await served.sql("UPDATE idempotency_keys SET expires_at = now() - interval '1 second'")
    expired = await pay(other_order)
    rows = await served.sql("SELECT count(*) FROM payments WHERE order_id = $1", order_id)

    assert (first.status, again.status, first.body) == (201, 201, again.body)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert rows[0][0] == 1
    assert other.status == 201
    assert (reused.status, reused.json["error"]["code"]) == (422, "IDEMPOTENCY_KEY_REUSED")
    assert (expired.status, expired.json["order_id"]) == (201, other_order)


async def test_k15_the_log_of_webhooks_and_a_manual_retry(served: Gateway):
    await served.webhooks_to(served.receiver.url)
    await served.paid()
    await served.until_sql(0, "SELECT count(*) FROM webhook_logs WHERE status = 'pending'")
    await served.webhooks_to(None)
    page = await served.call("GET", "/webhooks?limit=2&offset=1")
    row = page.json["data"][0]
    retried = await served.call("POST", f"/webhooks/{row['id']}/retry")
    reset = await served.sql(
        "SELECT attempts, status FROM webhook_logs WHERE id = $1::uuid", row["id"]
    )
    missing = await served.call("POST", f"/webhooks/{MERCHANT_ID}/retry")
    junk = await served.call("POST", "/webhooks/not-a-uuid/retry")

    assert set(page.json) >= {"data", "total", "limit", "offset"}
    assert (page.json["limit"], page.json["offset"], len(page.json["data"])) == (2, 1, 2)
    assert page.json["total"] >= 3
    assert {"id", "event", "status", "attempts", "created_at", "last_attempt_at",
            "response_code"} <= set(row)  # fmt: skip
    assert (retried.status, retried.json) == (
        200,
        {"id": row["id"], "status": "pending", "message": "Webhook retry scheduled"},
    )
    assert reset[0]["status"] in {"pending", "success"}
    assert reset[0]["attempts"] <= 1
    assert (missing.status, junk.status) == (404, 404)
    assert missing.json["error"]["description"] == "Webhook log not found"


async def test_k16_the_status_of_jobs(served: Gateway):
    answer = await served.call("GET", "/test/jobs/status", keys=None)

    assert set(answer.json) == {"pending", "processing", "completed", "failed", "worker_status"}
    counts = [answer.json[name] for name in ("pending", "processing", "completed", "failed")]
    assert all(type(count) is int for count in counts)
    assert answer.json["worker_status"] == "running"


async def test_k17_a_webhook_is_signed_over_its_bytes(served: Gateway):
    await served.receiver.read()
    await served.webhooks_to(served.receiver.url)
    before = len(await served.webhooks())
    payment_id = await served.paid()
    await served.until_sql(
        3, "SELECT count(*) FROM webhook_logs WHERE status = 'success' AND payment_id = $1",
        payment_id,
    )  # fmt: skip
    await served.webhooks_to(None)
    stored = await served.sql(
        "SELECT payload::text AS body FROM webhook_logs WHERE payment_id = $1", payment_id
    )

    assert all(log["valid"] for log in (await served.webhooks())[before:])
    for row in stored:
        compact = json.dumps(json.loads(row["body"]), separators=(",", ":"), ensure_ascii=False)
        signature = hmac.new(SECRET, row["body"].encode(), hashlib.sha256).hexdigest()
        assert hmac.new(SECRET, compact.encode(), hashlib.sha256).hexdigest() == signature


async def test_k18_the_retry_schedule_is_kept(served: Gateway):
    """See ``test_retry_timetable``; here, that the next try is stored and how far away it is."""
    await served.webhooks_to("http://127.0.0.1:9/nobody-listens")
    sent = await served.call("POST", "/webhooks/test")
    await served.until_sql(
        1, "SELECT attempts FROM webhook_logs WHERE id = $1::uuid", sent.json["id"]
    )
    await served.webhooks_to(None)
    (row,) = await served.sql(
        "SELECT status, response_code, next_retry_at - last_attempt_at AS wait "
        "FROM webhook_logs WHERE id = $1::uuid",
        sent.json["id"],
    )

    assert (row["status"], row["response_code"]) == ("pending", None)
    assert row["wait"].total_seconds() == pytest.approx(5, abs=1)


async def test_k19_without_an_address_nothing_is_logged(served: Gateway):
    await served.webhooks_to(None)
    payment_id = await served.paid()
    rows = await served.sql("SELECT count(*) FROM webhook_logs WHERE payment_id = $1", payment_id)

    assert rows[0][0] == 0


COLUMNS = {
    "merchants": """id:uuid name:character varying(255) email:character varying(255)
        api_key:character varying(64) api_secret:character varying(64) webhook_url:text
        webhook_secret:character varying(64) is_active:boolean
        created_at:timestamp updated_at:timestamp""",
    "orders": """id:character varying(64) merchant_id:uuid amount:bigint
        currency:character varying(3) receipt:character varying(255) notes:jsonb
        status:character varying(20) created_at:timestamp updated_at:timestamp""",
    "payments": """id:character varying(64) order_id:character varying(64) merchant_id:uuid
        amount:bigint currency:character varying(3) method:character varying(20)
        status:character varying(20) vpa:character varying(255)
        card_network:character varying(20) card_last4:character varying(4) captured:boolean
        error_code:character varying(50) error_description:text created_at:timestamp
        updated_at:timestamp""",
    "refunds": """id:character varying(64) payment_id:character varying(64) merchant_id:uuid
        amount:bigint reason:text status:character varying(20) created_at:timestamp
        processed_at:timestamp""",
    "webhook_logs": """id:uuid merchant_id:uuid event:character varying(50) payload:json
        status:character varying(20) attempts:integer last_attempt_at:timestamp
        next_retry_at:timestamp response_code:integer response_body:text created_at:timestamp""",
    "idempotency_keys": """key:character varying(255) merchant_id:uuid response:json
        created_at:timestamp expires_at:timestamp""",
}
TYPES = """
SELECT a.attname, format_type(a.atttypid, a.atttypmod) AS type FROM pg_attribute a
WHERE a.attrelid = $1::regclass AND a.attnum > 0 AND NOT a.attisdropped
"""
INDEXES = "SELECT indexdef FROM pg_indexes WHERE tablename = $1"


def wanted(table: str) -> dict[str, str]:
    pairs = re.findall(r"(\w+):([^:]+?)(?=\s+\w+:|$)", " ".join(COLUMNS[table].split()))
    return dict(pairs)


@pytest.mark.parametrize("table", COLUMNS)
async def test_k20_the_tables_have_their_columns(served: Gateway, table: str):
    found = {row["attname"]: row["type"] for row in await served.sql(TYPES, table)}

    for name, type in wanted(table).items():
        assert found[name].startswith(type), (table, name, found[name])


@pytest.mark.parametrize(
    ("table", "columns", "condition"),
    [
        # An index that begins with the column serves its searches too. None is on a status
        # alone: no statement searches for it, and every payment would be written to it twice.
        ("orders", "(merchant_id, ", ""),
        ("payments", "(order_id)", ""),
        ("payments", "(merchant_id, created_at, ", ""),
        ("refunds", "(payment_id)", ""),
        ("webhook_logs", "(merchant_id, ", ""),
        ("webhook_logs", "(next_retry_at)", "WHERE ((status)::text = 'pending'::text)"),
        ("idempotency_keys", "(key, merchant_id)", ""),
    ],
)
async def test_k20_the_tables_have_their_indexes(
    served: Gateway, table: str, columns: str, condition: str
):
    definitions = [row["indexdef"] for row in await served.sql(INDEXES, table)]

    assert any(f"btree {columns}" in each and condition in each for each in definitions)


async def test_k20_defaults_and_checks(served: Gateway):
    (row,) = await served.sql(
        "INSERT INTO merchants (name, email, api_key, api_secret) "
        "VALUES ('D', 'd@example.com', 'key_d', 'x') RETURNING *"
    )
    order = "INSERT INTO orders (id, merchant_id, amount) VALUES ($1, $2, $3) RETURNING *"
    (made,) = await served.sql(order, "order_by_sql_x00001", row["id"], 100)

    assert row["is_active"] is True
    assert row["webhook_url"] is None
    assert (made["currency"], made["status"]) == ("INR", "created")
    with pytest.raises(Exception, match="orders_amount_check"):
        await served.sql(order, "order_by_sql_x00002", row["id"], 99)


async def test_k20_rows_may_be_written_with_sql(served: Gateway):
    order_id = await served.order()
    (payment,) = await served.sql(
        "INSERT INTO payments (id, order_id, merchant_id, amount, method) "
        "VALUES ('pay_byHand0000000001', $1, $2::uuid, 500, 'upi') RETURNING *",
        order_id,
        MERCHANT_ID,
    )
    (refund,) = await served.sql(
        "INSERT INTO refunds (id, payment_id, merchant_id, amount) "
        "VALUES ('rfnd_byHand0000000001', $1, $2::uuid, 100) RETURNING *",
        payment["id"],
        MERCHANT_ID,
    )
    (key,) = await served.sql(
        "INSERT INTO idempotency_keys (key, merchant_id, response) "
        "VALUES ('by-hand', $1::uuid, '{}') RETURNING expires_at - created_at AS kept",
        MERCHANT_ID,
    )
    (log,) = await served.sql(
        "INSERT INTO webhook_logs (merchant_id, event, payload, next_retry_at) "
        "VALUES ($1::uuid, 'by.hand', '{}', now() + interval '1 hour') RETURNING *",
        MERCHANT_ID,
    )
    given_up = "UPDATE webhook_logs SET status = 'failed', attempts = 5 WHERE id = $1 RETURNING *"
    (after,) = await served.sql(given_up, log["id"])
    shown = await served.payment(payment["id"])

    assert (payment["status"], refund["status"], str(key["kept"])) == (
        "pending",
        "pending",
        "1 day, 0:00:00",
    )
    assert (log["status"], after["next_retry_at"]) == ("pending", None)
    assert (shown["id"], shown["status"]) == (payment["id"], "pending")


async def test_k16_without_a_worker_it_is_stopped(served: Gateway):
    """The last: it takes the worker away, and brings another."""
    stack: Stack = served.stack
    worker = stack.processes[-1]
    worker.send_signal(signal.SIGKILL)
    await worker.wait()
    async with asyncio.timeout(60):
        while True:
            answer = await served.call("GET", "/test/jobs/status", keys=None)
            if answer.json["worker_status"] == "stopped":
                break
            await asyncio.sleep(0.2)
    await stack.start("work")
    async with asyncio.timeout(60):
        while answer.json["worker_status"] != "running":
            await asyncio.sleep(0.2)
            answer = await served.call("GET", "/test/jobs/status", keys=None)

    assert (await served.call("GET", "/")).json["version"] == __version__
