"""A test clock that runs on from where it was moved."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("paygate", "0022_erased_secrets")]

    initial = False

    operations = [
        ops.AddField(
            model_name="TestClockRow",
            name="resumed_from",
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddField(
            model_name="TestClockRow",
            name="resumed_at",
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddField(
            model_name="TestClockRow",
            name="is_passing",
            field=fields.BooleanField(default=False, db_default=False),
        ),
    ]
