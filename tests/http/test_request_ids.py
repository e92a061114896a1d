"""Every response has an ``X-Request-Id``."""

from __future__ import annotations

import asyncio
import logging
import re

import pytest

from paygate.core.ids import REQUEST_ID
from tests.harness.apps import KEYS, Answer, TestApp

NEW = re.compile(r"req_[A-Za-z0-9]{16}")


async def answered(app: TestApp, method: str, path: str, **headers: str) -> tuple[int, str]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    answer = await app.client.open(path, method=method, headers=named)
    return answer.status_code, answer.headers["X-Request-Id"]


async def test_every_response_has_an_id_whatever_its_status(app: TestApp):
    seen = [
        await answered(app, "GET", "/health"),
        await answered(app, "GET", "/api/v1/payments", **KEYS),
        await answered(app, "GET", "/api/v1/payments"),
        await answered(app, "GET", "/api/v1/none", **KEYS),
        await answered(app, "DELETE", "/api/v1/orders", **KEYS),
        await answered(app, "POST", "/api/v1/orders", **KEYS),
        await answered(app, "OPTIONS", "/api/v1/orders", Origin="http://localhost:5173"),
        await answered(app, "GET", "/checkout.js"),
    ]

    assert [status for status, _ in seen] == [200, 200, 401, 404, 405, 400, 204, 200]
    assert all(NEW.fullmatch(id) for _, id in seen)
    assert len({id for _, id in seen}) == len(seen)


@pytest.mark.parametrize(
    "sent", ["a", "7c1f4f6e-0b0a-4a8e-9c55-2f4d1f4e5a10", "Root=1-67:x/y", "x" * 128]
)
async def test_an_id_that_was_sent_is_returned(app: TestApp, sent: str):
    assert await answered(app, "GET", "/api/v1/payments", **KEYS, X_Request_Id=sent) == (200, sent)
    assert await answered(app, "GET", "/api/v1/payments", X_Request_Id=sent) == (401, sent)


@pytest.mark.parametrize("sent", ["", " ", "-a", "a b", "a;b", "é", "<b>", "x" * 129])
async def test_an_unusable_id_is_replaced(app: TestApp, sent: str):
    _, id = await answered(app, "GET", "/health", X_Request_Id=sent)

    assert NEW.fullmatch(id)


async def test_log_lines_of_concurrent_requests_have_their_ids(app: TestApp):
    logged: list[str | None] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            logged.append(REQUEST_ID.get())

    async def refused(number: int) -> str:
        wrong = {**KEYS, "X-Api-Secret": f"wrong {number}"}
        _, id = await answered(app, "GET", "/api/v1/payments", **wrong, X_Request_Id=f"n{number}")
        return id

    keep = Keep()
    logging.getLogger("paygate.security").addHandler(keep)
    try:
        ids = await asyncio.gather(*(refused(number) for number in range(20)))
    finally:
        logging.getLogger("paygate.security").removeHandler(keep)

    assert ids == [f"n{number}" for number in range(20)]
    # Repeated refusals of one key are one line.
    assert logged[0] in ids
    assert REQUEST_ID.get() is None


async def test_an_event_has_the_id_of_the_request_that_caused_it(app: TestApp):
    async def ask(id: str, path: str, **body: object) -> Answer:
        answer = await app.call("POST", path, json=body, headers={"X-Request-Id": id})
        assert answer.status in {200, 201}, answer
        return answer

    async def ids_of(payment_id: str) -> dict[str, str | None]:
        listed = (await app.call("GET", f"/events?payment_id={payment_id}")).json["data"]
        timeline = (await app.call("GET", f"/payments/{payment_id}/timeline")).json["data"]
        ids = {each["type"]: each["request_id"] for each in listed}
        shown = [each["data"] for each in timeline if each["kind"] == "event"]
        assert {each["type"]: each["request_id"] for each in shown} == ids
        assert not any("request_id" in each["payload"] for each in listed)
        return ids

    # Payments of concurrent requests are stored by one transaction.
    orders = [await app.order(capture="manual") for _ in range(8)]
    made = await asyncio.gather(
        *(ask(f"pay-{n}", "/payments", order_id=id, method="coin") for n, id in enumerate(orders))
    )
    captured, voided, *others = (each.json["id"] for each in made)
    async with app.working():
        for id in (captured, voided):
            await app.until(id, "authorized")
        await ask("capture-1", f"/payments/{captured}/capture")
        await ask("void-1", f"/payments/{voided}/cancel")
        await app.until(captured, "success")
        await app.until(voided, "cancelled")
        await ask("refund-1", f"/payments/{captured}/refunds", amount=100)
        await app.until_value("processed", "SELECT status FROM refunds")

    assert await ids_of(captured) == {
        "payment.created": "pay-0",
        "payment.pending": "pay-0",
        # The processor's response to the payment: no request is its cause.
        "payment.authorized": None,
        "payment.success": "capture-1",
        "refund.created": "refund-1",
        "refund.processed": "refund-1",
    }
    assert (await ids_of(voided))["payment.cancelled"] == "void-1"
    for number, id in enumerate(others, start=2):
        assert (await ids_of(id))["payment.created"] == f"pay-{number}"
