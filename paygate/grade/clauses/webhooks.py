"""Webhooks: their log, their signature, their retries."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import re
from itertools import pairwise
from typing import Any, NoReturn
from uuid import UUID

from ..answer import MASK, Answer, BrokenClauseError, Evidence, NotSeenError, parse, printable
from ..case import Case, clause
from ..matching import TEXT, WHOLE, differences, present, rewritten_by_javascript
from ..webhooks import Arrival

PAID = "payment.success"
WAITS_S = (5, 10, 15, 20)
EARLY_S, LATE_S = 1.0, 3.0
QUIET_S = 1.0
SECRET_FIELD = re.compile(r'("[^"]*secret[^"]*"\s*:\s*")[^"]*')
UNKNOWN_LOG = str(UUID(int=0))
SIGNATURE = "x-webhook-signature"
ROW = {
    "id": TEXT,
    "event": TEXT,
    "status": TEXT,
    "attempts": WHOLE,
    "created_at": TEXT,
    "last_attempt_at": present(),
    "response_code": present(),
}


async def _delivered(case: Case) -> Arrival:
    """Pay an order, and return the webhook of its success."""
    order_id = await case.gateway.order()
    await case.gateway.paid(order_id)
    arrived = await case.webhooks.arrivals(order_id, PAID)
    if not arrived:
        await _explain_silence(case)
    return arrived[0]


async def _explain_silence(case: Case) -> NoReturn:
    """Raise why no webhook arrived: it was not sent, or the receiver is not reached."""
    log = await case.gateway.call("GET", "/webhooks?limit=10&offset=0")
    is_tried = any(row.get("attempts") and not row.get("response_code") for row in _rows(log))
    if is_tried and not case.webhooks.options.url:
        raise NotSeenError(
            f"the gateway does not reach {case.webhooks.url}; give --webhook-url, an address at "
            "which it reaches this machine"
        )
    log.refuse(
        f"no webhook {PAID} arrived at {case.webhooks.url} in {case.gateway.timeout_s:g} s",
        f"a POST with the event {PAID}",
    )


def _rows(log: Answer) -> list[dict[str, Any]]:
    rows = log.field("data")
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


@clause(
    "K15",
    "`GET /webhooks` answers data, total, limit and offset; `POST /webhooks/{id}/retry` answers "
    "exactly id, status pending and a message, counts the attempts from 0 again, and 404 for an "
    "unknown id.",
    needs_webhooks=True,
)
async def show_log(case: Case) -> None:
    """Check the log of webhooks, and a manual retry."""
    gateway = case.gateway
    for id in (UNKNOWN_LOG, "not-a-uuid"):
        missing = await gateway.call("POST", f"/webhooks/{id}/retry")
        missing.must_be_error(404, "NOT_FOUND_ERROR")
    page = await gateway.call("GET", "/webhooks?limit=2&offset=1")
    page.must(200, {"data": present(), "total": WHOLE, "limit": 2, "offset": 1})
    case.webhooks.need()
    await _delivered(case)

    async def ask() -> Answer:
        return await gateway.call("GET", "/webhooks?limit=10&offset=0")

    log = await gateway.until(ask, lambda answer: _success(answer) is not None)
    row = _success(log)
    if row is None:
        log.refuse("no delivery has status success", "a row with status success")
    problems = differences(ROW, row, at="a row")
    if problems:
        log.refuse("; ".join(problems), "rows with these fields")
    retried = await gateway.call("POST", f"/webhooks/{row['id']}/retry")
    message = {"id": row["id"], "status": "pending", "message": "Webhook retry scheduled"}
    retried.must(200, message, exactly=True)
    after = await gateway.until(ask, lambda answer: _success(answer, row["id"]) is not None)
    again = _success(after, row["id"])
    if again is None or again.get("attempts") != 1:
        after.refuse(f"{row['id']} was not delivered again with one attempt", "attempts: 1")


def _success(log: Answer, id: str | None = None) -> dict[str, Any] | None:
    """Return a delivered row of the log: the one with an id, or any."""
    delivered = (row for row in _rows(log) if row.get("status") == "success")
    return next((row for row in delivered if id in (None, row.get("id"))), None)


@clause(
    "K17",
    "X-Webhook-Signature is the hex HMAC-SHA256 of the body's bytes with the webhook secret, and "
    "`JSON.stringify(JSON.parse(body))` has the same bytes.",
    needs_webhooks=True,
)
async def sign(case: Case) -> None:
    """Check the signature of a webhook."""
    case.webhooks.need()
    arrived = await _delivered(case)
    _must_be_event(case, arrived)
    if not case.webhooks.secret:
        raise NotSeenError("the webhook secret is not known; give --secret")
    right = hmac.new(case.webhooks.secret.encode(), arrived.body, hashlib.sha256).hexdigest()
    given = arrived.headers.get(SIGNATURE, "")
    if not hmac.compare_digest(right.encode(), given.encode(errors="surrogateescape")):
        _refuse(case, arrived, "the signature is not valid", f"X-Webhook-Signature: {right}")
    try:
        rewritten = rewritten_by_javascript(arrived.body)
    except ValueError:
        rewritten = b""
    if rewritten != arrived.body:
        _refuse(
            case,
            arrived,
            "a receiver in JavaScript that parses the body and writes it again has other bytes",
            rewritten.decode(errors="replace"),
        )


def _must_be_event(case: Case, arrived: Arrival) -> None:
    wanted = {"event": PAID, "timestamp": WHOLE, "data": {"payment": {"id": TEXT, "amount": WHOLE}}}
    problems = differences(wanted, parse(arrived.body))
    if problems:
        _refuse(case, arrived, "; ".join(problems), "event, timestamp and data.payment")


def _refuse(case: Case, arrived: Arrival, problem: str, expected: str) -> NoReturn:
    signature = arrived.headers.get(SIGNATURE, "missing")
    body = SECRET_FIELD.sub(rf"\1{MASK}", arrived.body.decode(errors="replace"))
    came = f"X-Webhook-Signature: {signature}, {body}"
    sent = f"a payment, whose webhook came to {case.webhooks.url}"
    shown = [printable(case.gateway.hide(text)) for text in (problem, sent, expected, came)]
    raise BrokenClauseError(shown[0], Evidence(*shown[1:]))


@clause(
    "K18",
    "A webhook that is answered with 503 is sent again 5, 10, 15 and 20 s after the attempt "
    "before it, is pending meanwhile, and failed after the fifth attempt; there is no sixth.",
    unseen=("deliveries of a worker that is killed",),
    needs_webhooks=True,
)
async def retry(case: Case) -> None:
    """Check the timetable of retries."""
    case.webhooks.need()
    order_id = await case.gateway.order()
    case.webhooks.fail(order_id, PAID)
    waits = WAITS_S if case.is_full else WAITS_S[:1]
    if not case.is_full:
        case.leave_out("the attempts after the second one: give --full, which takes a minute")
    await case.gateway.paid(order_id)
    if not await case.webhooks.arrivals(order_id, PAID):
        await _explain_silence(case)
    await _must_be_logged(case, "pending", attempts=1)
    if not case.is_full:
        case.webhooks.accept(order_id, PAID)
    within_s = sum(waits) + LATE_S * len(waits)
    arrived = await case.webhooks.arrivals(order_id, PAID, len(waits) + 1, within_s)
    waited_s = [later.at_s - earlier.at_s for earlier, later in pairwise(arrived[: len(waits) + 1])]
    is_right = len(waited_s) == len(waits) and all(
        wait - EARLY_S <= seen_s <= wait + LATE_S
        for wait, seen_s in zip(waits, waited_s, strict=True)
    )
    if not is_right:
        shown = ", ".join(f"{each:.1f} s" for each in waited_s) or "never again"
        expected = ", ".join(f"{wait} s" for wait in waits)
        problem = f"after the first attempt it was sent again after: {shown}"
        _refuse(case, arrived[0], problem, f"{expected}; start with WEBHOOK_RETRY_INTERVALS_TEST")
    if case.is_full:
        await _must_be_logged(case, "failed", attempts=5)
        await asyncio.sleep(LATE_S)
        if len(case.webhooks.about(order_id, PAID)) > len(arrived):
            _refuse(case, arrived[-1], "it was sent a sixth time", "five attempts")


async def _must_be_logged(case: Case, status: str, *, attempts: int) -> None:
    """Require a row of the log about a refused webhook."""
    wanted = {"event": PAID, "status": status, "attempts": attempts, "response_code": 503}

    def is_there(log: Answer) -> bool:
        return any(not differences(wanted, row) for row in _rows(log))

    log = await case.gateway.until(
        lambda: case.gateway.call("GET", "/webhooks?limit=100&offset=0"), is_there, LATE_S
    )
    if not is_there(log):
        log.refuse("the log has no such row", ", ".join(f"{k}: {v}" for k, v in wanted.items()))


@clause(
    "K19",
    "A merchant without a webhook URL has no rows in the log for its payments, and they succeed.",
    needs_webhooks=True,
    is_alone=True,
)
async def stay_silent(case: Case) -> None:
    """Check a merchant without a webhook URL, beside one with it."""
    case.webhooks.need()

    async def ask() -> Answer:
        return await case.gateway.call("GET", "/webhooks?limit=1&offset=0")

    async def total_after_payment(before: int, within_s: float) -> Answer:
        await case.gateway.paid()
        return await case.gateway.until(ask, lambda log: log.field("total") != before, within_s)

    before = (await ask()).must(200, {"total": WHOLE})["total"]
    logged = await total_after_payment(before, case.gateway.timeout_s)
    if logged.field("total") == before:
        raise NotSeenError("with a webhook URL no row is added to the log either; see K15")
    await case.webhooks.set_url(None)
    # The last rows of the payment before may still be written.
    await asyncio.sleep(QUIET_S)
    before = (await ask()).must(200, {"total": WHOLE})["total"]
    after = await total_after_payment(before, QUIET_S)
    if after.field("total") != before:
        after.refuse("the payment is in the log", f"total: {before}, as before the payment")
