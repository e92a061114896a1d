"""Mark the merchants that development seeds and tests open: production refuses them."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

# Do not queue behind a long transaction on a busy table: run the migration again instead.
PATIENCE = "SET LOCAL lock_timeout = '5s'"

MARK = """
ALTER TABLE merchants ALTER COLUMN is_test SET DEFAULT false;
UPDATE merchants SET is_test = true
WHERE id = '550e8400-e29b-41d4-a716-446655440000' OR api_key = 'key_test_abc123'
    OR split_part(email, '@', 2) = 'namespace.invalid';
"""


class Migration(migrations.Migration):
    dependencies = [("paygate", "0014_allowed_origins")]

    initial = False

    operations = [
        ops.RunSQL(PATIENCE),
        ops.AddField(
            model_name="MerchantRow", name="is_test", field=fields.BooleanField(default=False)
        ),
        ops.RunSQL(MARK),
    ]
