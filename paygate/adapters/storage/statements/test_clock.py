"""The app's time where a test has moved it.

A process that listens writes the version it has seen into the name of its
connection. Whoever moves the clock reads there who has not seen it yet, and the
name goes with the process.
"""

from .columns import IS_HELD

CHANNEL = "paygate_test_clock"
NAME = "paygate clock "

FIND = "SELECT held_at, version FROM test_clock"

# Nobody is told before it is committed: a notice goes out with the commit.
HOLD = f"""
WITH moved AS (
    INSERT INTO test_clock AS c (id, held_at, version) VALUES (1, $1, 1)
    ON CONFLICT (id) DO UPDATE SET held_at = excluded.held_at, version = c.version + 1
    WHERE c.held_at IS NULL OR excluded.held_at IS NULL OR excluded.held_at >= c.held_at
    RETURNING held_at, version
)
SELECT held_at, version, pg_notify('{CHANNEL}', '') FROM moved
"""

LOCK = f"SELECT pg_try_advisory_xact_lock(hashtext('{CHANNEL}'))"

AHEAD = f"""
WITH work AS (
    SELECT run_at AS due_at FROM operations WHERE lease_state = 'ready'
    UNION ALL
    SELECT next_retry_at FROM webhook_logs w WHERE status = 'pending' AND NOT ({IS_HELD})
)
SELECT EXISTS (SELECT FROM work WHERE due_at <= $1) AS is_due,
    (SELECT min(due_at) FROM work WHERE due_at > $1) AS next_at
"""

SAY_SEEN = f"SELECT set_config('application_name', '{NAME}' || $1::bigint, false)"

BEHIND = f"""
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database()
    AND CASE WHEN application_name ~ '^{NAME}[0-9]+$'
        THEN substr(application_name, {len(NAME) + 1})::bigint < $1 END
"""
