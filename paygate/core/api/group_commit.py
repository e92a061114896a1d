"""Create the payments of concurrent requests together; see ``payments.group_commit``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import cast

from quart import Quart

from ..accounts.model import Merchant
from ..batching import Batcher
from ..deps import Deps
from ..errors import ClientError
from ..idempotency import Answer
from ..payments.create import CreatePayment
from ..payments.group_commit import GroupedCreate, create_payments
from ..payments.model import Payment
from .audit_note import audit_note_of_request
from .context import current_app, dialect_of_app
from .idempotency import keyed_of_request

GROUP = "paygate.group"
Group = Batcher[GroupedCreate, Answer | None]


def use_group_commit(app: Quart, deps: Deps) -> None:
    """Let concurrent requests of an app share transactions."""

    async def create(requests: Sequence[GroupedCreate]) -> Sequence[Answer | None]:
        return await create_payments(requests, deps)

    app.extensions[GROUP] = Group(create)


async def create_in_group(
    read: Callable[[], CreatePayment],
    merchant: Merchant,
    answer: Callable[[Payment], Answer],
    deps: Deps,
) -> Answer | None:
    """Create the payment of the current request with those of concurrent requests.

    Args:
        read: Parses the request.
        merchant: The merchant that sends it.
        answer: Returns the response to the payment.
        deps: The app.

    Returns:
        The response; None, without any effect, if the request has to be handled alone: it does
        not succeed at once, has an audit entry, may create its order, or needs a router.
    """
    if deps.registry.routers or dialect_of_app().creates_orders:
        return None
    if await audit_note_of_request() is not None:
        return None
    keyed = await keyed_of_request(merchant.id)
    try:
        command = read()
    except ClientError:
        return None
    group = cast("Group", current_app().extensions[GROUP])
    return await group.submit(GroupedCreate(command, merchant, keyed, answer))
