"""The clauses K1 to K20 of the common contract, each declared once.

Every client of the five older gateways relies on them. A test of paygate runs each of them against
paygate itself.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..case import Clause
from . import follow_up, installation, orders, payments, webhooks

_MODULES = (installation, orders, payments, follow_up, webhooks)

CLAUSES: Sequence[Clause] = tuple(
    sorted(
        (each for module in _MODULES for each in vars(module).values() if isinstance(each, Clause)),
        key=lambda each: each.number,
    )
)
"""Every clause, in the order of the contract."""
