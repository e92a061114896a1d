"""What must stay right while the vault's key is replaced."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("paygate", "0019_instrument_history")]

    initial = False

    operations = [
        # Neither rewrites its table: only the catalog changes, behind a short lock.
        ops.RunSQL("SET LOCAL lock_timeout = '5s'"),
        ops.AddField(
            model_name="OrderRow",
            name="client_secret_sha256",
            field=fields.CharField(null=True, max_length=64),
        ),
        ops.AlterField(
            model_name="IdempotencyKeyRow",
            name="fingerprint",
            field=fields.TextField(unique=False),
        ),
    ]
