from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("paygate", "0003_idempotency")]

    initial = False

    operations = [
        ops.CreateModel(
            name="RefundRow",
            fields=[
                (
                    "id",
                    fields.CharField(primary_key=True, unique=True, db_index=True, max_length=64),
                ),
                (
                    "payment",
                    fields.ForeignKeyField(
                        "paygate.PaymentRow",
                        source_field="payment_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="refunds",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "merchant",
                    fields.ForeignKeyField(
                        "paygate.MerchantRow",
                        source_field="merchant_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="refunds",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("amount", fields.BigIntField()),
                ("reason", fields.TextField(null=True, unique=False)),
                ("status", fields.CharField(default="pending", max_length=20)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                (
                    "processed_at",
                    fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                ),
                ("currency", fields.CharField(max_length=3)),
            ],
            options={
                "table": "refunds",
                "app": "paygate",
                "indexes": [
                    Index(fields=["payment_id"]),
                    Index(fields=["merchant_id", "created_at"]),
                ],
                "pk_attr": "id",
                "table_description": "Money on its way back.",
            },
            bases=["Model"],
        ),
        ops.AddField(
            model_name="OperationRow",
            name="refund_id",
            field=fields.CharField(null=True, max_length=64),
        ),
        ops.RunSQL(
            """
            ALTER TABLE refunds
                ALTER COLUMN status SET DEFAULT 'pending',
                ALTER COLUMN created_at SET DEFAULT now(),
                ADD CONSTRAINT refunds_amount_check CHECK (amount > 0),
                ADD CONSTRAINT refunds_status_check
                    CHECK (status IN ('pending', 'processed', 'failed'));
            ALTER TABLE operations ADD CONSTRAINT operations_refund_check
                CHECK ((kind = 'refund') = (refund_id IS NOT NULL));
            CREATE UNIQUE INDEX operations_one_refund ON operations (refund_id);
            """
        ),
    ]
