"""Identifiers that come again: for runs that are to be compared byte by byte."""

from __future__ import annotations

import hashlib
from collections import Counter

from ...core.ids import ALPHABET, RANDOM_CHARS, IdKind
from .random_ids import RandomIds


class ReplayedIds(RandomIds):
    """See ``Ids``. The same seed and the same requests in the same order make the same ids.

    What follows from something else is named after it, whichever process names it; the
    rest is counted, so one process has to take all requests, on an empty database.

    Args:
        seed: Another one makes others.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._counted: Counter[IdKind] = Counter()

    def new(self, kind: IdKind, *, of: str | None = None) -> str:
        """See ``Ids.new``."""
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
