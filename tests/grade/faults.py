"""One thing wrong at a time, each named after what it is."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from tests.grade.small_gateway import Call, Fault, Reply

Body = dict[str, Any]
Change = Callable[[Body], object]
Sign = Callable[[bytes], str]
PAYMENT = r"/payments/pay_\w+"


def is_of(call: Call, route: str) -> bool:
    method, _, pattern = route.partition(" ")
    return call.method == method and re.fullmatch(pattern, call.path) is not None


def answers(route: str, change: Change, *, only: int | None = None) -> Fault:
    """Change the bodies of a route's answers: all with a body, or those with a status."""

    def after(call: Call, reply: Reply) -> None:
        is_wanted = reply.status < 300 if only is None else reply.status == only
        if is_of(call, route) and is_wanted and isinstance(reply.body, dict):
            change(reply.body)

    return Fault(after=after)


def status(route: str, was: int, becomes: int) -> Fault:
    """Answer another status."""

    def after(call: Call, reply: Reply) -> None:
        if is_of(call, route) and reply.status == was:
            reply.status = becomes

    return Fault(after=after)


def error(code: str, change: Change) -> Fault:
    """Change the error of every answer with this code."""

    def after(_call: Call, reply: Reply) -> None:
        found = reply.body.get("error") if isinstance(reply.body, dict) else None
        if found and found["code"] == code:
            change(found)

    return Fault(after=after)


def accepted(description: str) -> Fault:
    """Accept what should be refused with this sentence."""

    def after(_call: Call, reply: Reply) -> None:
        found = reply.body.get("error") if isinstance(reply.body, dict) else None
        if found and found["description"] == description:
            reply.status, reply.body = 200, {"status": "success", "captured": True}

    return Fault(after=after)


def request(route: str, change: Callable[[Call], object]) -> Fault:
    """Change the requests of a route before the gateway reads them."""

    def before(call: Call) -> None:
        if is_of(call, route):
            change(call)

    return Fault(before=before)


def event(change: Change) -> Fault:
    """Change the body of a webhook before it is signed."""

    def webhook(body: bytes, sign: Sign) -> tuple[bytes, str]:
        parsed = json.loads(body)
        change(parsed)
        changed = json.dumps(parsed, separators=(",", ":")).encode()
        return changed, sign(changed)

    return Fault(webhook=webhook)


def without(name: str) -> Change:
    return lambda body: body.pop(name, None)


def instead(name: str, was: Any, becomes: Any) -> Change:
    def change(body: Body) -> None:
        if body.get(name) == was:
            body[name] = becomes

    return change


def float_amount(body: Body) -> None:
    body["amount"] = float(body["amount"])


def accept_99(call: Call) -> None:
    if call.body.get("amount") == 99:
        call.body["amount"] = 100


def accept_any_secret(call: Call) -> None:
    if call.headers.get("x-api-key") == "key_small":
        call.headers["x-api-secret"] = "secret_small"


def authenticate_as_owner(call: Call) -> None:
    if call.headers.get("x-api-key") == "key_second":
        call.headers |= {"x-api-key": "key_small", "x-api-secret": "secret_small"}


def accept_old_cards(call: Call) -> None:
    if call.body.get("card", {}).get("expiry_year") == "20":
        call.body["card"]["expiry_year"] = "35"


def charge_the_requests_amount(call: Call, reply: Reply) -> None:
    if is_of(call, "POST /payments") and reply.status == 201:
        reply.body["amount"] = call.body.get("amount", reply.body["amount"])


def show_the_card(call: Call, reply: Reply) -> None:
    if is_of(call, "POST /payments") and "card" in call.body and reply.status == 201:
        reply.body["metadata"] = {"pan": call.body["card"]["number"]}


def replay_sorted(_call: Call, reply: Reply) -> None:
    if "Idempotent-Replayed" in reply.headers:
        reply.body = dict(sorted(reply.body.items()))


def replay_without_header(_call: Call, reply: Reply) -> None:
    reply.headers.pop("Idempotent-Replayed", None)


def ignore_keys_of_others(call: Call) -> None:
    if call.headers.get("x-api-key") == "key_second":
        call.body = {}


def log_everything(body: Body) -> None:
    LOGGED.append(1)
    body["total"] += len(LOGGED)


def sign_other_bytes(body: bytes, sign: Sign) -> tuple[bytes, str]:
    return body, sign(body + b" ")


def write_spaces(body: bytes, sign: Sign) -> tuple[bytes, str]:
    spaced = json.dumps(json.loads(body)).encode()
    return spaced, sign(spaced)


LOGGED: list[int] = []
FAULTS: dict[str, tuple[str, Fault]] = {
    "health without its database": ("K1", answers("GET /health", without("database"))),
    "health as 202": ("K1", status("GET /health", 200, 202)),
    "a field more of the test merchant": (
        "K2", answers("GET /test/merchant", lambda body: body.update(name="x"))),
    "a float amount of an order": ("K3", answers("POST /orders", float_amount)),
    "an order without a status": ("K3", answers("POST /orders", without("status"))),
    "a new order as 200": ("K3", status("POST /orders", 201, 200)),
    "a bad amount as 422": ("K4", status("POST /orders", 400, 422)),
    "an amount of 99": ("K4", request("POST /orders", accept_99)),
    "another sentence about keys": (
        "K5", error("AUTHENTICATION_ERROR", lambda found: found.update(description="No"))),
    "any secret": ("K5", Fault(before=accept_any_secret)),
    "a public order with its merchant": (
        "K6", answers(r"GET /orders/\w+/public", lambda body: body.update(merchant_id="x"))),
    "an order of another merchant": ("K6", request(r"GET /orders/\w+", authenticate_as_owner)),
    "a payment that is processing": (
        "K7", answers("POST /payments", instead("status", "pending", "processing"))),
    "a float amount of a payment": ("K7", answers("POST /payments", float_amount)),
    "the amount of the request": ("K7", Fault(after=charge_the_requests_amount)),
    "a card without its last digits": ("K8", answers("POST /payments", without("card_last4"))),
    "a card with its number": ("K8", Fault(after=show_the_card)),
    "a network in capitals": (
        "K8", answers(f"GET {PAYMENT}", instead("card_network", "visa", "VISA"))),
    "another code for a VPA": (
        "K9", error("INVALID_VPA", lambda found: found.update(code="BAD_REQUEST_ERROR"))),
    "a card that has expired": ("K9", request("POST /payments", accept_old_cards)),
    "captured as null": ("K10", answers(f"GET {PAYMENT}", instead("captured", False, None))),
    "a failure without an error": (
        "K10", answers(f"GET {PAYMENT}", instead("status", "success", "failed"))),
    "a success with an error code": (
        "K10", answers(f"GET {PAYMENT}", instead("error_code", None, "NONE"))),
    "a float amount for the shopper": (
        "K11", answers(f"GET {PAYMENT}/public", float_amount)),
    "a shopper's payment as 200": ("K11", status("POST /payments/public", 201, 200)),
    "a second capture": ("K12", accepted("Payment already captured")),
    "a capture of a pending payment": ("K12", accepted("Payment not in capturable state")),
    "a refund without processed_at": (
        "K13", answers(r"GET /refunds/\w+", without("processed_at"))),
    "a refund beyond the payment": (
        "K13", accepted("Refund amount exceeds available amount")),
    "a refund of a pending payment": ("K13", accepted("Payment not refundable")),
    "a replay with sorted fields": ("K14", Fault(after=replay_sorted)),
    "a replay without its header": ("K14", Fault(after=replay_without_header)),
    "a reused key as 409": ("K14", status("POST /payments", 422, 409)),
    "a key for all merchants": ("K14", request("POST /orders", ignore_keys_of_others)),
    "a log without its limit": ("K15", answers("GET /webhooks", without("limit"))),
    "a retry that is scheduled": (
        "K15", answers(r"POST /webhooks/[\w-]+/retry", instead("status", "pending", "scheduled"))),
    "a count as text": (
        "K16", answers("GET /test/jobs/status", lambda body: body.update(pending="0"))),
    "a worker that is active": (
        "K16", answers("GET /test/jobs/status", instead("worker_status", "running", "active"))),
    "a signature of other bytes": ("K17", Fault(webhook=sign_other_bytes)),
    "a body with spaces": ("K17", Fault(webhook=write_spaces)),
    "a time as text": ("K17", event(lambda body: body.update(timestamp=str(body["timestamp"])))),
    "a refused webhook as delivered": ("K18", Fault(answered=lambda _status: 200)),
    "a log that grows by itself": ("K19", answers("GET /webhooks", log_everything)),
}  # fmt: skip
"""What is wrong, by name: the clause that must fail, and how."""
