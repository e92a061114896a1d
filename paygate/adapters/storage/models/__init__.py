"""The tables. Merchants read and write some of them with SQL, so names are promises.

Models serve migrations and the cold paths. The hot paths are in ``statements``.
Rows never leave ``storage``: ``mapping`` turns them into entities.
"""

from . import accounts, decisions, endpoints, operators, payments
from .base import APP

MODULES = (payments, accounts, endpoints, operators, decisions)

__all__ = ["APP", "MODULES"]
