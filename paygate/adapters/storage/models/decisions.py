"""The table of decisions."""

from __future__ import annotations

from tortoise import fields
from tortoise.models import Model

from ..exact_json import ExactJsonField


class DecisionRow(Model):
    """What plugins decided about a payment before its processor was asked, and who said what."""

    id = fields.BigIntField(primary_key=True)
    payment_id = fields.CharField(max_length=64)
    kind = fields.CharField(max_length=20)
    chosen = fields.CharField(max_length=64)
    decided_at = fields.DatetimeField()
    took_ms = fields.IntField()
    data = ExactJsonField()

    class Meta:
        """Names."""

        table = "payment_decisions"
        indexes = (("payment_id",),)
