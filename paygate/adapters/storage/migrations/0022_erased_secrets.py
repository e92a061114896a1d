"""Details of instruments are found by their age, to be erased."""

from tortoise import migrations
from tortoise.migrations import operations as ops

# Of the operations that are not decided a few at a time, and so a small index.
INDEX = """
CREATE INDEX operations_sealed ON operations (created_at)
    WHERE sealed IS NOT NULL AND sealed <> 'erased'
"""


class Migration(migrations.Migration):
    dependencies = [("paygate", "0021_ends_of_keys")]

    initial = False

    operations = [
        ops.RunSQL("SET LOCAL lock_timeout = '5s'"),
        ops.RunSQL(INDEX),
    ]
