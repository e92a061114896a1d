"""The tables of endpoints and of what was tried there."""

from __future__ import annotations

from typing import Any

from tortoise import fields
from tortoise.models import Model

from .base import APP


class EndpointRow(Model):
    """Where events go beside the merchant's own row."""

    id = fields.UUIDField(primary_key=True)
    merchant: Any = fields.ForeignKeyField(
        f"{APP}.MerchantRow", "endpoints", on_delete=fields.RESTRICT
    )
    url = fields.TextField()
    description = fields.TextField(null=True)
    events = fields.JSONField[list[str]]()
    # Bound to the row's id: moved to another, it cannot be opened.
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
        """Names."""

        table = "webhook_endpoints"
        indexes = (("merchant_id",),)


class DeliveryAttemptRow(Model):
    """One try of a delivery."""

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
        """Names."""

        table = "delivery_attempts"
        indexes = (("delivery_id",),)
