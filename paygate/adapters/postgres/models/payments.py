"""Tables of merchants, orders, payments, refunds, operations, events and deliveries.

Migrations create the indexes of lists, of which some keys are expressions.
"""

from __future__ import annotations

from typing import Any

from tortoise import fields
from tortoise.contrib.postgres.fields import ArrayField

from .base import APP, ExactJsonField, Row


def _restrict(to: str, related_name: str) -> Any:
    return fields.ForeignKeyField(f"{APP}.{to}", related_name, on_delete=fields.RESTRICT)


def _unchecked(to: str, related_name: str, **how: Any) -> Any:
    """Refer to a row without a foreign key.

    A check of every new row would cost more than the row. The orders of a merchant, and the
    operations of a payment, keep both from being deleted.
    """
    return fields.ForeignKeyField(
        f"{APP}.{to}", related_name, on_delete=fields.NO_ACTION, db_constraint=False, **how
    )


class MerchantRow(Row):
    """A merchant. SQL may set ``webhook_url``, ``webhook_secret`` and ``allowed_origins``."""

    id = fields.UUIDField(primary_key=True)
    name = fields.CharField(max_length=255)
    email = fields.CharField(max_length=255, unique=True)
    api_key = fields.CharField(max_length=64, unique=True)
    # The SHA-256 digest of the secret in hex.
    api_secret = fields.CharField(max_length=64)
    webhook_url = fields.TextField(null=True)
    webhook_secret = fields.CharField(max_length=64, null=True)
    is_active = fields.BooleanField(default=True)
    created_at = fields.DatetimeField()
    updated_at = fields.DatetimeField()
    # The columns above are promised to merchants who use SQL; the ones below are not.
    default_scenario = fields.CharField(max_length=64, null=True)
    # The encrypted secret, and its last characters to show. A secret that SQL wrote is in
    # webhook_secret in clear.
    webhook_sealed = fields.TextField(null=True)
    webhook_secret_hint = fields.CharField(max_length=16, null=True)
    # The previous secret, and until when it also signs.
    webhook_previous_secret = fields.CharField(max_length=64, null=True)
    webhook_previous_sealed = fields.TextField(null=True)
    webhook_previous_until = fields.DatetimeField(null=True)
    # Since when webhook_url is disabled; null while it is enabled. A write of webhook_url or
    # webhook_secret enables it again.
    webhook_disabled_at = fields.DatetimeField(null=True)
    webhook_disabled_reason = fields.CharField(max_length=20, null=True)
    webhook_failures = fields.IntField(default=0)
    webhook_first_failure_at = fields.DatetimeField(null=True)
    # The enabled rows of webhook_endpoints, copied by a trigger.
    webhook_endpoints = fields.JSONField[list[dict[str, Any]]](default=[])
    allowed_origins = ArrayField("text", null=True)
    # The digest of the previous secret, and until when it also authenticates.
    api_previous_secret = fields.CharField(max_length=64, null=True)
    api_previous_until = fields.DatetimeField(null=True)
    # Since when the key pair is revoked.
    api_revoked_at = fields.DatetimeField(null=True)
    # Created for development or by a test: production does not accept its credentials.
    is_test = fields.BooleanField(default=False)

    class Meta:
        table = "merchants"


class OrderRow(Row):
    """An order: an amount to be paid."""

    id = fields.CharField(max_length=64, primary_key=True)
    merchant = _restrict("MerchantRow", "orders")
    amount = fields.BigIntField()
    currency = fields.CharField(max_length=3, default="INR")
    receipt = fields.CharField(max_length=255, null=True)
    notes = fields.JSONField[dict[str, Any]](null=True)
    status = fields.CharField(max_length=20, default="created")
    created_at = fields.DatetimeField()
    updated_at = fields.DatetimeField()
    # The columns above are promised to merchants who use SQL; the ones below are not.
    capture_mode = fields.CharField(max_length=10, default="automatic")
    client_secret_sha256 = fields.CharField(max_length=64, null=True)

    class Meta:
        table = "orders"


class PaymentRow(Row):
    """A payment for an order."""

    id = fields.CharField(max_length=64, primary_key=True)
    order = _restrict("OrderRow", "payments")
    merchant = _unchecked("MerchantRow", "payments")
    amount = fields.BigIntField()
    currency = fields.CharField(max_length=3, default="INR")
    method = fields.CharField(max_length=20)
    status = fields.CharField(max_length=20, default="pending")
    vpa = fields.CharField(max_length=255, null=True)
    card_network = fields.CharField(max_length=20, null=True)
    card_last4 = fields.CharField(max_length=4, null=True)
    captured = fields.BooleanField(default=False)
    error_code = fields.CharField(max_length=50, null=True)
    error_description = fields.TextField(null=True)
    created_at = fields.DatetimeField()
    updated_at = fields.DatetimeField()
    # The columns above are promised to merchants who use SQL; the ones below are not.
    flow = fields.CharField(max_length=40)
    processor = fields.CharField(max_length=64)
    instrument = fields.JSONField[dict[str, str]]()
    decline_code = fields.CharField(max_length=50, null=True)
    capture_mode = fields.CharField(max_length=10, default="automatic")
    scenario = fields.CharField(max_length=64, null=True)
    next_action = fields.JSONField[dict[str, Any]](null=True)
    hold_ended_at = fields.DatetimeField(null=True)
    amount_authorized = fields.BigIntField(default=0)
    amount_captured = fields.BigIntField(default=0)
    amount_refunded = fields.BigIntField(default=0)
    version = fields.IntField(default=1)
    last_seq = fields.IntField(default=0)

    class Meta:
        table = "payments"
        indexes = (("order_id",),)


class RefundRow(Row):
    """A refund of a payment."""

    id = fields.CharField(max_length=64, primary_key=True)
    payment = _restrict("PaymentRow", "refunds")
    merchant = _restrict("MerchantRow", "refunds")
    amount = fields.BigIntField()
    reason = fields.TextField(null=True)
    status = fields.CharField(max_length=20, default="pending")
    created_at = fields.DatetimeField()
    processed_at = fields.DatetimeField(null=True)
    # The columns above are promised to merchants who use SQL; the ones below are not.
    currency = fields.CharField(max_length=3)

    class Meta:
        table = "refunds"
        indexes = (("payment_id",),)


class PaymentTransitionRow(Row):
    """A change of a payment's status, written by the trigger on ``payments``."""

    id = fields.BigIntField(primary_key=True)
    payment = _unchecked("PaymentRow", "transitions")
    version = fields.IntField()
    from_status = fields.CharField(max_length=20, null=True)
    to_status = fields.CharField(max_length=20)
    at = fields.DatetimeField()

    class Meta:
        table = "payment_transitions"
        unique_together = (("payment_id", "version"),)


class LeaseColumns(Row):
    """The lease columns of both tables of work."""

    lease_token = fields.UUIDField(null=True)
    lease_until = fields.DatetimeField(null=True)
    lease_owner = fields.CharField(max_length=64, null=True)
    claims = fields.IntField(default=0)
    last_error = fields.TextField(null=True)

    class Meta:
        abstract = True


class OperationRow(LeaseColumns):
    """A request to a processor. Work while ``lease_state`` is ready."""

    id = fields.CharField(max_length=64, primary_key=True)
    payment = _restrict("PaymentRow", "operations")
    merchant = _unchecked("MerchantRow", "operations")
    kind = fields.CharField(max_length=20)
    amount = fields.BigIntField()
    currency = fields.CharField(max_length=3)
    processor = fields.CharField(max_length=64)
    state = fields.CharField(max_length=20)
    lease_state = fields.CharField(max_length=10, default="ready")
    run_at = fields.DatetimeField()
    queries = fields.IntField(default=0)
    sends = fields.IntField(default=0, db_default=0)
    expires_at = fields.DatetimeField(null=True)
    reference = fields.CharField(max_length=255, null=True)
    processor_state = fields.JSONField[dict[str, Any]](null=True)
    sealed = fields.TextField(null=True)
    note = fields.TextField(null=True)
    refund_id = fields.CharField(max_length=64, null=True)
    is_final = fields.BooleanField(default=True)
    created_at = fields.DatetimeField()
    updated_at = fields.DatetimeField()

    class Meta:
        table = "operations"
        indexes = (("payment_id",),)


class EventRow(Row):
    """An event and its exact JSON text."""

    id = fields.CharField(max_length=64, primary_key=True)
    merchant = _unchecked("MerchantRow", "events")
    payment = _unchecked("PaymentRow", "events", null=True)
    type = fields.CharField(max_length=50)
    seq = fields.IntField(null=True)
    payload = ExactJsonField()
    created_at = fields.DatetimeField()
    # The database counts it, in the order in which events are written.
    position = fields.BigIntField()

    class Meta:
        table = "events"
        unique_together = (("payment_id", "seq"),)


class DeliveryRow(LeaseColumns):
    """The delivery of an event to an endpoint. Work while ``status`` is pending."""

    id = fields.UUIDField(primary_key=True)
    merchant = _unchecked("MerchantRow", "deliveries")
    event = fields.CharField(max_length=50)
    payload = ExactJsonField()
    status = fields.CharField(max_length=20, default="pending")
    attempts = fields.IntField(default=0)
    last_attempt_at = fields.DatetimeField(null=True)
    next_retry_at = fields.DatetimeField(null=True)
    response_code = fields.IntField(null=True)
    response_body = fields.TextField(null=True)
    created_at = fields.DatetimeField()
    # The columns above are promised to merchants who use SQL; the ones below are not.
    event_id = fields.CharField(max_length=64)
    sink = fields.CharField(max_length=64)
    endpoint_id = fields.UUIDField()
    payment_id = fields.CharField(max_length=64, null=True)
    seq = fields.IntField(null=True)
    # The next attempt is made even if the endpoint is disabled.
    is_manual = fields.BooleanField(default=False)
    # A retry was requested during an attempt: another one follows.
    retry_requested = fields.BooleanField(default=False)

    class Meta:
        table = "webhook_logs"
        unique_together = (("event_id", "sink", "endpoint_id"),)


class IdempotencyKeyRow(Row):
    """The stored response of a request. The primary key is (key, merchant_id)."""

    # Tortoise has no composite keys; a migration creates the real one.
    key = fields.CharField(max_length=255, primary_key=True)
    merchant = _unchecked("MerchantRow", "idempotency_keys")
    response = ExactJsonField()
    created_at = fields.DatetimeField()
    expires_at = fields.DatetimeField()
    # Keyed digests of the request, separated by spaces: one for each key of the vault.
    fingerprint = fields.TextField()
    response_code = fields.IntField()

    class Meta:
        table = "idempotency_keys"
        indexes = (("expires_at",),)


class CallbackRow(Row):
    """A processor's callback as it was received, and its effect."""

    id = fields.BigIntField(primary_key=True)
    processor = fields.CharField(max_length=64)
    received_at = fields.DatetimeField()
    headers = fields.JSONField[dict[str, str]]()
    body = fields.BinaryField()
    # Unique per processor; null until the callback is verified.
    dedupe_key = fields.CharField(max_length=255, null=True)
    operation_id = fields.CharField(max_length=64, null=True)
    payment_id = fields.CharField(max_length=64, null=True)
    effect = fields.CharField(max_length=20)
    reason = fields.TextField(null=True)

    class Meta:
        table = "processor_callbacks"
        unique_together = (("processor", "dedupe_key"),)
        indexes = (("payment_id",), ("effect",))


class PluginCallRow(Row):
    """A call of a processor plugin, without confidential values."""

    id = fields.BigIntField(primary_key=True)
    payment_id = fields.CharField(max_length=64)
    operation_id = fields.CharField(max_length=64)
    name = fields.CharField(max_length=20)
    started_at = fields.DatetimeField()
    took_ms = fields.IntField()
    given = ExactJsonField()
    answer = ExactJsonField()

    class Meta:
        table = "plugin_calls"
        indexes = (("payment_id",),)


class WorkerRow(Row):
    """A worker process and its last heartbeat."""

    id = fields.CharField(max_length=64, primary_key=True)
    kind = fields.CharField(max_length=20)
    started_at = fields.DatetimeField()
    heartbeat_at = fields.DatetimeField()

    class Meta:
        table = "workers"


class DecisionRow(Row):
    """A routing or risk decision about a payment, with the answer of each plugin."""

    id = fields.BigIntField(primary_key=True)
    payment_id = fields.CharField(max_length=64)
    kind = fields.CharField(max_length=20)
    chosen = fields.CharField(max_length=64)
    decided_at = fields.DatetimeField()
    took_ms = fields.IntField()
    data = ExactJsonField()

    class Meta:
        table = "payment_decisions"
        indexes = (("payment_id",),)
