"""Finding what has been kept long enough."""

from tortoise import migrations
from tortoise.migrations import operations as ops

# Rows are appended in the order of their times, so that an index of ranges of pages is
# enough: it takes a few pages itself, and costs writers nothing.
AGES = """
CREATE INDEX events_age ON events USING brin (created_at);
CREATE INDEX webhook_logs_age ON webhook_logs USING brin (created_at);
CREATE INDEX payment_decisions_age ON payment_decisions USING brin (decided_at);
"""


class Migration(migrations.Migration):
    dependencies = [("paygate", "0017_definite_answers")]

    initial = False

    operations = [ops.RunSQL(AGES)]
