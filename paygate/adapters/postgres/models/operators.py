"""Tables of operators' settings, the test clock and problems that need attention."""

from __future__ import annotations

from typing import Any

from tortoise import fields

from .base import Row


class PluginSettingRow(Row):
    """Settings of a plugin by an operator, read when a process starts."""

    plugin = fields.CharField(max_length=255, primary_key=True)
    values = fields.JSONField[dict[str, Any]]()
    # The secret fields, encrypted by the vault.
    sealed = fields.TextField(null=True)
    updated_at = fields.DatetimeField()

    class Meta:
        table = "plugin_settings"


class TestClockRow(Row):
    """The test clock: one row, or none while the app uses the real time."""

    id = fields.SmallIntField(primary_key=True)
    # The time at which it is frozen; null while it runs.
    held_at = fields.DatetimeField(null=True)
    # Since when it runs, and from which time; both are null while it is frozen or unchanged.
    resumed_from = fields.DatetimeField(null=True)
    resumed_at = fields.DatetimeField(null=True)
    # True while a move is in progress, during which the clock is frozen.
    is_passing = fields.BooleanField(default=False, db_default=False)
    version = fields.BigIntField()

    class Meta:
        table = "test_clock"


class AnswerConflictRow(Row):
    """A processor's response to a call that contradicts the stored outcome."""

    id = fields.BigIntField(primary_key=True)
    at = fields.DatetimeField()
    processor = fields.CharField(max_length=64)
    payment_id = fields.CharField(max_length=64)
    operation_id = fields.CharField(max_length=64)
    reason = fields.CharField(max_length=1000)

    class Meta:
        table = "answer_conflicts"
        unique_together = (("operation_id", "reason"),)


class ResolvedAttentionRow(Row):
    """A problem that an operator resolved, as it was then."""

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
        table = "resolved_attention"
