"""A merchant says where webhooks go, or asks for a new secret."""

from __future__ import annotations

from dataclasses import dataclass

from ..domain.merchant import Merchant
from ..ports.kept import Kept
from .deps import Deps
from .manage_endpoints import check_address, new_secret, rotate_secret


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
        check_address(command.url, deps, field="webhook_url")
    merchant_id, chosen = command.merchant.id, command.secret
    # Only what was named is written: somebody else may be changing the rest, by SQL too.
    return await deps.storage.merchants.configure_webhook(
        merchant_id,
        url=command.url,
        secret=new_secret(merchant_id, deps, chosen=chosen) if chosen else None,
        first_secret=new_secret(merchant_id, deps),
        at=deps.clock.now(),
    )


async def regenerate_secret(merchant: Merchant, deps: Deps) -> Merchant:
    """Give the merchant a fresh secret; the one before signs beside it for a while."""
    await rotate_secret(merchant, merchant.id, deps)
    found = await deps.storage.merchants.get(merchant.id)
    assert found is not None, "whoever was authenticated is there"
    return found
