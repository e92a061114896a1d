"""The secret that lets a shopper's browser pay one order."""

from __future__ import annotations

from hmac import compare_digest

from ..domain.errors import AuthenticationError
from .authenticate import secret_digest
from .deps import Deps

DIGITS = 32
PURPOSE = "client_secret"


def client_secret(order_id: str, deps: Deps) -> str:
    """The order's secret, derived from its id with the vault's key.

    No table holds it in clear. Its digest is stored with the order, so that it is still
    right when the key that it was made with is gone.
    """
    return _secret(order_id, deps.vault.fingerprint(_content(order_id), purpose=PURPOSE))


async def check_client_secret(order_id: str, given: str | None, deps: Deps) -> None:
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
    digests = deps.vault.digests(_content(order_id), purpose=PURPOSE)
    secrets = [_secret(order_id, digest) for digest in digests]
    matches = [compare_digest(given.encode(errors="replace"), own.encode()) for own in secrets]
    if any(matches):
        return
    stored = await deps.storage.orders.client_secret_sha256(order_id)
    if stored is None or not compare_digest(secret_digest(given), stored):
        raise AuthenticationError("Invalid client_secret")


def _content(order_id: str) -> bytes:
    return f"client_secret:{order_id}".encode()


def _secret(order_id: str, digest: str) -> str:
    return f"{order_id}_secret_{digest[:DIGITS]}"
