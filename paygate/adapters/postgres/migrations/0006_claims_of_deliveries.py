"""What a claim of deliveries reads, whatever its plan."""

from __future__ import annotations

from tortoise import migrations
from tortoise.migrations import operations as ops

# The predicate has ``attempts < 1`` where ``webhook_logs_first`` has ``attempts = 0``. The numbers are
# the same, but a search for the deliveries of one payment must not use an index of all first
# attempts, which looks as cheap while the table is small.
UNTRIED = """
DROP INDEX webhook_logs_untried;
CREATE INDEX webhook_logs_untried ON webhook_logs (payment_id, endpoint_id, seq)
    WHERE status = 'pending' AND attempts < 1;
"""

# In this order, and without bitmaps, the index of the leases is read. Other plans read all
# deliveries of an endpoint, or leave the entries of ended leases in the index.
LEASED = """
SELECT w.endpoint_id FROM webhook_logs w
WHERE w.lease_token IS NOT NULL AND w.lease_until > clock_timestamp()
ORDER BY w.lease_until
"""

# Each query of a volatile function has its own snapshot, so leases are counted after the locks are
# held, and two workers together do not exceed the share of an endpoint. A worker that does not get
# the lock of an endpoint leaves it to the other. The locks are released at the end of the
# transaction that claims.
SLOTS = f"""
DROP FUNCTION paygate_delivery_slots(uuid, int);
DROP INDEX webhook_logs_leased_by_endpoint;
CREATE FUNCTION paygate_leased_deliveries()
RETURNS TABLE (endpoint_id uuid, leased bigint)
LANGUAGE plpgsql VOLATILE SET enable_bitmapscan = off AS $$
BEGIN
    RETURN QUERY
        WITH found AS MATERIALIZED ({LEASED})
        SELECT found.endpoint_id, count(*) FROM found GROUP BY found.endpoint_id;
END $$;
CREATE FUNCTION paygate_delivery_slots(endpoints uuid[], share int)
RETURNS TABLE (endpoint_id uuid, free int) LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    locked uuid[];
BEGIN
    SELECT array_agg(endpoint) INTO locked FROM unnest(endpoints) AS endpoint
    WHERE pg_try_advisory_xact_lock(hashtext('paygate_delivery_slots'), hashtext(endpoint::text));
    RETURN QUERY
        SELECT endpoint, greatest(0, share - coalesce(busy.leased, 0))::int
        FROM unnest(locked) AS endpoint
            LEFT JOIN paygate_leased_deliveries() AS busy ON busy.endpoint_id = endpoint;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("paygate", "0005_filters")]

    initial = False

    operations = [ops.RunSQL([UNTRIED, SLOTS])]
