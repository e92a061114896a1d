"""What needs attention: conflicts of workers' own, and what operators resolved."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("paygate", "0025_users_of_merchants")]

    initial = False

    operations = [
        ops.CreateModel(
            name="AnswerConflictRow",
            fields=[
                ("id", fields.BigIntField(primary_key=True, unique=True, db_index=True)),
                ("at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("processor", fields.CharField(max_length=64)),
                ("payment_id", fields.CharField(max_length=64)),
                ("operation_id", fields.CharField(max_length=64)),
                ("reason", fields.CharField(max_length=1000)),
            ],
            options={
                "table": "answer_conflicts",
                "app": "paygate",
                "unique_together": (("operation_id", "reason"),),
                "pk_attr": "id",
                "table_description": "A processor's answer, not a callback, that contradicts "
                "what is settled.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="ResolvedAttentionRow",
            fields=[
                (
                    "id",
                    fields.CharField(max_length=100, primary_key=True, unique=True, db_index=True),
                ),
                ("kind", fields.CharField(max_length=20)),
                ("at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("processor", fields.CharField(max_length=64)),
                ("payment_id", fields.CharField(null=True, max_length=64)),
                ("operation_id", fields.CharField(null=True, max_length=64)),
                ("reason", fields.TextField(null=True, unique=False)),
                ("merchant_id", fields.UUIDField(null=True)),
                ("resolved_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("resolved_by", fields.CharField(max_length=255)),
                ("note", fields.TextField(unique=False)),
            ],
            options={
                "table": "resolved_attention",
                "app": "paygate",
                "pk_attr": "id",
                "table_description": "What needed attention, as it was when an operator "
                "resolved it.",
            },
            bases=["Model"],
        ),
    ]
