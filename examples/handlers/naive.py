"""A webhook handler with two common mistakes. ``paygate chaos`` finds both."""

from __future__ import annotations

from typing import Any

from shop_server import serve

STATUSES = {
    "payment.created": "pending",
    "payment.pending": "pending",
    "payment.success": "success",
    "payment.failed": "failed",
}


class NaiveShop:
    """A shop that believes that each event comes once, and in order."""

    def __init__(self) -> None:
        self._books: dict[str, dict[str, Any]] = {}

    def receive(self, event_id: str, event: dict[str, Any]) -> None:
        data = event["data"]
        books = self.books(data["payment_id"])
        # The first mistake: an event that comes twice is counted twice.
        if event["event"] == "payment.success":
            books["amount_paid"] += data["amount"]
        if event["event"] == "refund.processed":
            books["amount_refunded"] += data["amount"]
        # The second: the event that comes last is taken for the newest.
        books["status"] = STATUSES.get(event["event"], books["status"])

    def books(self, payment_id: str) -> dict[str, Any]:
        empty = {"status": "pending", "amount_paid": 0, "amount_refunded": 0}
        return self._books.setdefault(payment_id, empty)


if __name__ == "__main__":
    serve(NaiveShop())
