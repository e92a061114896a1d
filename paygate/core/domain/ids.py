"""What an identifier looks like. Making them is the business of ``ports.ids``."""

from __future__ import annotations

import re
from enum import StrEnum

RANDOM_CHARS = 16
"""Letters and digits after the prefix: 62**16, or 95 bits."""

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


class IdKind(StrEnum):
    """The prefixes; an id says by itself what it names."""

    ORDER = "order_"
    PAYMENT = "pay_"
    REFUND = "rfnd_"
    OPERATION = "op_"
    EVENT = "evt_"
    KEY = "key_"


_ORDER_NAME = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
_SHAPES = {kind: re.compile(rf"{kind}[A-Za-z0-9]{{{RANDOM_CHARS}}}") for kind in IdKind}


def is_id(kind: IdKind, text: str) -> bool:
    """Whether ``text`` could be an id of that kind.

    An id of another shape names nothing, so nobody need ask the database.
    """
    return _SHAPES[kind].fullmatch(text) is not None


def is_order_name(text: str) -> bool:
    """Whether an order could be called that: by us, or by a client that names its own."""
    return _ORDER_NAME.fullmatch(text) is not None
