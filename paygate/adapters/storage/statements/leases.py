"""What both tables of work have in common, written once for each."""

from __future__ import annotations

from dataclasses import dataclass

from ....core.queue.lease import Table
from .columns import LEASE_SQL, NO_LEASE


@dataclass(frozen=True, slots=True)
class LeaseStatements:
    """The statements about leases on one table."""

    renew: str
    hand_back: str
    hand_back_unheld: str
    free_orphans: str
    next_due: str


def lease_statements(
    table: Table, *, ready: str, due: str, id_type: str, of_queue: str = "true"
) -> LeaseStatements:
    """Write them for a table.

    Args:
        table: Its name.
        ready: The condition for a row to be work.
        due: The column that says when.
        id_type: The type of its ``id``.
        of_queue: A condition for the rows of one queue, where several share the table.
    """
    # A row that someone else has locked is left out: one of them must not hold up the
    # leases of all. Its own runs out, or is ended by whoever locked it.
    mine = f"""WITH mine AS (
            SELECT t.id FROM json_to_recordset($1::json) AS i(row_id {id_type}, token uuid)
                JOIN {table} t ON t.id = i.row_id
            WHERE t.lease_token = i.token ORDER BY t.id FOR UPDATE OF t SKIP LOCKED
        )"""
    return LeaseStatements(
        renew=f"""{mine}
            UPDATE {table} t SET lease_until = clock_timestamp() + {LEASE_SQL} FROM mine
            WHERE t.id = mine.id AND t.lease_until > clock_timestamp()""",
        hand_back=f"""{mine}
            UPDATE {table} t SET claims = greatest(0, t.claims - 1), {NO_LEASE} FROM mine
            WHERE t.id = mine.id""",
        hand_back_unheld=f"""WITH unheld AS (
                SELECT t.id FROM {table} t
                WHERE t.lease_token IS NOT NULL AND t.lease_owner = $1 AND {of_queue}
                    AND NOT EXISTS (
                        SELECT FROM json_to_recordset($2::json) AS i(row_id {id_type}, token uuid)
                        WHERE i.row_id = t.id AND i.token = t.lease_token)
                ORDER BY t.id FOR UPDATE OF t SKIP LOCKED
            )
            UPDATE {table} t SET claims = greatest(0, t.claims - 1), {NO_LEASE} FROM unheld
            WHERE t.id = unheld.id""",
        free_orphans=f"""WITH lost AS (
                SELECT id FROM {table} WHERE lease_token IS NOT NULL AND lease_owner NOT IN (
                    SELECT id FROM workers WHERE heartbeat_at > clock_timestamp() - $1::interval
                ) ORDER BY id FOR UPDATE SKIP LOCKED
            )
            UPDATE {table} t SET {NO_LEASE} FROM lost WHERE t.id = lost.id RETURNING t.id""",
        next_due=f"SELECT min({due}) FROM {table} WHERE {ready} AND {due} > $1",
    )


OPERATIONS = lease_statements(
    "operations",
    ready="lease_state = 'ready'",
    due="run_at",
    id_type="text",
    of_queue="t.kind = ANY($3::text[])",
)
DELIVERIES = lease_statements(
    "webhook_logs", ready="status = 'pending'", due="next_retry_at", id_type="uuid"
)
