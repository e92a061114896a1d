"""Random identifiers from the operating system."""

from __future__ import annotations

import base64
import secrets
from uuid import UUID, uuid4

from ...core.ids import ALPHABET, RANDOM_CHARS, IdKind

WEBHOOK_SECRET_BYTES = 32
TOKEN_BYTES = 32


class RandomIds:
    """Implements ``Ids``."""

    def new(self, kind: IdKind, *, of: str | None = None) -> str:  # noqa: ARG002 - unused: random ids are not derived
        return kind + "".join(secrets.choice(ALPHABET) for _ in range(RANDOM_CHARS))

    def uuid(self) -> UUID:
        return uuid4()

    def token(self) -> str:
        return secrets.token_urlsafe(TOKEN_BYTES)

    def webhook_secret(self) -> str:
        return "whsec_" + base64.b64encode(secrets.token_bytes(WEBHOOK_SECRET_BYTES)).decode()
