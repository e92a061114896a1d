"""Reproducible identifiers, for runs that are compared byte by byte."""

from __future__ import annotations

import hashlib
from collections import Counter

from ...core.ids import ALPHABET, RANDOM_CHARS, IdKind
from .random_ids import RandomIds


class ReplayedIds(RandomIds):
    """Implements ``Ids``. The same seed and requests in the same order give the same ids.

    Ids that derive from another id do so in every process. All others are counted, so one
    process must handle all requests, on an empty database.

    Args:
        seed: Another seed gives other ids.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._counted: Counter[IdKind] = Counter()

    def new(self, kind: IdKind, *, of: str | None = None) -> str:
        if of is None:
            self._counted[kind] += 1
            of = str(self._counted[kind])
        number = self._drawn(f"{kind}:{of}")
        chars = []
        for _ in range(RANDOM_CHARS):
            number, place = divmod(number, len(ALPHABET))
            chars.append(ALPHABET[place])
        return kind + "".join(chars)

    def _drawn(self, what: str) -> int:
        digest = hashlib.sha256(f"{self._seed}:{what}".encode()).digest()
        return int.from_bytes(digest, "big")
