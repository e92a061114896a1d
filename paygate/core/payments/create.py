"""Create orders and payments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hmac import compare_digest
from typing import Any

from pydantic import ValidationError

from ..accounts.authenticate import secret_digest
from ..accounts.model import Merchant
from ..deps import Deps
from ..errors import (
    ClientSecretError,
    InvalidInstrumentError,
    NotFoundError,
    SuspendedMerchantError,
)
from ..ids import REQUEST_ID, IdKind
from ..instrument import Instrument
from ..money import Money
from ..observe.traces import TRACEPARENT
from ..plugin_api.method import MethodContext, PaymentMethod
from ..registry import GuardedByHost
from ..storage import Storage
from ..webhooks.emit import notify_deliveries, payment_events
from ..webhooks.model import Endpoint
from .model import CaptureMode, Order, Payment, PaymentLink
from .operation import Operation, OperationKind
from .routing import RoutePlan, rank_candidates, route_request
from .scenarios import choose_scenario
from .store import NewPayment


@dataclass(frozen=True, slots=True)
class CreateOrder:
    """A checked request for an order.

    Args:
        id: The id that a client chose; None for a new id.
        link: The payment link that creates it; None without one.
    """

    merchant: Merchant
    amount: Money
    receipt: str | None
    notes: Mapping[str, Any]
    capture_mode: CaptureMode = "automatic"
    id: str | None = None
    link: PaymentLink | None = None


async def create_order(command: CreateOrder, deps: Deps) -> Order:
    """Store a new order; an order with that id stays as it is."""
    now = deps.clock.now()
    order = Order(
        id=command.id or deps.ids.new(IdKind.ORDER),
        merchant_id=command.merchant.id,
        amount=command.amount,
        receipt=command.receipt,
        notes=command.notes,
        status="created",
        capture_mode=command.capture_mode,
        created_at=now,
        updated_at=now,
        link=command.link,
    )
    digest = secret_digest(client_secret(order.id, deps))
    if command.id is None:
        await deps.storage.orders.add(order, client_secret_sha256=digest)
    else:
        await deps.storage.orders.add_unless_there(order, client_secret_sha256=digest)
    return order


@dataclass(frozen=True, slots=True)
class CreatePayment:
    """A request for a payment.

    Args:
        merchant: The merchant that sends it; None for a shopper, who may pay any order.
        order_id: The order.
        method: The payment method's code.
        details: The method's part of the request, unchecked.
        scenario: The scenario that the request selects.
        route: The ranked processors, if there are routers; see ``plan_route``.
        traceparent: The span of the request; None without traces.
        notes: The merchant's own data; None without any.
        request_id: The id of the request.
    """

    merchant: Merchant | None
    order_id: str
    method: object
    details: Mapping[str, Any]
    scenario: str | None = None
    route: RoutePlan | None = None
    traceparent: str | None = field(default_factory=TRACEPARENT.get)
    notes: Mapping[str, Any] | None = None
    request_id: str | None = field(default_factory=REQUEST_ID.get)


async def plan_route(command: CreatePayment, deps: Deps) -> RoutePlan | None:
    """Ask the routers, if there is a choice of processors.

    Call it before the transaction that creates the payment: a router may be slow.
    ``create_payment`` reports errors of the request.

    Raises:
        ClientError: The request is invalid.
    """
    if not deps.registry.routers:
        return None
    method = deps.registry.method(command.method)
    order = _owned(command, await deps.storage.orders.get(command.order_id))
    instrument = _prepare(method, command.details, order, deps)
    able = _able(instrument, order, deps)
    if len(able) < 2 or await deps.storage.payments.has_live(order.id):
        return None
    health = await deps.health.read(deps.storage.figures, now=deps.clock.now())
    payment_id = deps.ids.new(IdKind.PAYMENT)
    return await rank_candidates(route_request(payment_id, order, instrument, able, health), deps)


async def create_payment(command: CreatePayment, deps: Deps) -> Payment:
    """Create a payment for an order, with its charge and its events, in one transaction.

    A worker calls the processor after the commit.

    Raises:
        NotFoundError: There is no such order, or it is another merchant's.
        InvalidInputError: The method or its details are invalid.
        OrderNotPayableError: The order is paid, or a payment of it is in progress.
        LinkEndedError: Its payment link is cancelled or has expired.
        SuspendedMerchantError: The request is a shopper's, and the merchant is suspended.
    """
    async with deps.storage.transaction() as storage:
        owner = None if command.merchant is None else command.merchant.id
        order = _owned(command, await storage.orders.lock(command.order_id, merchant_id=owner))
        merchant = command.merchant or await _merchant(order, storage)
        new = new_payment(command, order, merchant, deps)
        await storage.payments.open(new)
        deps.reach("before_commit", "payment")
    deps.reach("after_commit", "payment")
    notify_payment(new, deps)
    return new.change.after


def new_payment(command: CreatePayment, order: Order, merchant: Merchant, deps: Deps) -> NewPayment:
    """Return the new payment of an order, with its charge and its events, to be stored.

    Raises:
        InvalidInputError: The method or its details are invalid.
        OrderNotPayableError: The order is paid.
        LinkEndedError: Its payment link is cancelled or has expired.
    """
    method = deps.registry.method(command.method)
    now = deps.clock.now()
    order.require_payable(at=now)
    instrument = _prepare(method, command.details, order, deps)
    scenario = choose_scenario(
        command.scenario, instrument, order.amount, merchant.default_scenario, deps
    )
    able = [processor.info.id for processor in _able(instrument, order, deps)]
    route = command.route
    chosen, *fallbacks = route.processors(able) if route else able[:1]
    change = Payment.open(
        order,
        id=route.payment_id if route else deps.ids.new(IdKind.PAYMENT),
        instrument=instrument,
        processor=chosen,
        at=now,
        scenario=scenario,
        notes=command.notes,
    )
    events = payment_events(change, Endpoint.all_of(merchant), deps, command.request_id)
    decisions = (route.decision,) if route else ()
    charge = _charge(change.after, fallbacks, deps)
    return NewPayment(change, charge, events, decisions, traceparent=command.traceparent)


def notify_payment(new: NewPayment, deps: Deps) -> None:
    """Notify workers of a stored payment and its deliveries."""
    deps.notifier.notify("payments", new.operation.id)
    notify_deliveries(new.events, deps)


def _able(instrument: Instrument, order: Order, deps: Deps) -> Sequence[GuardedByHost]:
    return deps.registry.able(
        method=instrument.method,
        flow=instrument.flow,
        amount=order.amount,
        capture_mode=order.capture_mode,
    )


def _owned(command: CreatePayment, order: Order | None) -> Order:
    is_owned = command.merchant is None or (order and order.merchant_id == command.merchant.id)
    if order is None or not is_owned:
        raise NotFoundError("Order")
    return order


async def _merchant(order: Order, storage: Storage) -> Merchant:
    """Return the merchant whose order a shopper pays; a merchant's own request has it."""
    found = await storage.merchants.get(order.merchant_id)
    assert found is not None, "an order has a merchant"
    if not found.is_active:
        raise SuspendedMerchantError
    return found


def _prepare(
    method: PaymentMethod, details: Mapping[str, Any], order: Order, deps: Deps
) -> Instrument:
    try:
        parsed = method.info.input_model.model_validate(details)
    except ValidationError as error:
        # Only the field and the rule: the value may be a card number.
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        field = ".".join(str(part) for part in first["loc"]) or method.info.code
        raise InvalidInstrumentError(
            f"{field}: {first['msg']}", field=field, code=method.info.invalid_code
        ) from None
    return method.prepare(parsed, MethodContext(now=deps.clock.now(), amount=order.amount))


def _charge(payment: Payment, fallbacks: Sequence[str], deps: Deps) -> Operation:
    operation_id = deps.ids.new(IdKind.OPERATION, of=payment.id)
    secret = payment.instrument.secret
    return Operation(
        id=operation_id,
        payment_id=payment.id,
        merchant_id=payment.merchant_id,
        kind=OperationKind.CHARGE,
        amount=payment.amount,
        processor=payment.processor,
        state="reserved",
        due_at=payment.created_at,
        created_at=payment.created_at,
        sealed=deps.vault.seal(secret, context=operation_id) if secret else None,
        fallbacks=tuple(fallbacks),
    )


DIGITS = 32
PURPOSE = "client_secret"


def client_secret(order_id: str, deps: Deps) -> str:
    """Return the order's secret, derived from its id with the vault's key.

    It is not stored. Its digest is stored with the order, so that it stays valid after the
    key is replaced.
    """
    return _secret(order_id, deps.vault.fingerprint(_content(order_id), purpose=PURPOSE))


async def check_client_secret(order_id: str, given: str | None, deps: Deps) -> None:
    """Check a browser's secret of an order.

    A wrong secret is always refused, a missing one if the app requires it.

    Raises:
        ClientSecretError: The secret is wrong or missing.
    """
    if given is None:
        if deps.policy.require_client_secret:
            raise ClientSecretError("client_secret is required")
        return
    # Compare all of them, so that the duration reveals nothing.
    digests = deps.vault.digests(_content(order_id), purpose=PURPOSE)
    secrets = [_secret(order_id, digest) for digest in digests]
    matches = [compare_digest(given.encode(errors="replace"), own.encode()) for own in secrets]
    if any(matches):
        return
    stored = await deps.storage.orders.client_secret_sha256(order_id)
    if stored is None or not compare_digest(secret_digest(given), stored):
        raise ClientSecretError("Invalid client_secret")


def _content(order_id: str) -> bytes:
    return f"client_secret:{order_id}".encode()


def _secret(order_id: str, digest: str) -> str:
    return f"{order_id}_secret_{digest[:DIGITS]}"
