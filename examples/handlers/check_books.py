"""A check for ``paygate chaos`` that reads the shop's database: the file in ``SHOP_DATABASE``."""

from __future__ import annotations

import os
import sqlite3

QUERY = "SELECT status, amount_paid, amount_refunded FROM books WHERE payment_id = ?"


def main() -> None:
    """End with code 0 if the books are right; print why they are not."""
    payment_id = os.environ["CHAOS_PAYMENT_ID"]
    names = ("CHAOS_STATUS", "CHAOS_AMOUNT_PAID", "CHAOS_AMOUNT_REFUNDED")
    expected = tuple(os.environ[name] for name in names)
    with sqlite3.connect(os.environ["SHOP_DATABASE"]) as database:
        row = database.execute(QUERY, [payment_id]).fetchone() or ("pending", 0, 0)
    if tuple(map(str, row)) != expected:
        raise SystemExit(f"{payment_id}: the books say {row} instead of {expected}")


if __name__ == "__main__":
    main()
