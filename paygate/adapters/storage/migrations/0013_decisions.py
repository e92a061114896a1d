"""Who chose a payment's processor, who looked at its risk, and what they said."""

from tortoise import fields, migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from paygate.adapters.storage.exact_json import ExactJsonField

RULES = """
ALTER TABLE payment_decisions
    ADD CONSTRAINT payment_decisions_kind_check CHECK (kind IN ('route', 'risk'));
"""


class Migration(migrations.Migration):
    dependencies = [("paygate", "0012_live")]

    initial = False

    operations = [
        ops.CreateModel(
            name="DecisionRow",
            fields=[
                ("id", fields.BigIntField(primary_key=True, unique=True, db_index=True)),
                ("payment_id", fields.CharField(max_length=64)),
                ("kind", fields.CharField(max_length=20)),
                ("chosen", fields.CharField(max_length=64)),
                ("decided_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("took_ms", fields.IntField()),
                ("data", ExactJsonField(unique=False)),
            ],
            options={
                "table": "payment_decisions",
                "app": "paygate",
                "indexes": [Index(fields=["payment_id"])],
                "pk_attr": "id",
                "table_description": "What plugins decided about a payment before its processor was asked, and who said what.",
            },
            bases=["Model"],
        ),
        ops.RunSQL(RULES),
    ]
