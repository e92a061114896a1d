"""The secret that lets a shopper's browser pay one order."""

from __future__ import annotations

from hmac import compare_digest

from ..domain.errors import AuthenticationError
from .deps import Deps

DIGITS = 32


def client_secret(order_id: str, deps: Deps) -> str:
    """The order's secret, derived from its id with the vault's key.

    It is in no table but, for a day, in the remembered answer to a request with a key.
    """
    return _secrets(order_id, deps)[0]


def check_client_secret(order_id: str, given: str | None, deps: Deps) -> None:
    """Refuse a browser that may not see this order.

    A wrong secret is refused always, a missing one where the app requires it.

    Raises:
        AuthenticationError: It may not.
    """
    if given is None:
        if deps.require_client_secret:
            raise AuthenticationError("client_secret is required")
        return
    # Every one is compared, so that the time taken tells nothing.
    matches = [compare_digest(given.encode(), own.encode()) for own in _secrets(order_id, deps)]
    if not any(matches):
        raise AuthenticationError("Invalid client_secret")


def _secrets(order_id: str, deps: Deps) -> list[str]:
    """One for each of the vault's keys: a key may be replaced while shoppers are paying."""
    content = f"client_secret:{order_id}".encode()
    return [f"{order_id}_secret_{digest[:DIGITS]}" for digest in deps.vault.digests(content)]
