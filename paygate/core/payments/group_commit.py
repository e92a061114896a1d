"""Create the payments of concurrent requests in one transaction (group commit)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

from ..accounts.model import Merchant
from ..deps import Deps
from ..errors import RowLockedError, RowRefusedError, StaleWriteError, TransactionConflictError
from ..idempotency import Answer, Keyed, KeyedAnswer
from ..storage import Storage
from .create import CreatePayment, new_payment, notify_payment
from .model import Order, Payment
from .store import NewPayment

# A row of an index may be locked although its order is not, by SQL or by a late success.
LOCK_WAIT = timedelta(milliseconds=100)


@dataclass(frozen=True, slots=True)
class GroupedCreate:
    """A merchant's request for a payment that is handled together with others.

    Args:
        command: The request.
        merchant: The merchant that sends it.
        keyed: Its idempotency key; None without one.
        answer: Returns the response to the payment.
    """

    command: CreatePayment
    merchant: Merchant
    keyed: Keyed | None
    answer: Callable[[Payment], Answer]


async def create_payments(requests: Sequence[GroupedCreate], deps: Deps) -> Sequence[Answer | None]:
    """Create the payments of concurrent requests in one transaction.

    It handles only requests that succeed at once. Any other has no effect and gets None: handle
    it alone with ``create_payment``, which reports why it is refused, waits for a lock, or finds
    the response that is stored under its key.

    Returns:
        The responses, in the order of the requests.
    """
    answers: list[Answer | None] = [None] * len(requests)
    try:
        created = await _create(requests, deps)
    except (TransactionConflictError, RowLockedError, RowRefusedError, StaleWriteError):
        # Nothing was stored. Alone, only the request that caused it fails.
        return answers
    deps.reach("after_commit", "payment")
    for each in created:
        notify_payment(each.new, deps)
        answers[each.place] = each.answer
    return answers


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A payment to be stored for the request at a place of the batch, and its response."""

    place: int
    new: NewPayment
    answer: Answer


async def _create(requests: Sequence[GroupedCreate], deps: Deps) -> Sequence[_Prepared]:
    async with deps.storage.transaction(lock_wait=LOCK_WAIT) as storage:
        places = await _lock_keys(_distinct(requests), requests, storage)
        named = [
            (requests[place].command.order_id, requests[place].merchant.id) for place in places
        ]
        orders = await storage.orders.lock_free(named)
        tried = (_prepare(place, requests[place], orders, deps) for place in places)
        prepared = [each for each in tried if each is not None]
        if not prepared:
            return []
        stored = await storage.payments.open_all([each.new for each in prepared])
        deps.reach("before_commit", "payment")
    return [each for each in prepared if each.new.change.after.id in stored]


def _distinct(requests: Sequence[GroupedCreate]) -> Sequence[int]:
    """Return the places of requests with different orders and keys, the first of each."""
    places, orders, keys = [], set[str](), set[tuple[UUID, str]]()
    for place, request in enumerate(requests):
        order, key = {request.command.order_id}, set[tuple[UUID, str]]()
        if request.keyed is not None:
            key.add((request.keyed.merchant_id, request.keyed.key))
        if orders.isdisjoint(order) and keys.isdisjoint(key):
            places.append(place)
            orders |= order
            keys |= key
    return places


async def _lock_keys(
    places: Sequence[int], requests: Sequence[GroupedCreate], storage: Storage
) -> Sequence[int]:
    """Return the places of the requests without a key, and of those whose key is locked now."""
    keys = {place: keyed for place in places if (keyed := requests[place].keyed)}
    if not keys:
        return places
    locked = await storage.idempotency.lock_all(
        [(keyed.merchant_id, keyed.key) for keyed in keys.values()]
    )
    refused = {place for place, is_locked in zip(keys, locked, strict=True) if not is_locked}
    return [place for place in places if place not in refused]


def _prepare(
    place: int, request: GroupedCreate, orders: Mapping[str, Order], deps: Deps
) -> _Prepared | None:
    order = orders.get(request.command.order_id)
    if order is None:
        return None
    try:
        new = new_payment(request.command, order, request.merchant, deps)
        answer = request.answer(new.change.after)
    except Exception:  # noqa: BLE001 - alone, the request fails with it and costs no other one
        return None
    if request.keyed is None:
        return _Prepared(place, new, answer)
    keyed, at = request.keyed, new.change.after.created_at
    keep = deps.policy.retention.idempotency_keys
    sealed = keyed.stored(answer, deps.vault, at=at, keep=keep)
    stored = KeyedAnswer(keyed.merchant_id, keyed.key, sealed)
    return _Prepared(place, replace(new, answer=stored), answer)
