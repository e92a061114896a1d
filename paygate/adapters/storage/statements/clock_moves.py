"""The app's time where a test has moved it.

A process that listens writes the version it has seen into the name of its
connection. Whoever moves the clock reads there who has not seen it yet, and the
name goes with the process.
"""

from .columns import IS_HELD

CHANNEL = "paygate_test_clock"
NAME = "paygate clock "

COLUMNS = "version, held_at, resumed_from, resumed_at, is_passing"

FIND = f"SELECT {COLUMNS} FROM test_clock"


def _told(move: str) -> str:
    # Nobody is told before it is committed: a notice goes out with the commit.
    return f"""
WITH moved AS ({move} RETURNING {COLUMNS})
SELECT {COLUMNS} FROM moved, pg_notify('{CHANNEL}', '')
"""


STOP = _told("""
    INSERT INTO test_clock AS c (id, is_passing, version) VALUES (1, true, 1)
    ON CONFLICT (id) DO UPDATE SET is_passing = true, version = c.version + 1
    WHERE c.held_at IS NULL""")

HOLD = _told("""
    INSERT INTO test_clock AS c (id, held_at, is_passing, version) VALUES (1, $1, $2, 1)
    ON CONFLICT (id) DO UPDATE SET held_at = excluded.held_at, is_passing = excluded.is_passing,
        resumed_from = NULL, resumed_at = NULL, version = c.version + 1
    WHERE c.held_at IS NULL OR excluded.held_at >= c.held_at""")

RELEASE = _told("""
    INSERT INTO test_clock AS c (id, version) VALUES (1, 1)
    ON CONFLICT (id) DO UPDATE SET held_at = NULL, is_passing = false,
        resumed_from = NULL, resumed_at = NULL, version = c.version + 1""")

# One that was only about to be moved goes on as before.
_RUN_ON = """
    UPDATE test_clock SET resumed_from = coalesce(held_at, resumed_from),
        resumed_at = CASE WHEN held_at IS NULL THEN resumed_at ELSE clock_timestamp() END,
        held_at = NULL, is_passing = false, version = version + 1"""

RESUME = _told(f"{_RUN_ON} WHERE held_at IS NOT NULL OR is_passing")

_TRY_LOCK = f"SELECT pg_try_advisory_xact_lock(hashtext('{CHANNEL}')) AS is_ours"

LOCK = _TRY_LOCK

# Whoever moves the clock has the lock until it lets it run on: with the lock to be had,
# they are gone.
RESUME_ABANDONED = _told(f"""{_RUN_ON}
    FROM ({_TRY_LOCK} OFFSET 0) AS turn WHERE is_passing AND turn.is_ours""")

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
