"""Merchants for one test each, on a server that many tests share. Never in production."""

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
    """What a test asked for, checked.

    Args:
        name: For people; None for none in particular.
        webhook_url: Where its webhooks go; None sends none.
        webhook_secret: What signs them; None makes one.
        scenario: What its payments play that name nothing.
    """

    name: str | None = None
    webhook_url: str | None = None
    webhook_secret: str | None = None
    scenario: str | None = None


@dataclass(frozen=True, slots=True)
class Namespace:
    """A merchant of a test's own, and what is said of it only once.

    Args:
        merchant: As it is stored.
        api_secret: In clear; it is not kept.
        webhook_secret: In clear; it is kept sealed.
    """

    merchant: Merchant
    api_secret: str
    webhook_secret: str


async def open_namespace(command: OpenNamespace, deps: Deps) -> Namespace:
    """Make a merchant with fresh keys, to whom nothing belongs yet.

    Raises:
        InvalidInputError: The address or the scenario cannot be.
    """
    if command.scenario is not None and command.scenario not in deps.registry.scenarios:
        raise InvalidInputError(f"There is no scenario {command.scenario[:64]!r}", field="scenario")
    merchant, secret = _fresh(command, deps), f"secret_ns_{deps.ids.uuid().hex}"
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
    """Let its keys name nobody and its webhooks go nowhere; what it did stays readable.

    Raises:
        NotFoundError: No such namespace; a merchant that is none is not touched.
    """
    if not await deps.storage.merchants.retire(namespace_id, mail_domain=NAMESPACE_MAIL_DOMAIN):
        raise NotFoundError("Namespace")


def _fresh(command: OpenNamespace, deps: Deps) -> Merchant:
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
