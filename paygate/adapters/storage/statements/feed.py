"""Events in the one order in which everybody reads them."""

SEQUENCE = "events_position_seq"

HEAD = f"SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM {SEQUENCE}"

# A statement that writes events takes this lock before it takes a position, and its
# transaction keeps it until what it wrote can be seen: locks go last.
WRITERS = """
SELECT DISTINCT virtualtransaction FROM pg_locks
WHERE locktype = 'relation' AND relation = 'events'::regclass AND granted
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND mode IN ('RowExclusiveLock', 'ShareRowExclusiveLock', 'ExclusiveLock',
        'AccessExclusiveLock')
"""

BETWEEN = """
SELECT position, merchant_id, type, payload::text AS payload FROM events
WHERE merchant_id = ANY($1::uuid[]) AND position > $2 AND position <= $3
ORDER BY position LIMIT $4
"""
