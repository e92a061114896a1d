"""What a person has to look at, and what the shopper does in between."""

from __future__ import annotations

from quart import Blueprint, Response

from ...accounts.model import Role
from ...deps import Deps
from ...payments.callbacks import (
    CancelAction,
    CompleteAction,
    cancel_action,
    complete_action,
    settle_review,
)
from ...payments.queries import find_payment
from .. import parse, present
from ..auth import caller_of_request, check_browser, merchant_of_request
from ..body import body_of_request
from ..errors import json_response
from ..idempotency import once
from ..openapi import Audited, documented, examples
from ..wire import answers as wire
from ..wire import request_bodies, stories


def blueprint(deps: Deps) -> Blueprint:
    """``/operations/review`` and what a shopper says of a payment that waits for them."""
    routes = Blueprint("operations", __name__)

    @routes.get("/operations/review")
    @documented(
        "List what needs a person",
        stories.Reviews,
        examples.REVIEWS,
        about="Of all merchants to operators, to others their own.",
    )
    async def reviews() -> Response:
        caller = await caller_of_request(deps)
        owner = None if caller.is_operator else caller.merchant.id
        found = await deps.storage.operations.in_review(owner)
        return json_response(present.reviews(found))

    @routes.post("/operations/<operation_id>/settle")
    @documented(
        "Settle what needs a person",
        wire.Payment,
        examples.PAYMENT,
        needs=Role.SUPPORT,
        needs_operator=True,
        audit=Audited("review.settle", shows=("verdict", "reason")),
        body=request_bodies.SettleRequest,
        body_examples={"example": {"verdict": "approved", "reason": "seen in the bank's portal"}},
        takes_key=True,
        about="For operators, of any merchant's payments: a merchant cannot declare its own "
        "money received. Says what happened at the processor. It is kept on the payment's "
        "time line.",
    )
    async def settle(operation_id: str) -> Response:
        merchant = await merchant_of_request(deps)
        body = await body_of_request()

        async def do(bound: Deps) -> tuple[object, int]:
            command = parse.settle(body, operation_id)
            return present.payment(await settle_review(command, bound)), 200

        return await once(merchant.id, deps, do)

    @routes.post("/payments/<payment_id>/complete")
    @documented(
        "Say that the shopper is back",
        wire.PaymentPublic,
        examples.PAYMENT_PUBLIC,
        access="browser",
        body=request_bodies.CompleteRequest,
        body_is_optional=True,
        body_examples={"example": {"params": {}}},
        about="After a redirect, a challenge or an app: the processor is asked at once.",
    )
    async def complete(payment_id: str) -> Response:
        body = await body_of_request()
        payment = await find_payment(payment_id, None, deps)
        await check_browser(payment.order_id, deps, body)
        after = await complete_action(CompleteAction(payment.id, parse.params(body)), deps)
        return json_response(present.payment_public(after))

    @routes.post("/payments/<payment_id>/public/cancel")
    @documented(
        "Cancel a payment as its shopper",
        wire.PaymentPublic,
        examples.PAYMENT_PUBLIC,
        access="browser",
        about="Only while it waits for its shopper. The payment fails as `payer_rejected`; if "
        "the bank approves it all the same, it succeeds late, or the money is given back.",
        refuses=frozenset({422}),
    )
    async def cancel(payment_id: str) -> Response:
        body = await body_of_request()
        payment = await find_payment(payment_id, None, deps)
        await check_browser(payment.order_id, deps, body)
        after = await cancel_action(CancelAction(payment.id), deps)
        return json_response(present.payment_public(after))

    return routes
