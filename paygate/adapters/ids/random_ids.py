"""Random identifiers from the operating system."""

from __future__ import annotations

import base64
import secrets
from uuid import UUID, uuid4

from ...core.ids import ALPHABET, RANDOM_CHARS, IdKind

WEBHOOK_SECRET_BYTES = 32
TOKEN_BYTES = 32
# A byte is a letter or digit in four ways; the other 8 of 256 values are drawn again.
BIASED_BYTES = bytes(range(4 * len(ALPHABET), 256))
LETTERS = (ALPHABET * 4).ljust(256, "-").encode()
DRAWN_BYTES = 2 * RANDOM_CHARS


class RandomIds:
    """Implements ``Ids``."""

    def new(self, kind: IdKind, *, of: str | None = None) -> str:  # noqa: ARG002 - unused: random ids are not derived
        drawn = b""
        while len(drawn) < RANDOM_CHARS:
            drawn += secrets.token_bytes(DRAWN_BYTES).translate(LETTERS, BIASED_BYTES)
        return kind + drawn[:RANDOM_CHARS].decode()

    def uuid(self) -> UUID:
        return uuid4()

    def token(self) -> str:
        return secrets.token_urlsafe(TOKEN_BYTES)

    def webhook_secret(self) -> str:
        return "whsec_" + base64.b64encode(secrets.token_bytes(WEBHOOK_SECRET_BYTES)).decode()
