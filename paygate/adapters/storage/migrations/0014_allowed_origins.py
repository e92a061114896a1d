"""Which pages may frame the checkout of a merchant's orders."""

from tortoise import migrations
from tortoise.contrib.postgres.fields import ArrayField
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("paygate", "0013_decisions")]

    initial = False

    operations = [
        ops.AlterModelOptions(
            name="MerchantRow",
            options={
                "table": "merchants",
                "app": "paygate",
                "pk_attr": "id",
                "table_description": "Who gets the money. The webhook's columns and the origins may be set by SQL.",
            },
        ),
        ops.AddField(
            model_name="MerchantRow",
            name="allowed_origins",
            field=ArrayField("text", null=True),
        ),
    ]
