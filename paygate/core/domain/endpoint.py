"""Where a merchant wants events to go."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from .merchant import Merchant


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A destination of events.

    Read when a delivery is made, never remembered: a merchant who changes the
    address or the secret in the database has changed it for the next attempt.

    Args:
        id: Of the endpoint; the merchant's own id for the one on the merchant row.
        merchant_id: Whose it is.
        url: Where a webhook goes; None while the merchant has not said.
        secret: Signs what is sent; None while there is none.
    """

    id: UUID
    merchant_id: UUID
    url: str | None
    secret: str | None

    @classmethod
    def of(cls, merchant: Merchant) -> Endpoint:
        """The one that stands on the merchant's own row."""
        return cls(merchant.id, merchant.id, merchant.webhook_url, merchant.webhook_secret)
