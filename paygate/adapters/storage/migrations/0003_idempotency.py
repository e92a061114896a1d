from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from paygate.adapters.storage.exact_json import ExactJsonField


class Migration(migrations.Migration):
    dependencies = [("paygate", "0002_rules")]

    initial = False

    operations = [
        ops.CreateModel(
            name="IdempotencyKeyRow",
            fields=[
                (
                    "key",
                    fields.CharField(primary_key=True, unique=True, db_index=True, max_length=255),
                ),
                (
                    "merchant",
                    fields.ForeignKeyField(
                        "paygate.MerchantRow",
                        source_field="merchant_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="idempotency_keys",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("response", ExactJsonField(unique=False)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("expires_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("fingerprint", fields.CharField(max_length=64)),
                ("response_code", fields.IntField()),
            ],
            options={
                "table": "idempotency_keys",
                "app": "paygate",
                "indexes": [Index(fields=["expires_at"])],
                "pk_attr": "key",
                "table_description": "What a request was answered. The primary key is (key, merchant_id).",
            },
            bases=["Model"],
        ),
        ops.RunSQL(
            """
            ALTER TABLE idempotency_keys
                DROP CONSTRAINT idempotency_keys_pkey,
                ADD PRIMARY KEY (key, merchant_id),
                ALTER COLUMN created_at SET DEFAULT now();
            """
        ),
    ]
