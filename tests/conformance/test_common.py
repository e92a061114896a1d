"""What every client relies on, clause by clause: K1 to K20.

``paygate grade`` checks the same clauses against other gateways; what follows them here needs the
database or a process. K18 is also in ``test_retry_timetable.py``, which lives through the minute;
K17 and K19 are also in ``test_receivers.py``, with receivers in JavaScript.
"""

from __future__ import annotations

import asyncio
import re
import secrets
import signal
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio

from paygate import __version__
from paygate.grade.case import Clause
from paygate.grade.clauses import CLAUSES
from paygate.grade.gateway import Keys, Target
from paygate.grade.matching import rewritten_by_javascript
from paygate.grade.report import Verdict
from paygate.grade.run import GradeOptions, grade
from tests.conformance.conftest import PATIENCE_S, Gateway
from tests.harness.apps import KEYS
from tests.harness.processes import Stack

pytestmark = pytest.mark.asyncio(loop_scope="module")

MERCHANT_ID = "550e8400-e29b-41d4-a716-446655440000"
OTHER = {"X-Api-Key": "key_other", "X-Api-Secret": "secret_other"}
ADD_OTHER = """
INSERT INTO merchants (name, email, api_key, api_secret)
VALUES ('Other', 'other@example.com', 'key_other', encode(sha256('secret_other'), 'hex'))
ON CONFLICT DO NOTHING
"""


def card(number: str, month: Any = "12", year: Any = "2035") -> dict[str, Any]:
    details = {"number": number, "expiry_month": month, "expiry_year": year, "cvv": "737"}
    return {"method": "card", "card": {**details, "holder_name": "John Doe"}}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def target(served: Gateway) -> Target:
    """The gateway as ``paygate grade`` sees it, with the keys of two merchants."""
    await served.sql(ADD_OTHER)
    own, other = (
        Keys(shown, keys["X-Api-Key"], keys["X-Api-Secret"])
        for shown, keys in (("with own keys", KEYS), ("with other keys", OTHER))
    )
    return Target(served.base, own, other, timedelta(seconds=PATIENCE_S), secrets.token_hex(8))


@pytest.mark.parametrize(
    "clause", [each for each in CLAUSES if each.check is not None], ids=lambda each: each.id
)
async def test_a_clause_of_the_common_contract_is_kept(target: Target, clause: Clause):
    report = await grade(target, GradeOptions([clause]))
    (result,) = report.results
    # The timetable takes a minute, and a gateway in which payments succeed shows no failure.
    elsewhere = {"K10": "a payment that fails", "K18": "the attempts after the second one"}
    parts = [part for part in result.not_checked if part not in clause.unseen]

    assert result.verdict is Verdict.PASSED, report.as_text()
    assert [part.partition(":")[0] for part in parts] == [
        part for id, part in elsewhere.items() if id == clause.id
    ]


async def test_a_refusal_has_the_sentence_that_clients_show(served: Gateway):
    payment_id = (await served.pay()).json["id"]
    early = await served.call("POST", f"/payments/{payment_id}/capture", json={})
    paid_id = await served.paid()
    answers = [
        await served.call("POST", "/orders", json={"amount": 99}),
        await served.call("GET", "/orders/order_0000000000000000"),
        await served.pay(method="bitcoin"),
        early,
        await served.call("POST", f"/payments/{paid_id}/refunds", json={"amount": 50_001}),
        await served.call("POST", f"/webhooks/{MERCHANT_ID}/retry"),
    ]

    assert [answer.json["error"]["description"] for answer in answers] == [
        "amount must be at least 100",
        "Order not found",
        "Invalid payment method",
        "Payment not in capturable state",
        "Refund amount exceeds available amount",
        "Webhook log not found",
    ]


async def test_k08_no_table_has_the_card(served: Gateway):
    await served.pay(**card("4111-1111 1111-1111"))
    columns = await served.sql(
        "SELECT to_jsonb(p)::text || to_jsonb(o)::text FROM payments p JOIN operations o "
        "ON o.payment_id = p.id"
    )
    kept = "".join(row[0] for row in columns)

    assert columns
    assert "4111111111111111" not in kept
    assert '"737"' not in kept


async def test_k09_a_thirteenth_month_has_expired(served: Gateway):
    answer = await served.pay(**card("4111111111111111", "13", "2035"))

    assert (answer.status, answer.json["error"]["code"]) == (400, "EXPIRED_CARD")


async def test_k10_a_payment_succeeds_after_the_delay_of_the_settings(served: Gateway):
    began = asyncio.get_running_loop().time()
    await served.paid()

    assert asyncio.get_running_loop().time() - began >= 1.0


async def test_k12_a_capture_is_stored(served: Gateway):
    payment_id = await served.paid()
    await served.call("POST", f"/payments/{payment_id}/capture", json={"amount": 50_000})
    stored = await served.sql("SELECT captured FROM payments WHERE id = $1", payment_id)

    assert stored[0]["captured"] is True


async def test_k13_a_refund_takes_three_seconds(served: Gateway):
    payment_id = await served.paid()
    began = datetime.now(UTC)
    made = await served.call("POST", f"/payments/{payment_id}/refunds", json={"amount": 100})
    async with asyncio.timeout(PATIENCE_S):
        while True:
            shown = await served.call("GET", f"/refunds/{made.json['id']}")
            if shown.json["status"] == "processed":
                break
            await asyncio.sleep(0.1)

    took_s = (datetime.fromisoformat(shown.json["processed_at"]) - began).total_seconds()
    assert 3.0 <= took_s < 15


async def test_k14_an_expired_key_is_used_again(served: Gateway):
    order_id, other_order = await served.order(), await served.order()
    headers = {"Idempotency-Key": "conformance-1"}

    async def pay(order: str) -> Any:
        body = {"order_id": order, "method": "upi", "vpa": "a@paytm"}
        return await served.call("POST", "/payments", json=body, headers=headers)

    await pay(order_id)
    await pay(order_id)
    await served.sql("UPDATE idempotency_keys SET expires_at = now() - interval '1 second'")
    expired = await pay(other_order)
    rows = await served.sql("SELECT count(*) FROM payments WHERE order_id = $1", order_id)

    assert rows[0][0] == 1
    assert (expired.status, expired.json["order_id"]) == (201, other_order)


async def test_k15_a_manual_retry_is_stored(served: Gateway):
    await served.webhooks_to(served.receiver.url)
    payment_id = await served.paid()
    of_it = "SELECT count(*) FROM webhook_logs WHERE status = 'success' AND payment_id = $1"
    await served.until_sql(3, of_it, payment_id)
    (row,) = await served.sql(
        "UPDATE webhook_logs SET attempts = 4 WHERE payment_id = $1 AND event = 'payment.success' "
        "RETURNING id::text",
        payment_id,
    )
    await served.call("POST", f"/webhooks/{row['id']}/retry")
    await served.until_sql(3, of_it, payment_id)
    await served.webhooks_to(None)
    (reset,) = await served.sql(
        "SELECT attempts, status FROM webhook_logs WHERE id = $1::uuid", row["id"]
    )

    assert (reset["attempts"], reset["status"]) == (1, "success")


async def test_k17_the_stored_body_is_signed_as_the_sample_receiver_verifies(served: Gateway):
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
        assert rewritten_by_javascript(row["body"].encode()) == row["body"].encode()


async def test_k18_the_retry_schedule_is_stored(served: Gateway):
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


async def test_k19_without_an_address_no_row_is_stored(served: Gateway):
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
    yen = order.replace("(id,", "(currency, id,").replace("VALUES (", "VALUES ('JPY', ")
    await served.sql(yen, "order_by_sql_x00003", row["id"], 1)
    with pytest.raises(Exception, match="orders_amount_check"):
        await served.sql(yen, "order_by_sql_x00004", row["id"], 0)


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
