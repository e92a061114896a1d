"""The merchant's own key pair rotates and is revoked; keys expire, and end with their user."""

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("paygate", "0020_key_rotation")]

    initial = False

    operations = [
        # None rewrites its table: only the catalog changes, behind a short lock.
        ops.RunSQL("SET LOCAL lock_timeout = '5s'"),
        ops.AddField(
            model_name="MerchantRow",
            name="api_previous_secret",
            field=fields.CharField(null=True, max_length=64),
        ),
        ops.AddField(
            model_name="MerchantRow",
            name="api_previous_until",
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddField(
            model_name="MerchantRow",
            name="api_revoked_at",
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddField(
            model_name="ApiKeyRow",
            name="expires_at",
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddField(
            model_name="ApiKeyRow",
            name="created_by",
            field=fields.ForeignKeyField(
                "paygate.UserRow",
                source_field="created_by",
                null=True,
                db_constraint=True,
                to_field="id",
                related_name="api_keys",
                on_delete=OnDelete.RESTRICT,
            ),
        ),
        ops.RunSQL("CREATE INDEX api_keys_created_by ON api_keys (created_by)"),
    ]
