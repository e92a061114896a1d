"""Formats of identifiers, the port that creates them, and the id of the current request."""

from __future__ import annotations

import re
from contextvars import ContextVar
from enum import StrEnum
from typing import Protocol
from uuid import UUID

RANDOM_CHARS = 16
"""Letters and digits after the prefix: 62**16 values, or 95 bits."""
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


class IdKind(StrEnum):
    """Prefixes of ids; they say what an id identifies."""

    ORDER = "order_"
    LINK = "plink_"
    PAYMENT = "pay_"
    REFUND = "rfnd_"
    OPERATION = "op_"
    EVENT = "evt_"
    KEY = "key_"
    REQUEST = "req_"


_ORDER_NAME = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
_SHAPES = {kind: re.compile(rf"{kind}[A-Za-z0-9]{{{RANDOM_CHARS}}}") for kind in IdKind}


def is_id(kind: IdKind, text: str) -> bool:
    """Check whether ``text`` has the format of an id of that kind.

    No row has an id of another format, so no query is needed.
    """
    return _SHAPES[kind].fullmatch(text) is not None


def is_order_name(text: str) -> bool:
    """Check whether ``text`` can be an order's id: one of paygate's or one that a client chose."""
    return _ORDER_NAME.fullmatch(text) is not None


class Ids(Protocol):
    """Creates identifiers that cannot be guessed."""

    def new(self, kind: IdKind, *, of: str | None = None) -> str:
        """Return a new id: the prefix and sixteen letters and digits.

        Args:
            kind: The kind of id.
            of: A value that is unique for the kind, from which the id is derived. Runs that
                are replayed get the same id again, in any process.
        """
        ...

    def uuid(self) -> UUID:
        """Return a new UUID, for rows with UUID keys and for lease tokens."""
        ...

    def token(self) -> str:
        """Return a new secret of 32 random bytes, in letters, digits, ``-`` and ``_``."""
        ...

    def webhook_secret(self) -> str:
        """Return a new secret: ``whsec_`` and 32 random bytes in base64."""
        ...


REQUEST_ID: ContextVar[str | None] = ContextVar("request_id", default=None)
"""The id of the request that this task answers; tasks that it starts inherit it."""

# It is safe in headers and log lines.
_SENT_REQUEST_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/+=-]{0,127}")


def id_of_request(sent: str | None, ids: Ids) -> str:
    """Return the id of a new request, which its response and its log lines show.

    Args:
        sent: The id that the client or a proxy sent. It is used if it has at most 128
            characters, all of them letters, digits or ``._:/+=-``.
        ids: Creates a new one otherwise.
    """
    if sent is not None and _SENT_REQUEST_ID.fullmatch(sent):
        return sent
    return ids.new(IdKind.REQUEST)
