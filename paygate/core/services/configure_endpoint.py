"""A merchant says where webhooks go, or asks for a new secret."""

from __future__ import annotations

from dataclasses import dataclass

from ..domain.errors import InvalidInputError
from ..domain.merchant import Merchant
from ..ports.http import HttpError
from ..ports.storage import KEEP, Kept
from .deps import Deps


@dataclass(frozen=True, slots=True)
class ConfigureEndpoint:
    """What the merchant said, checked.

    Args:
        merchant: Whose endpoint.
        url: Where webhooks go from now on; None to send none, KEEP to leave it as it is.
        secret: What signs them; None to keep the present one.
    """

    merchant: Merchant
    url: str | Kept | None
    secret: str | None = None


async def configure_endpoint(command: ConfigureEndpoint, deps: Deps) -> Merchant:
    """Store it. The next attempt of every delivery uses it.

    Raises:
        InvalidInputError: The address could never be sent to.
    """
    if isinstance(command.url, str):
        try:
            deps.http.check(command.url)
        except HttpError as error:
            raise InvalidInputError(_sentence(error), field="webhook_url") from error
    # Only what was named is written: somebody else may be changing the rest, by SQL too.
    return await deps.storage.merchants.configure_webhook(
        command.merchant.id,
        url=command.url,
        secret=command.secret,
        first_secret=deps.ids.webhook_secret(),
        at=deps.clock.now(),
    )


async def regenerate_secret(merchant: Merchant, deps: Deps) -> Merchant:
    """Give the merchant a fresh secret."""
    command = ConfigureEndpoint(merchant, KEEP, deps.ids.webhook_secret())
    return await configure_endpoint(command, deps)


def _sentence(error: HttpError) -> str:
    if error.kind == "refused_address":
        return "webhook_url leads to an address that is not allowed"
    return "webhook_url must be an http or https URL"
