"""The shapes of identifiers, and the port that makes them."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Protocol
from uuid import UUID

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


class Ids(Protocol):
    """Makes identifiers that nobody can guess."""

    def new(self, kind: IdKind, *, of: str | None = None) -> str:
        """A fresh id: the prefix and sixteen letters and digits.

        Args:
            kind: Of what.
            of: What it follows from, unique for its kind: runs that are replayed give
                it the same id again, in whatever process.
        """
        ...

    def uuid(self) -> UUID:
        """A fresh UUID, for rows whose id is one and for lease tokens."""
        ...

    def token(self) -> str:
        """A fresh secret of 32 random bytes, in letters, digits, ``-`` and ``_``."""
        ...

    def webhook_secret(self) -> str:
        """A fresh secret: ``whsec_`` and 32 random bytes in base64."""
        ...
