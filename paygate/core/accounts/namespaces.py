"""Test merchants on a shared server, one per test. Never in production."""

from __future__ import annotations

from dataclasses import dataclass, replace
from uuid import UUID

from ..deps import Deps
from ..errors import InvalidInputError, NotFoundError
from ..records import UNCHANGED
from ..webhooks.endpoints import ConfigureEndpoint, configure_endpoint, new_secret
from .authenticate import secret_digest
from .model import NAMESPACE_MAIL_DOMAIN, Merchant


@dataclass(frozen=True, slots=True)
class OpenNamespace:
    """A checked request for a test merchant.

    Args:
        name: For people; None for a default name.
        webhook_url: Where webhooks are sent; None sends none.
        webhook_secret: The signing secret; None creates one.
        scenario: The scenario of payments that select none.
    """

    name: str | None = None
    webhook_url: str | None = None
    webhook_secret: str | None = None
    scenario: str | None = None


@dataclass(frozen=True, slots=True)
class Namespace:
    """A test merchant and its secrets, which are shown only once.

    Args:
        merchant: The merchant.
        api_secret: In clear; not stored.
        webhook_secret: In clear; stored sealed.
    """

    merchant: Merchant
    api_secret: str
    webhook_secret: str


async def open_namespace(command: OpenNamespace, deps: Deps) -> Namespace:
    """Create a merchant with new keys and no data.

    Raises:
        InvalidInputError: The URL or the scenario is invalid.
    """
    if command.scenario is not None and command.scenario not in deps.registry.scenarios:
        raise InvalidInputError(f"There is no scenario {command.scenario[:64]!r}", field="scenario")
    merchant, secret = _new_merchant(command, deps), f"secret_ns_{deps.ids.uuid().hex}"
    async with deps.storage.transaction() as storage:
        bound = replace(deps, storage=storage)
        first = new_secret(merchant.id, deps)
        await storage.merchants.seed(
            merchant, secret_sha256=secret_digest(secret), webhook_secret=first
        )
        endpoint = ConfigureEndpoint(
            merchant, command.webhook_url or UNCHANGED, command.webhook_secret
        )
        stored = await configure_endpoint(endpoint, bound)
        await storage.merchants.set_scenario(merchant.id, command.scenario)
    signs = command.webhook_secret or first.clear
    return Namespace(replace(stored, default_scenario=command.scenario), secret, signs)


async def retire_namespace(namespace_id: UUID, deps: Deps) -> None:
    """Deactivate the merchant's keys and webhooks; its data stays readable.

    Raises:
        NotFoundError: No such namespace; other merchants are not changed.
    """
    if not await deps.storage.merchants.retire(namespace_id, mail_domain=NAMESPACE_MAIL_DOMAIN):
        raise NotFoundError("Namespace")


def _new_merchant(command: OpenNamespace, deps: Deps) -> Merchant:
    id = deps.ids.uuid()
    return Merchant(
        id=id,
        name=command.name or f"Namespace {id.hex[:8]}",
        email=f"{id.hex}@{NAMESPACE_MAIL_DOMAIN}",
        api_key=f"key_ns_{deps.ids.uuid().hex}",
        is_active=True,
        webhook_url=None,
        webhook_secret=None,
        created_at=deps.clock.now(),
        is_test=True,
    )
