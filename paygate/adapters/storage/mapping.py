"""Rows to entities. The only place that knows both."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from ...core.accounts.model import Merchant, Subscription
from ...core.instrument import Instrument
from ...core.money import Money
from ...core.outcome import Decline, NextAction
from ...core.payments.model import Order, Payment, Refund
from ...core.payments.operation import Operation, OperationKind
from ...core.webhooks.model import Delivery, EndpointSettings

Row = Mapping[str, Any]

ERROR_CODE = "PAYMENT_FAILED"
"""What ``payments.error_code`` holds for every decline; merchants select on it."""


def merchant(row: Row) -> Merchant:
    """A row of ``merchants``."""
    return Merchant(
        id=uuid(row["id"]),
        name=row["name"],
        email=row["email"],
        api_key=row["api_key"],
        is_active=row["is_active"],
        webhook_url=(row["webhook_url"] or "").strip() or None,
        webhook_secret=row["webhook_secret"] or None,
        webhook_sealed=row["webhook_sealed"],
        created_at=row["created_at"],
        default_scenario=row["default_scenario"],
        webhook_disabled_at=row["webhook_disabled_at"],
        subscriptions=tuple(
            Subscription(UUID(each["id"]), each["url"], tuple(each["events"]))
            for each in decoded(row["webhook_endpoints"])
        ),
        is_test=row["is_test"],
    )


def endpoint(row: Row) -> EndpointSettings:
    """A row of ``endpoints``, as the statements put both kinds together."""
    return EndpointSettings(
        id=uuid(row["id"]),
        merchant_id=uuid(row["merchant_id"]),
        url=(row["url"] or "").strip() or None,
        description=row["description"],
        events=tuple(decoded(row["events"])),
        is_default=row["is_default"],
        secret=row["secret"] or None,
        secret_hint=row["secret_hint"],
        is_sealed=row["is_sealed"],
        previous_secret=row["previous_secret"] or None,
        is_previous_sealed=row["is_previous_sealed"],
        previous_until=row["previous_until"],
        disabled_at=row["disabled_at"],
        disabled_reason=row["disabled_reason"],
        consecutive_failures=row["consecutive_failures"],
        first_failure_at=row["first_failure_at"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )


def order(row: Row) -> Order:
    """A row of ``orders``."""
    return Order(
        id=row["id"],
        merchant_id=uuid(row["merchant_id"]),
        amount=Money(row["amount"], row["currency"]),
        receipt=row["receipt"],
        notes=decoded(row["notes"]) or {},
        status=row["status"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        capture_mode=row["capture_mode"],
    )


def payment(row: Row, prefix: str = "") -> Payment:
    """A row of ``payments``, its columns perhaps prefixed by a join."""

    def column(name: str) -> Any:
        return row[prefix + name]

    currency = column("currency")
    code = column("decline_code")
    return Payment(
        id=column("id"),
        order_id=column("order_id"),
        merchant_id=uuid(column("merchant_id")),
        amount=Money(column("amount"), currency),
        instrument=Instrument(
            method=column("method"), flow=column("flow"), display=decoded(column("instrument"))
        ),
        processor=column("processor"),
        status=column("status"),
        capture_mode=column("capture_mode"),
        amount_authorized=Money(column("amount_authorized"), currency),
        amount_captured=Money(column("amount_captured"), currency),
        amount_refunded=Money(column("amount_refunded"), currency),
        captured=column("captured"),
        decline=Decline(code, column("error_description")) if code else None,
        version=column("version"),
        last_seq=column("last_seq"),
        created_at=column("created_at"),
        updated_at=column("updated_at"),
        scenario=column("scenario"),
        next_action=_next_action(decoded(column("next_action"))),
        hold_ended_at=column("hold_ended_at"),
    )


def _next_action(stored: Mapping[str, Any] | None) -> NextAction | None:
    if stored is None:
        return None
    expires_at = datetime.fromisoformat(stored["expires_at"])
    return NextAction(stored["type"], expires_at, stored["data"])


def operation(row: Row) -> Operation:
    """A row of ``operations``."""
    return Operation(
        id=row["id"],
        payment_id=row["payment_id"],
        merchant_id=uuid(row["merchant_id"]),
        kind=OperationKind(row["kind"]),
        amount=Money(row["amount"], row["currency"]),
        processor=row["processor"],
        state=row["state"],
        due_at=row["run_at"],
        queries=row["queries"],
        sends=row["sends"],
        expires_at=row["expires_at"],
        reference=row["reference"],
        processor_state=decoded(row["processor_state"]),
        sealed=row["sealed"],
        refund_id=row["refund_id"],
        is_final=row["is_final"],
        created_at=row["created_at"],
    )


def refund(row: Row, prefix: str = "") -> Refund:
    """A row of ``refunds``, its columns perhaps prefixed by a join."""

    def column(name: str) -> Any:
        return row[prefix + name]

    return Refund(
        id=column("id"),
        payment_id=column("payment_id"),
        merchant_id=uuid(column("merchant_id")),
        amount=Money(column("amount"), column("currency")),
        reason=column("reason"),
        status=column("status"),
        created_at=column("created_at"),
        processed_at=column("processed_at"),
    )


def delivery(row: Row) -> Delivery:
    """A row of ``webhook_logs``."""
    return Delivery(
        id=uuid(row["id"]),
        merchant_id=uuid(row["merchant_id"]),
        endpoint_id=uuid(row["endpoint_id"]),
        sink=row["sink"],
        event_id=row["event_id"],
        event_type=row["event"],
        payment_id=row["payment_id"],
        body=str(row["payload"]).encode(),
        status=row["status"],
        attempts=row["attempts"],
        created_at=row["created_at"],
        due_at=row["next_retry_at"],
        last_attempt_at=row["last_attempt_at"],
        response_code=row["response_code"],
        response_body=row["response_body"],
        by_hand=row["by_hand"],
    )


def uuid(value: Any) -> UUID:
    """A standard UUID; asyncpg hands out a subclass of its own."""
    return value if type(value) is UUID else UUID(str(value))


def decoded(value: Any) -> Any:
    """A JSON column; asyncpg hands it out as text, the ORM as a value."""
    return json.loads(value) if isinstance(value, str) else value


def encoded(value: Any) -> str:
    """A value for a JSON parameter."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, default=_plain)


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no place in a parameter")
