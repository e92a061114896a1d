"""An e-mail address is one user's of each merchant, and no longer of all of them."""

from tortoise import migrations
from tortoise.migrations import operations as ops

UNIQUE = """
ALTER TABLE users DROP CONSTRAINT users_email_key;
CREATE UNIQUE INDEX users_email_of_merchant ON users (email, merchant_id);
"""


class Migration(migrations.Migration):
    dependencies = [("paygate", "0024_sealed_default_secret")]

    initial = False

    operations = [
        ops.RunSQL("SET LOCAL lock_timeout = '5s'"),
        ops.RunSQL(UNIQUE),
    ]
