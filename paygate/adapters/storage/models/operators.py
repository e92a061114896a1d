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
