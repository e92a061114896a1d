"""Tables of webhook endpoints and delivery attempts."""

from __future__ import annotations

from typing import Any

from tortoise import fields

from .base import APP, Row


class EndpointRow(Row):
    """A webhook endpoint in addition to ``merchants.webhook_url``."""

    id = fields.UUIDField(primary_key=True)
    merchant: Any = fields.ForeignKeyField(
        f"{APP}.MerchantRow", "endpoints", on_delete=fields.RESTRICT
    )
    url = fields.TextField()
    description = fields.TextField(null=True)
    events = fields.JSONField[list[str]]()
    # Encrypted together with the row's id: in another row it cannot be decrypted.
    sealed = fields.TextField()
    secret_hint = fields.CharField(max_length=16)
    previous_sealed = fields.TextField(null=True)
    previous_until = fields.DatetimeField(null=True)
    disabled_at = fields.DatetimeField(null=True)
    disabled_reason = fields.CharField(max_length=20, null=True)
    consecutive_failures = fields.IntField(default=0)
    first_failure_at = fields.DatetimeField(null=True)
    created_at = fields.DatetimeField()
    updated_at = fields.DatetimeField()

    class Meta:
        table = "webhook_endpoints"
        indexes = (("merchant_id",),)


class DeliveryAttemptRow(Row):
    """An attempt of a delivery."""

    id = fields.BigIntField(primary_key=True)
    delivery: Any = fields.ForeignKeyField(
        f"{APP}.DeliveryRow", "delivery_attempts", on_delete=fields.CASCADE
    )
    ordinal = fields.IntField()
    started_at = fields.DatetimeField()
    finished_at = fields.DatetimeField()
    status_code = fields.IntField(null=True)
    error = fields.CharField(max_length=64, null=True)
    snippet = fields.TextField(null=True)
    url = fields.TextField(null=True)
    request_headers = fields.JSONField[dict[str, str]](null=True)
    took_ms = fields.IntField(null=True)

    class Meta:
        table = "delivery_attempts"
        indexes = (("delivery_id",),)
