"""The same handler without the mistakes of ``naive.py``. ``paygate chaos`` finds none."""

from __future__ import annotations

import os
import sqlite3
from typing import Any

from shop_server import serve

# A status only moves to one that is further to the right.
STATUSES = ["pending", "failed", "success"]
NEW_STATUS = {"payment.success": "success", "payment.failed": "failed"}
TABLES = """
CREATE TABLE IF NOT EXISTS received (event_id TEXT PRIMARY KEY);
CREATE TABLE IF NOT EXISTS books (
    payment_id TEXT PRIMARY KEY,
    status TEXT NOT NULL DEFAULT 'pending',
    amount_paid INTEGER NOT NULL DEFAULT 0,
    amount_refunded INTEGER NOT NULL DEFAULT 0
);
"""


class FixedShop:
    """A shop that counts each event once, whatever the order."""

    def __init__(self, file: str) -> None:
        self._database = sqlite3.connect(file, check_same_thread=False)
        self._database.executescript(TABLES)
        self._database.row_factory = sqlite3.Row

    def receive(self, event_id: str, event: dict[str, Any]) -> None:
        # In one transaction: an event is recorded with what it changed, or not at all.
        with self._database as database:
            recorded = database.execute("INSERT OR IGNORE INTO received VALUES (?)", [event_id])
            if recorded.rowcount == 1:
                self._count(event["event"], event["data"])

    def _count(self, type: str, data: dict[str, Any]) -> None:
        books = self.books(data["payment_id"])
        if type == "payment.success":
            books["amount_paid"] += data["amount"]
        if type == "refund.processed":
            books["amount_refunded"] += data["amount"]
        newer = NEW_STATUS.get(type, "pending")
        books["status"] = max(books["status"], newer, key=STATUSES.index)
        self._database.execute(
            "INSERT OR REPLACE INTO books VALUES (?, ?, ?, ?)",
            [data["payment_id"], *books.values()],
        )

    def books(self, payment_id: str) -> dict[str, Any]:
        row = self._database.execute(
            "SELECT status, amount_paid, amount_refunded FROM books WHERE payment_id = ?",
            [payment_id],
        ).fetchone()
        return dict(row) if row else {"status": "pending", "amount_paid": 0, "amount_refunded": 0}


if __name__ == "__main__":
    serve(FixedShop(os.environ.get("SHOP_DATABASE", ":memory:")))
