"""What a simulated story needs: a clock to move, callbacks, recorded calls, scenarios."""

from tortoise import fields, migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from paygate.adapters.storage.exact_json import ExactJsonField

RULES = """
ALTER TABLE processor_callbacks
    ADD CONSTRAINT processor_callbacks_effect_check CHECK (effect IN (
        'received', 'applied', 'duplicate', 'no_effect', 'refused', 'quarantined', 'conflict'));
ALTER TABLE test_clock ADD CONSTRAINT test_clock_one_row CHECK (id = 1);
"""


class Migration(migrations.Migration):
    dependencies = [("paygate", "0005_manual_capture")]

    initial = False

    operations = [
        ops.AddField(
            model_name="PaymentRow",
            name="scenario",
            field=fields.CharField(null=True, max_length=64),
        ),
        ops.AddField(
            model_name="PaymentRow",
            name="next_action",
            field=fields.JSONField(null=True),
        ),
        ops.CreateModel(
            name="CallbackRow",
            fields=[
                ("id", fields.BigIntField(primary_key=True, unique=True, db_index=True)),
                ("processor", fields.CharField(max_length=64)),
                ("received_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("headers", fields.JSONField()),
                ("body", fields.BinaryField()),
                ("dedupe_key", fields.CharField(null=True, max_length=255)),
                ("operation_id", fields.CharField(null=True, max_length=64)),
                ("payment_id", fields.CharField(null=True, max_length=64)),
                ("effect", fields.CharField(max_length=20)),
                ("reason", fields.TextField(null=True, unique=False)),
            ],
            options={
                "table": "processor_callbacks",
                "app": "paygate",
                "unique_together": (("processor", "dedupe_key"),),
                "indexes": [Index(fields=["payment_id"]), Index(fields=["effect"])],
                "pk_attr": "id",
                "table_description": "What a processor sent us, as it came, and what became of it.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="PluginCallRow",
            fields=[
                ("id", fields.BigIntField(primary_key=True, unique=True, db_index=True)),
                ("payment_id", fields.CharField(max_length=64)),
                ("operation_id", fields.CharField(max_length=64)),
                ("name", fields.CharField(max_length=20)),
                ("started_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("took_ms", fields.IntField()),
                ("given", ExactJsonField(unique=False)),
                ("answer", ExactJsonField(unique=False)),
            ],
            options={
                "table": "plugin_calls",
                "app": "paygate",
                "indexes": [Index(fields=["payment_id"])],
                "pk_attr": "id",
                "table_description": "One call of a processor's plugin, without what must not be kept.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="TestClockRow",
            fields=[
                ("id", fields.SmallIntField(primary_key=True, unique=True, db_index=True)),
                ("held_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("version", fields.BigIntField()),
            ],
            options={
                "table": "test_clock",
                "app": "paygate",
                "pk_attr": "id",
                "table_description": "The app's time where a test has moved it; one row, or none.",
            },
            bases=["Model"],
        ),
        ops.RunSQL(RULES),
    ]
