"""Create, update, rotate, test and remove webhook endpoints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from ..accounts.model import Merchant
from ..deps import Deps
from ..errors import ConflictError, InvalidInputError, NotFoundError
from ..ids import IdKind
from ..limits import ENDPOINTS_MAX, SECRET_OVERLAP
from ..plugin_api.http_client import HttpError
from ..records import UNCHANGED, Unchanged
from .emit import deliveries_of, notify_deliveries
from .model import Endpoint, EndpointSettings, StoredEvent
from .store import EndpointChange, NewEndpoint, NewSecret

_HINT_CHARS = 4


@dataclass(frozen=True, slots=True)
class CreateEndpoint:
    """A request for a new endpoint, its filters checked."""

    merchant: Merchant
    url: str
    events: tuple[str, ...]
    description: str | None
    sink: str | None = None


@dataclass(frozen=True, slots=True)
class ChangeEndpoint:
    """A change of an endpoint; UNCHANGED is what the request did not name."""

    merchant: Merchant
    endpoint_id: UUID
    url: str | Unchanged | None = UNCHANGED
    events: tuple[str, ...] | Unchanged = UNCHANGED
    description: str | Unchanged | None = UNCHANGED


@dataclass(frozen=True, slots=True)
class WithSecret:
    """An endpoint and its new secret, which is shown only once."""

    endpoint: EndpointSettings
    secret: str


async def find_endpoint(merchant: Merchant, endpoint_id: UUID, deps: Deps) -> EndpointSettings:
    """Return an endpoint of the merchant.

    Raises:
        NotFoundError: No such endpoint, or another merchant's.
    """
    found = await deps.storage.endpoints.get(endpoint_id, merchant_id=merchant.id)
    if found is None:
        raise NotFoundError("Endpoint")
    return found


async def list_endpoints(merchant: Merchant, deps: Deps) -> Sequence[EndpointSettings]:
    """Return all endpoints of the merchant, the default endpoint first."""
    return await deps.storage.endpoints.of_merchant(merchant.id)


async def create_endpoint(command: CreateEndpoint, deps: Deps) -> WithSecret:
    """Create an endpoint. It receives the next event that matches its filters.

    Raises:
        InvalidInputError: The address is invalid or refused, or there is no such sink.
        ConflictError: The merchant has the maximum number of endpoints.
    """
    check_address(command.url, deps, field="url")
    if command.sink is not None and command.sink not in deps.registry.sinks:
        known = ", ".join(sorted(deps.registry.sinks))
        raise InvalidInputError(
            "no plugin has that sink", field="sink", hint=f"Use one of: {known}"
        )
    endpoint_id = deps.ids.uuid()
    secret = new_secret(endpoint_id, deps)
    new = NewEndpoint(
        id=endpoint_id,
        merchant_id=command.merchant.id,
        url=command.url,
        description=command.description,
        events=command.events,
        secret=secret,
        created_at=deps.clock.now(),
        sink=command.sink,
    )
    if not await deps.storage.endpoints.add(new):
        raise ConflictError(f"A merchant has at most {ENDPOINTS_MAX} endpoints")
    return WithSecret(await find_endpoint(command.merchant, endpoint_id, deps), secret.clear)


async def change_endpoint(command: ChangeEndpoint, deps: Deps) -> EndpointSettings:
    """Change an endpoint. Applies from the next event and the next attempt.

    Raises:
        NotFoundError: No such endpoint, or another merchant's.
        InvalidInputError: The address is invalid or refused, or the endpoint does not
            support the change.
    """
    found = await find_endpoint(command.merchant, command.endpoint_id, deps)
    if isinstance(command.url, str):
        check_address(command.url, deps, field="url")
    if found.is_default:
        await _change_default(command, deps)
    else:
        await _change_further(command, deps)
    return await find_endpoint(command.merchant, command.endpoint_id, deps)


async def _change_default(command: ChangeEndpoint, deps: Deps) -> None:
    for name, value in (("events", command.events), ("description", command.description)):
        if value is not UNCHANGED:
            raise InvalidInputError(f"{name} of the default endpoint cannot be set", field=name)
    if command.url is UNCHANGED:
        return
    await deps.storage.merchants.configure_webhook(
        command.merchant.id,
        url=command.url,
        secret=None,
        first_secret=new_secret(command.merchant.id, deps),
        at=deps.clock.now(),
    )


async def _change_further(command: ChangeEndpoint, deps: Deps) -> None:
    if command.url is None:
        raise InvalidInputError("url is required", field="url")
    change = EndpointChange(
        id=command.endpoint_id,
        merchant_id=command.merchant.id,
        url=command.url,
        description=command.description,
        events=command.events,
    )
    await deps.storage.endpoints.change(change, at=deps.clock.now())


async def remove_endpoint(merchant: Merchant, endpoint_id: UUID, deps: Deps) -> EndpointSettings:
    """Delete an endpoint and return it. Its deliveries stay; pending ones fail.

    Raises:
        NotFoundError: No such endpoint, or another merchant's.
        ConflictError: It is the merchant's default endpoint.
    """
    found = await find_endpoint(merchant, endpoint_id, deps)
    if found.is_default:
        raise ConflictError("The default endpoint cannot be deleted; set its url to null")
    if not await deps.storage.endpoints.remove(endpoint_id, merchant_id=merchant.id):
        # A concurrent request has deleted it, and is the one that is audited.
        raise NotFoundError("Endpoint")
    return found


async def rotate_secret(merchant: Merchant, endpoint_id: UUID, deps: Deps) -> WithSecret:
    """Create a new secret; the previous one also signs for a limited time.

    Raises:
        NotFoundError: No such endpoint, or another merchant's.
    """
    await find_endpoint(merchant, endpoint_id, deps)
    secret = new_secret(endpoint_id, deps)
    await deps.storage.endpoints.rotate(
        endpoint_id, secret, merchant_id=merchant.id, at=deps.clock.now()
    )
    return WithSecret(await find_endpoint(merchant, endpoint_id, deps), secret.clear)


async def enable_endpoint(merchant: Merchant, endpoint_id: UUID, deps: Deps) -> EndpointSettings:
    """Enable an endpoint; held deliveries continue.

    Raises:
        NotFoundError: No such endpoint, or another merchant's.
    """
    await find_endpoint(merchant, endpoint_id, deps)
    await deps.storage.endpoints.enable(endpoint_id, merchant_id=merchant.id, at=deps.clock.now())
    deps.notifier.notify("webhooks", str(endpoint_id))
    return await find_endpoint(merchant, endpoint_id, deps)


async def disable_endpoint(merchant: Merchant, endpoint_id: UUID, deps: Deps) -> EndpointSettings:
    """Disable an endpoint; its pending deliveries are held.

    Raises:
        NotFoundError: No such endpoint, or another merchant's.
    """
    await find_endpoint(merchant, endpoint_id, deps)
    await deps.storage.endpoints.disable(endpoint_id, merchant_id=merchant.id, at=deps.clock.now())
    return await find_endpoint(merchant, endpoint_id, deps)


def sealed_as(endpoint_id: UUID) -> str:
    """Return the context of a sealed secret, so that another endpoint's row cannot use it."""
    return f"endpoint:{endpoint_id}"


def check_address(url: str, deps: Deps, *, field: str) -> None:
    """Refuse an address that is never allowed.

    Raises:
        InvalidInputError: With the field's name and the reason.
    """
    try:
        deps.http.check(url)
    except HttpError as error:
        raise InvalidInputError(f"{field} {error.detail}", field=field) from error


def webhook_secret(merchant: Merchant, deps: Deps) -> str | None:
    """Return the secret of the merchant's default endpoint; None without one.

    Raises:
        InfrastructureError: It was sealed with a key that this process does not have.
    """
    if merchant.webhook_secret or merchant.webhook_sealed is None:
        return merchant.webhook_secret
    return deps.vault.open(merchant.webhook_sealed, context=sealed_as(merchant.id))["secret"]


def new_secret(endpoint_id: UUID, deps: Deps, *, chosen: str | None = None) -> NewSecret:
    """Seal a secret for an endpoint.

    Args:
        endpoint_id: The merchant's own id for the default endpoint.
        deps: The app.
        chosen: In clear; None creates one.
    """
    clear = chosen or deps.ids.webhook_secret()
    return NewSecret(
        clear=clear,
        sealed=deps.vault.seal({"secret": clear}, context=sealed_as(endpoint_id)),
        hint="…" + clear[-_HINT_CHARS:] if len(clear) > 2 * _HINT_CHARS else "…",
        previous_until=deps.clock.now() + SECRET_OVERLAP,
    )


@dataclass(frozen=True, slots=True)
class ConfigureEndpoint:
    """A checked change of the default endpoint.

    Args:
        merchant: The merchant.
        url: The new URL; None to send no webhooks, UNCHANGED to keep it.
        secret: The new signing secret; None to keep the current one.
    """

    merchant: Merchant
    url: str | Unchanged | None
    secret: str | None = None


async def configure_endpoint(command: ConfigureEndpoint, deps: Deps) -> Merchant:
    """Store the change. The next attempt of every delivery uses it.

    Raises:
        InvalidInputError: The address is invalid or refused.
    """
    if isinstance(command.url, str):
        check_address(command.url, deps, field="webhook_url")
    merchant_id, chosen = command.merchant.id, command.secret
    # Write only the named columns: another process, or SQL, may be changing the others.
    return await deps.storage.merchants.configure_webhook(
        merchant_id,
        url=command.url,
        secret=new_secret(merchant_id, deps, chosen=chosen) if chosen else None,
        first_secret=new_secret(merchant_id, deps),
        at=deps.clock.now(),
    )


async def regenerate_secret(merchant: Merchant, deps: Deps) -> Merchant:
    """Create a new secret; the previous one also signs for a limited time."""
    await rotate_secret(merchant, merchant.id, deps)
    found = await deps.storage.merchants.get(merchant.id)
    assert found is not None, "an authenticated merchant exists"
    return found


@dataclass(frozen=True, slots=True)
class SendTestEvent:
    """A request for a test event.

    Args:
        endpoint_id: Its endpoint, whatever its filters and even if it is disabled; None
            for the default endpoint.
    """

    merchant: Merchant
    event_type: str
    endpoint_id: UUID | None = None


async def send_test_event(command: SendTestEvent, deps: Deps) -> UUID:
    """Store a test event and its delivery; return the id of the delivery.

    Raises:
        InvalidInputError: The merchant has no webhook URL, or the sink does not want the event.
        NotFoundError: No such endpoint, or another merchant's.
    """
    merchant = command.merchant
    endpoint = await _endpoint(command, deps)
    deliveries = deliveries_of(command.event_type, [endpoint], deps)
    if endpoint.url is None or (not deliveries and endpoint.sink is None):
        raise InvalidInputError("No webhook URL configured", field="webhook_url")
    if not deliveries:
        raise InvalidInputError(
            f"The sink {endpoint.sink} does not deliver {command.event_type}", field="event"
        )
    now, event_id = deps.clock.now(), deps.ids.new(IdKind.EVENT)
    event = StoredEvent(
        id=event_id,
        merchant_id=merchant.id,
        type=command.event_type,
        payment_id=None,
        seq=None,
        body=deps.present.test_event(command.event_type, event_id, now),
        created_at=now,
        deliveries=deliveries,
    )
    await deps.storage.deliveries.add(event)
    notify_deliveries([event], deps)
    return deliveries[0].id


async def _endpoint(command: SendTestEvent, deps: Deps) -> Endpoint:
    merchant = command.merchant
    if command.endpoint_id is None:
        return Endpoint.of(merchant)
    found = await find_endpoint(merchant, command.endpoint_id, deps)
    return Endpoint(found.id, merchant.id, found.url, secret=None, sink=found.sink)
