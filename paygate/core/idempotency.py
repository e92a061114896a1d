"""Idempotency keys and the responses stored under them."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from .errors import InvalidInputError
from .vault import Vault

RETENTION = timedelta(hours=24)
"""After at least this time a key is deleted, and a request with it is a new request."""
WAIT_MAX = timedelta(seconds=2)
"""How long a request waits for the response of a concurrent request with the same key."""
KEY_CHARS_MAX = 255
_KEY = re.compile(rf"[\x20-\x7e]{{1,{KEY_CHARS_MAX}}}")


@dataclass(frozen=True, slots=True)
class Answer:
    """The response to a request, byte by byte.

    Args:
        status: Its status.
        body: Its exact bytes.
        reason: Of a refusal: the header ``Paygate-Reason``.
    """

    status: int
    body: bytes
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """A stored response, and the request it belongs to.

    Args:
        fingerprints: Keyed hashes of the request, one per key of the vault. They are keyed so
            that a reader of the database cannot guess the content of the request.
        answer: The response, as it is stored.
        expires_at: When it is deleted, in UTC.
    """

    fingerprints: frozenset[str]
    answer: Answer
    expires_at: datetime


def read_key(header: str | None) -> str | None:
    """Return the key in an ``Idempotency-Key`` header; None without one.

    Quotes around it are optional: ``abc`` and ``"abc"`` are the same key.

    Raises:
        InvalidInputError: The key is too long or not printable ASCII.
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


PURPOSE = "idempotency"
SEALED = "sealed"
_SEALED_PREFIX = b'{"sealed": "v2.'


@dataclass(frozen=True, slots=True)
class Keyed:
    """A request with an idempotency key.

    Args:
        merchant_id: The merchant; equal keys of other merchants are different keys.
        key: The key of the client.
        content: The content of the request, in a canonical form.
    """

    merchant_id: UUID
    key: str
    content: bytes

    @property
    def context(self) -> str:
        """What its sealed response belongs to."""
        return f"idempotency {self.merchant_id} {self.key}"

    def fingerprints(self, vault: Vault) -> frozenset[str]:
        """Return the keyed hashes of its content."""
        return frozenset(vault.digests(self.content, purpose=PURPOSE))

    def stored(
        self, answer: Answer, vault: Vault, *, at: datetime, keep: timedelta
    ) -> StoredAnswer:
        """Seal a response, because it may contain a secret that is shown only once."""
        content = {"body": answer.body.decode()}
        if answer.reason is not None:
            content["reason"] = answer.reason
        sealed = vault.seal(content, context=self.context)
        body = json.dumps({SEALED: sealed}).encode()
        return StoredAnswer(self.fingerprints(vault), replace(answer, body=body), at + keep)

    def opened(self, stored: Answer, vault: Vault) -> Answer:
        """Return a stored response as it was sent; earlier versions stored it in clear.

        Raises:
            InfrastructureError: It was sealed with a key that this process does not have.
        """
        if not stored.body.startswith(_SEALED_PREFIX):
            return stored
        sealed = json.loads(stored.body)[SEALED]
        content = vault.open(sealed, context=self.context)
        return replace(stored, body=content["body"].encode(), reason=content.get("reason"))


@dataclass(frozen=True, slots=True)
class KeyedAnswer:
    """A response to be stored under its key."""

    merchant_id: UUID
    key: str
    stored: StoredAnswer


class IdempotencyRepository(Protocol):
    """Stored responses by merchant and key. Lock and save only in a transaction."""

    async def lock(self, merchant_id: UUID, key: str) -> bool:
        """Lock the key until the transaction ends; return False if it is locked already.

        The lock belongs to the connection, and is released when the process dies.
        """
        ...

    async def lock_all(self, keys: Sequence[tuple[UUID, str]]) -> Sequence[bool]:
        """Lock several different keys, as ``lock`` does; return for each whether it is locked."""
        ...

    async def find(self, merchant_id: UUID, key: str) -> StoredAnswer | None:
        """Return the response stored under the key."""
        ...

    async def save(
        self, merchant_id: UUID, key: str, remembered: StoredAnswer, *, at: datetime
    ) -> bool:
        """Store a response, or replace an expired one; return False if one is stored."""
        ...

    async def purge(self, *, now: datetime, limit: int) -> int:
        """Delete expired responses; return how many."""
        ...
