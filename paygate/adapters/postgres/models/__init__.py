"""The tables. Merchants read and write some of them with SQL, so names are promises.

Models serve migrations and statements that are seldom run; the others are SQL, beside
the repository that runs them. Rows never leave ``postgres``.
"""

from . import accounts, endpoints, operators, payments
from .base import APP

MODULES = (payments, accounts, endpoints, operators)

__all__ = ["APP", "MODULES"]
