"""Indexes of filters that would otherwise read a merchant's whole history."""

from __future__ import annotations

from tortoise import migrations
from tortoise.migrations import operations as ops

# webhook_logs: an event that an endpoint does not subscribe to may have no delivery at all.
DELIVERIES = """
CREATE INDEX webhook_logs_newest_by_event ON webhook_logs (
    merchant_id, event, created_at, (coalesce(seq, 0)), id);
"""

# payments: the last digits of a card.
PAYMENTS = """
CREATE INDEX payments_newest_by_card ON payments (merchant_id, card_last4, created_at, id)
    WHERE card_last4 IS NOT NULL;
"""

# Parts of texts are found by their trigrams. PostgreSQL brings the extension along, but a
# system may have it in a package of its own, and a user may not be allowed to create it. Then
# such searches read all rows: `paygate doctor` says so, and this function is called again.
# A list of pending entries that is short keeps a single insert from merging thousands of them.
PARTS = """
CREATE FUNCTION paygate_index_texts() RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    CREATE EXTENSION IF NOT EXISTS pg_trgm;
    CREATE INDEX IF NOT EXISTS payments_vpa_parts ON payments
        USING gin (upper(vpa) gin_trgm_ops) WITH (gin_pending_list_limit = 512);
    CREATE INDEX IF NOT EXISTS orders_receipt_parts ON orders
        USING gin (upper(receipt) gin_trgm_ops) WITH (gin_pending_list_limit = 512);
    RETURN true;
EXCEPTION WHEN undefined_file OR insufficient_privilege OR feature_not_supported THEN
    RAISE WARNING 'parts of texts are not indexed: %', SQLERRM;
    RETURN false;
END $$;
SELECT paygate_index_texts();
"""


class Migration(migrations.Migration):
    dependencies = [("paygate", "0004_figures")]

    initial = False

    operations = [ops.RunSQL([DELIVERIES, PAYMENTS, PARTS])]
