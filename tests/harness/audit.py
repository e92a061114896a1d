"""Inconsistent rows of a database, and a comparison with the record of the simulated processors."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from paygate import OperationKind
from paygate.simulator.book import Book, Entry

Fetch = Callable[[str], Awaitable[Sequence[Mapping[str, Any]]]]

# Name → a statement that finds such rows.
WRONG = {
    "refunded money without a refund": """
        SELECT id FROM payments p WHERE amount_refunded <> (
            SELECT coalesce(sum(amount), 0) FROM refunds r
            WHERE r.payment_id = p.id AND r.status <> 'failed')""",
    "events with a gap": """
        SELECT payment_id FROM events WHERE payment_id IS NOT NULL
        GROUP BY payment_id HAVING count(*) <> max(seq)""",
    "a payment whose last event is not its last": """
        SELECT id FROM payments p WHERE last_seq <> (
            SELECT max(seq) FROM events e WHERE e.payment_id = p.id)""",
    "an order paid twice": """
        SELECT order_id FROM payments WHERE status = 'success'
        GROUP BY order_id HAVING count(*) > 1""",
    "an order whose status is not its payments'": """
        SELECT id FROM orders o WHERE (o.status = 'paid') <> EXISTS (
            SELECT 1 FROM payments p WHERE p.order_id = o.id AND p.status = 'success')""",
    "a delivery whose bytes are not its event's": """
        SELECT w.id FROM webhook_logs w JOIN events e ON e.id = w.event_id
        WHERE w.payload::text <> e.payload::text""",
    # A worker that is alive may be asking a processor again what became of a charge.
    "a lease without a worker": """
        SELECT id FROM operations WHERE lease_token IS NOT NULL AND lease_owner NOT IN (
            SELECT id FROM workers WHERE heartbeat_at > clock_timestamp() - interval '10 s')""",
    "a refund that ended otherwise than its operation": """
        SELECT r.id FROM refunds r JOIN operations o ON o.refund_id = r.id
        WHERE (r.status, o.state) NOT IN (('processed', 'succeeded'), ('failed', 'failed'))
            AND (r.status <> 'pending' OR o.state IN ('succeeded', 'failed'))""",
}
OPERATIONS = """
SELECT o.id, o.payment_id, o.kind, o.state, o.reference, p.capture_mode
FROM operations o JOIN payments p ON p.id = o.payment_id WHERE o.kind <> 'wake'
"""
MONEY = """
SELECT p.id, p.amount_captured, (SELECT coalesce(sum(r.amount), 0)::bigint FROM refunds r
    WHERE r.payment_id = p.id AND r.status = 'processed') AS refunded
FROM payments p
"""
# A manual review is settled without the simulator.
BY_HAND = "settled_"


async def differences(book: Book, fetch: Fetch) -> list[str]:
    """List what the processors did and the database does not say, and the other way round.

    Args:
        book: Written by the simulators of this database, and by no other.
        fetch: Runs a statement and returns its rows.

    Returns:
        One sentence for each difference; none when every operation is settled and agrees.
    """
    newest = {entry.operation_id: entry for entry in book.entries()}
    rows = {row["id"]: row for row in await fetch(OPERATIONS)}
    found = [
        f"{entry.kind} {id}: the processor approved it, the database has {_state(rows, id)}"
        for id, entry in newest.items()
        if _is_approved(entry) and _state(rows, id) != f"{entry.kind} succeeded"
    ]
    found += [
        f"{row['kind']} {id}: the database has it succeeded, the processor never approved it"
        for id, row in rows.items()
        if row["state"] == "succeeded" and not _is_approved(newest.get(id)) and not _is_manual(row)
    ]
    return found + _money(newest.values(), rows, await fetch(MONEY))


def _money(
    entries: Any, rows: Mapping[str, Mapping[str, Any]], payments: Sequence[Mapping[str, Any]]
) -> list[str]:
    taken: dict[str, int] = defaultdict(int)
    refunded: dict[str, int] = defaultdict(int)
    for entry in filter(_is_approved, entries):
        if entry.operation_id not in rows:
            continue
        takes = (
            OperationKind.CHARGE
            if rows[entry.operation_id]["capture_mode"] == "automatic"
            else OperationKind.CAPTURE
        )
        if entry.kind is takes:
            taken[entry.payment_id] += entry.amount.minor
        if entry.kind is OperationKind.REFUND:
            refunded[entry.payment_id] += entry.amount.minor
    settled = {row["payment_id"] for row in rows.values() if _is_manual(row)}
    return [
        f"payment {row['id']}: the processor took {theirs[0]} and gave back {theirs[1]}, "
        f"the database has {ours[0]} and {ours[1]}"
        for row in payments
        if row["id"] not in settled
        and (theirs := (taken[row["id"]], refunded[row["id"]]))
        != (ours := (row["amount_captured"], row["refunded"]))
    ]


def _is_approved(entry: Entry | None) -> bool:
    return entry is not None and entry.decision is not None and entry.decision.is_approved


def _is_manual(row: Mapping[str, Any]) -> bool:
    return (row["reference"] or "").startswith(BY_HAND)


def _state(rows: Mapping[str, Mapping[str, Any]], id: str) -> str:
    return f"{rows[id]['kind']} {rows[id]['state']}" if id in rows else "no such operation"
