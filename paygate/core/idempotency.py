"""Idempotency keys and the answers stored under them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from .errors import InvalidInputError

RETENTION = timedelta(hours=24)
"""After this long a key is forgotten, and using it again is a new request."""
WAIT_MAX = timedelta(seconds=2)
"""A request whose twin is under way waits this long for the twin's answer."""
KEY_CHARS_MAX = 255
_KEY = re.compile(rf"[\x20-\x7e]{{1,{KEY_CHARS_MAX}}}")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a request was answered, to the byte."""

    status: int
    body: bytes


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """An answer that was given, and to what.

    Args:
        fingerprints: Of the request: keyed, so that nobody who reads the database
            can find out what was in it by trying; one for each key of the vault.
        answer: What it was answered, as it is stored.
        expires_at: When it is forgotten, in UTC.
    """

    fingerprints: frozenset[str]
    answer: Answer
    expires_at: datetime


def read_key(header: str | None) -> str | None:
    """The key in an ``Idempotency-Key`` header; None when there is none.

    Quotes around it are optional: ``abc`` and ``"abc"`` are the same key.

    Raises:
        InvalidInputError: It is too long or not printable ASCII.
    """
    if header is None:
        return None
    key = header.strip()
    if len(key) >= 2 and key[0] == key[-1] == '"':
        key = key[1:-1]
    if not key:
        return None
    if not _KEY.fullmatch(key):
        raise InvalidInputError(
            "Idempotency-Key must be 1 to 255 printable ASCII characters",
            field="Idempotency-Key",
        )
    return key


class IdempotencyRepository(Protocol):
    """Answers that were given, by merchant and key. Only inside a transaction."""

    async def lock(self, merchant_id: UUID, key: str) -> bool:
        """Be the only one at work on this key until the transaction ends; False if not.

        The lock goes with the connection: a process that dies holds nothing.
        """
        ...

    async def find(self, merchant_id: UUID, key: str) -> StoredAnswer | None:
        """What was answered under this key."""
        ...

    async def save(
        self, merchant_id: UUID, key: str, remembered: StoredAnswer, *, at: datetime
    ) -> bool:
        """Keep an answer, in the place of one that has expired; False if one has not."""
        ...

    async def purge(self, *, now: datetime, limit: int) -> int:
        """Forget expired answers; how many."""
        ...
