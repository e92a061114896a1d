"""Find a merchant's payments by one instrument without reading all of its payments."""

from tortoise import migrations
from tortoise.migrations import operations as ops

# Nobody waits long behind a change of a busy table; who loses the race starts again.
PATIENCE = "SET LOCAL lock_timeout = '5s'"

# A hash, because an instrument may be larger than an entry of an index.
INDEX = """
CREATE INDEX payments_by_instrument
    ON payments (merchant_id, method, jsonb_hash_extended(instrument, 0), created_at);
"""


class Migration(migrations.Migration):
    dependencies = [("paygate", "0018_ages")]

    initial = False

    operations = [ops.RunSQL(PATIENCE), ops.RunSQL(INDEX)]
