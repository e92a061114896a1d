"""Tortoise models of the tables.

Merchants read and write some tables with SQL, so their names must not change. Models are
used by migrations and by rare statements; frequent statements are SQL in ``tables``. Rows are
not used outside ``postgres``.
"""

from . import accounts, endpoints, operators, payments
from .base import APP

MODULES = (payments, accounts, endpoints, operators)

__all__ = ["APP", "MODULES"]
