"""``?wait=SECONDS`` on the current request; see ``payments.waiting``."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, cast

from pydantic import BeforeValidator, Field
from quart import Quart

from ..deps import Deps
from ..limits import PAYMENT_WAIT_MAX
from ..payments.model import Payment
from ..payments.waiting import PaymentWaits
from .context import current_app, current_request
from .fields import Request, checked, message_of, whole

WAITS = "paygate.waits"
WAIT_MAX_S = int(PAYMENT_WAIT_MAX.total_seconds())


class WaitQuery(Request):
    """``?wait=``."""

    wait: Annotated[int, BeforeValidator(whole), Field(ge=0, le=WAIT_MAX_S)] | None = Field(
        None,
        description="seconds to wait for a next action or an outcome; then the payment is shown "
        "as it is",
    )


def use_waiting(app: Quart, deps: Deps) -> None:
    """Let requests of an app wait for payments."""
    app.extensions[WAITS] = PaymentWaits(lambda: deps.live.is_closed)


def wait_of_request() -> int:
    """Return how long the current request may wait, in seconds; 0 if it does not ask for it.

    Raises:
        InvalidInputError: ``wait`` is not a number of seconds up to the limit.
    """
    asked = current_request()
    if not asked.query_string:
        return 0
    return checked(WaitQuery, message_of(asked.args)).wait or 0


async def payment_when_ready(
    read: Callable[[], Awaitable[Payment]], *, within_s: int | None = None
) -> Payment:
    """Return the payment of the current request, after the wait that it asks for.

    Args:
        read: Reads the payment.
        within_s: How long to wait, in seconds; None for what the request asks for.

    Raises:
        InvalidInputError: ``wait`` is not a number of seconds up to the limit.
    """
    within_s = wait_of_request() if within_s is None else within_s
    if not within_s:
        return await read()
    waits = cast("PaymentWaits", current_app().extensions[WAITS])
    return await waits.payment(read, within_s=within_s)
