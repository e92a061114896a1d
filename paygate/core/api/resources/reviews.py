"""Manual reviews, and actions that the shopper completes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Literal

from pydantic import Field
from quart import Blueprint, Response
from typing_extensions import TypedDict

from ...accounts.model import Role
from ...deps import Deps
from ...payments.callbacks import (
    CancelAction,
    CompleteAction,
    ResolveReview,
    cancel_action,
    complete_action,
    resolve_review,
)
from ...payments.queries import find_payment
from ...payments.store import InReview
from ..auth import caller_of_request, check_browser, merchant_of_request
from ..bodies import body_of_request
from ..context import deps_of_app
from ..documented import PAID_AT, PAYMENT_ID, Audited, documented
from ..errors import json_response
from ..fields import Body, Reason, Request, Text, checked
from ..idempotency import once
from ..shapes import At, Minor, PaymentId, timestamp
from .payments import (
    PAYMENT_EXAMPLE,
    PAYMENT_PUBLIC_EXAMPLE,
    PaymentJson,
    PaymentPublicJson,
    payment_public_to_json,
    payment_to_json,
)


class SettleRequest(Request):
    """Body of ``POST /operations/{id}/settle``."""

    verdict: Literal["approved", "declined"] = Field(description="what happened at the processor")
    reason: Reason = Field(min_length=1, description="why; shown on the timeline")


class CompleteRequest(Request):
    """Body of ``POST /payments/{id}/complete``; optional."""

    params: Annotated[dict[str, Text], Field(max_length=50)] = Field(
        default_factory=dict, description="parameters that the shopper's browser returned"
    )


class ReviewJson(TypedDict):
    """An operation in manual review."""

    id: Annotated[str, Field(examples=["op_T5vX2wYz8AbC1dEf"])]
    payment_id: PaymentId
    kind: str
    amount: Minor
    currency: str
    processor: str
    note: str | None
    since: At


class ReviewsJson(TypedDict):
    """Operations in manual review, the oldest first."""

    data: list[ReviewJson]


def parse_settle(body: Body, operation_id: str) -> ResolveReview:
    """Parse the body of ``POST /operations/{id}/settle``."""
    asked = checked(SettleRequest, body)
    return ResolveReview(operation_id, asked.verdict, asked.reason)


def parse_params(body: Body) -> Mapping[str, str]:
    """Parse the parameters of ``POST /payments/{id}/complete``."""
    return checked(CompleteRequest, body).params


def reviews_to_json(found: Iterable[InReview]) -> ReviewsJson:
    """Return the response of ``GET /operations/review``."""
    return {
        "data": [
            {
                "id": each.id,
                "payment_id": each.payment_id,
                "kind": each.kind,
                "amount": each.amount_minor,
                "currency": each.currency,
                "processor": each.processor,
                "note": each.note,
                "since": timestamp(each.since),
            }
            for each in found
        ]
    }


REVIEWS_EXAMPLE: ReviewsJson = {
    "data": [
        {
            "id": "op_T5vX2wYz8AbC1dEf",
            "payment_id": PAYMENT_ID,
            "kind": "charge",
            "amount": 50_000,
            "currency": "INR",
            "processor": "upi_sim",
            "note": "unknown: no response within 10 s",
            "since": PAID_AT,
        }
    ]
}


routes = Blueprint("operations", __name__)


@routes.get("/operations/review")
@documented(
    "List operations in manual review",
    ReviewsJson,
    REVIEWS_EXAMPLE,
    about="Operators see those of all merchants, others their own.",
    operation_id="listManualReviews",
)
async def reviews() -> Response:
    deps = deps_of_app()
    caller = await caller_of_request(deps)
    owner = None if caller.is_operator else caller.merchant.id
    found = await deps.storage.operations.in_review(owner)
    return json_response(reviews_to_json(found))


@routes.post("/operations/<operation_id>/settle")
@documented(
    "Decide a manual review",
    PaymentJson,
    PAYMENT_EXAMPLE,
    needs=Role.SUPPORT,
    needs_operator=True,
    audit=Audited("review.settle", shows=("verdict", "reason")),
    body=SettleRequest,
    body_examples={"example": {"verdict": "approved", "reason": "seen in the bank's portal"}},
    takes_key=True,
    about="Operators only, for payments of any merchant: a merchant must not declare its own "
    "money received. State what happened at the processor; it is shown on the payment's "
    "timeline.",
)
async def settle(operation_id: str) -> Response:
    deps = deps_of_app()
    merchant = await merchant_of_request(deps)
    body = await body_of_request()

    async def do(bound: Deps) -> tuple[object, int]:
        command = parse_settle(body, operation_id)
        return payment_to_json(await resolve_review(command, bound)), 200

    return await once(merchant.id, deps, do)


@routes.post("/payments/<payment_id>/complete")
@documented(
    "Complete a payment after the shopper's return",
    PaymentPublicJson,
    PAYMENT_PUBLIC_EXAMPLE,
    access="browser",
    body=CompleteRequest,
    body_is_optional=True,
    body_examples={"example": {"params": {}}},
    about="After a redirect, a challenge or an app: asks the processor for the outcome at once.",
    limits_order=True,
    operation_id="completePayment",
)
async def complete(payment_id: str) -> Response:
    deps = deps_of_app()
    body = await body_of_request()
    payment = await find_payment(payment_id, None, deps)
    await check_browser(payment.order_id, deps, body)
    after = await complete_action(CompleteAction(payment.id, parse_params(body)), deps)
    return json_response(payment_public_to_json(after))


@routes.post("/payments/<payment_id>/public/cancel")
@documented(
    "Cancel a payment as its shopper",
    PaymentPublicJson,
    PAYMENT_PUBLIC_EXAMPLE,
    access="browser",
    about="Only while it waits for its shopper. The payment fails with `payer_rejected`. If "
    "the bank approves it after all, it succeeds late, or the money is refunded.",
    refuses=frozenset({422}),
)
async def cancel(payment_id: str) -> Response:
    deps = deps_of_app()
    body = await body_of_request()
    payment = await find_payment(payment_id, None, deps)
    await check_browser(payment.order_id, deps, body)
    after = await cancel_action(CancelAction(payment.id), deps)
    return json_response(payment_public_to_json(after))
