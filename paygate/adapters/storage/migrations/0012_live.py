"""The order of events for those who follow them, and what operators set of plugins."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

# What was written before gets places by time, but never against a payment's own order:
# where a test had moved the clock back, an event is as late as the one before it.
POSITIONS = """
WITH late AS (
    SELECT id, payment_id, seq, max(created_at) OVER (
        PARTITION BY coalesce(payment_id, id) ORDER BY seq) AS at
    FROM events
),
placed AS (
    SELECT id, row_number() OVER (ORDER BY at, payment_id, seq, id) AS position FROM late
)
UPDATE events e SET position = placed.position FROM placed WHERE placed.id = e.id;
CREATE SEQUENCE events_position_seq OWNED BY events.position;
SELECT setval('events_position_seq', max(position)) FROM events HAVING max(position) IS NOT NULL;
ALTER TABLE events ALTER COLUMN position SET DEFAULT nextval('events_position_seq');
ALTER TABLE events ALTER COLUMN position SET NOT NULL;
CREATE INDEX events_merchant_position ON events (merchant_id, position);
"""

# Purging asks for what is old, and a plugin's health for what is young.
AGES = """
CREATE INDEX plugin_calls_started_at ON plugin_calls (started_at);
CREATE INDEX processor_callbacks_received_at ON processor_callbacks (received_at);
"""

# What waits for a person is rare, and asked for by every page that watches the workers.
SET_ASIDE = """
CREATE INDEX operations_set_aside ON operations (run_at) WHERE lease_state = 'dead';
CREATE INDEX webhook_logs_set_aside ON webhook_logs (created_at)
    WHERE status = 'failed' AND last_error IS NOT NULL;
"""


class Migration(migrations.Migration):
    dependencies = [("paygate", "0011_endpoints")]

    initial = False

    operations = [
        ops.AddField(
            model_name="EventRow",
            name="position",
            field=fields.BigIntField(null=True),
        ),
        ops.RunSQL(POSITIONS),
        ops.AlterField(
            model_name="EventRow",
            name="position",
            field=fields.BigIntField(),
        ),
        ops.CreateModel(
            name="PluginSettingRow",
            fields=[
                (
                    "plugin",
                    fields.CharField(primary_key=True, unique=True, db_index=True, max_length=255),
                ),
                ("values", fields.JSONField()),
                ("sealed", fields.TextField(null=True, unique=False)),
                ("updated_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "plugin_settings",
                "app": "paygate",
                "pk_attr": "plugin",
                "table_description": "What an operator set of a plugin, read when a process starts.",
            },
            bases=["Model"],
        ),
        ops.RunSQL(AGES),
        ops.RunSQL(SET_ASIDE),
    ]
