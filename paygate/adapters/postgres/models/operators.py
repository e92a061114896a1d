"""Tables of what operators and tests say of the whole app."""

from __future__ import annotations

from typing import Any

from tortoise import fields
from tortoise.models import Model


class PluginSettingRow(Model):
    """What an operator set of a plugin, read when a process starts."""

    plugin = fields.CharField(max_length=255, primary_key=True)
    values = fields.JSONField[dict[str, Any]]()
    # The secret fields, by the vault.
    sealed = fields.TextField(null=True)
    updated_at = fields.DatetimeField()

    class Meta:
        """Names."""

        table = "plugin_settings"


class TestClockRow(Model):
    """The app's time where a test has moved it; one row, or none."""

    id = fields.SmallIntField(primary_key=True)
    # Standing still at that moment; null while it runs.
    held_at = fields.DatetimeField(null=True)
    # It runs on from there; both are null while it stands still or shows the real time.
    resumed_from = fields.DatetimeField(null=True)
    resumed_at = fields.DatetimeField(null=True)
    # Held only while a move is under way.
    is_passing = fields.BooleanField(default=False, db_default=False)
    version = fields.BigIntField()

    class Meta:
        """Names."""

        table = "test_clock"


class AnswerConflictRow(Model):
    """A processor's answer, not a callback, that contradicts what is settled."""

    id = fields.BigIntField(primary_key=True)
    at = fields.DatetimeField()
    processor = fields.CharField(max_length=64)
    payment_id = fields.CharField(max_length=64)
    operation_id = fields.CharField(max_length=64)
    reason = fields.CharField(max_length=1000)

    class Meta:
        """Names."""

        table = "answer_conflicts"
        unique_together = (("operation_id", "reason"),)


class ResolvedAttentionRow(Model):
    """What needed attention, as it was when an operator resolved it."""

    id = fields.CharField(max_length=100, primary_key=True)
    kind = fields.CharField(max_length=20)
    at = fields.DatetimeField()
    processor = fields.CharField(max_length=64)
    payment_id = fields.CharField(max_length=64, null=True)
    operation_id = fields.CharField(max_length=64, null=True)
    reason = fields.TextField(null=True)
    merchant_id = fields.UUIDField(null=True)
    resolved_at = fields.DatetimeField()
    resolved_by = fields.CharField(max_length=255)
    note = fields.TextField()

    class Meta:
        """Names."""

        table = "resolved_attention"
