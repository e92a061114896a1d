"""Payments."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Annotated, Any, Literal, NotRequired, TypeVar, cast

from pydantic import ConfigDict, Field, with_config
from quart import Blueprint, Response, request
from typing_extensions import TypedDict

from ...accounts.model import Merchant, Role
from ...deps import Deps
from ...errors import ClientError, PluginError
from ...limits import LIST_ROWS_MAX
from ...outcome import NextAction
from ...payments.create import CreatePayment, create_payment, plan_route
from ...payments.follow_up import CancelPayment, CapturePayment, cancel_payment, capture_payment
from ...payments.model import Payment, PaymentStatus
from ...payments.queries import find_payment
from ...payments.routing import RoutePlan
from ...payments.scenarios import HEADER
from ...payments.store import PaymentSearch, PaymentTotals
from ..auth import check_browser, merchant_of_request
from ..bodies import body_of_request
from ..context import deps_of_app, dialect_of_app
from ..documented import (
    MADE_AT,
    MERCHANT_ID,
    ORDER_ID,
    PAID_AT,
    PAYMENT_ID,
    Audited,
    documented,
    example_page,
)
from ..errors import json_response
from ..fields import (
    ID_CHARS_MAX,
    Body,
    RefundAmount,
    Request,
    Searched,
    SpanQuery,
    Text,
    checked,
    message_of,
    parse_page,
    refuse_protected,
)
from ..idempotency import once
from ..shapes import At, Minor, PageJson, PaymentId, Uuid, page_to_json, timestamp
from .timeline import TIMELINE_EXAMPLE, TimelineJson, timeline_to_json

Status = Literal["pending", "authorized", "success", "failed", "cancelled"]
Substatus = Literal[
    "pending",
    "processing",
    "unknown",
    "authorized",
    "capturing",
    "voiding",
    "success",
    "failed",
    "cancelled",
]


class NextActionJson(TypedDict):
    """What the shopper has to do before there is an answer."""

    type: Literal["redirect", "three_ds", "upi_intent", "qr", "upi_collect", "otp", "wait"]
    expires_at: At
    data: dict[str, str]


@with_config({"extra": "allow"})
class PaymentCreatedJson(TypedDict):
    """A new payment. A method may show more of its instrument than is named here."""

    id: PaymentId
    order_id: str
    amount: Minor
    currency: str
    method: str
    status: Status
    created_at: At
    order_receipt: NotRequired[
        Annotated[
            str,
            Field(
                description="to shoppers and only with `PAYGATE_PROFILE=open-demo`: the name under "
                "which the payment was asked for, where its order has an id of its own"
            ),
        ]
    ]
    vpa: NotRequired[str | None]
    card_network: NotRequired[str | None]
    card_last4: NotRequired[str | None]


@with_config({"extra": "allow"})
class PaymentPublicJson(PaymentCreatedJson):
    """What a shopper's page may see of a payment."""

    updated_at: At
    next_action: NotRequired[NextActionJson]
    error_code: NotRequired[str]
    error_description: NotRequired[str]


@with_config({"extra": "allow"})
class PaymentMovedJson(PaymentCreatedJson):
    """A payment that was captured or cancelled, or is about to be."""

    substatus: Substatus
    captured: bool
    amount_captured: Minor
    updated_at: At


@with_config({"extra": "allow"})
class PaymentJson(PaymentCreatedJson):
    """One try at paying an order, in full."""

    merchant_id: Uuid
    substatus: Annotated[Substatus, Field(description="status, more exactly")]
    captured: bool
    amount_authorized: Minor
    amount_captured: Minor
    amount_refunded: Minor
    error_code: Annotated[str | None, Field(examples=["PAYMENT_FAILED"])]
    error_description: str | None
    decline_code: Annotated[str | None, Field(examples=["insufficient_funds"])]
    processor: str
    scenario: Annotated[str | None, Field(description="what simulated processors play")]
    next_action: NextActionJson | None
    updated_at: At


class TotalsJson(TypedDict):
    """A merchant's figures."""

    totalTransactions: int
    totalAmount: Annotated[int, Field(description="taken by those that succeeded, in paise")]
    successRate: Annotated[int, Field(description="in percent", ge=0, le=100)]


class PaymentRequest(Request):
    """``POST /payments`` and ``POST /payments/public``.

    Beside these come the fields of the method's own input model.
    """

    model_config = ConfigDict(extra="allow")

    order_id: Text = Field(min_length=1)
    method: Any = Field(description="an installed payment method: upi, card, …")

    @property
    def details(self) -> dict[str, Any]:
        """The method's part."""
        return dict(self.__pydantic_extra__ or {})


class CaptureRequest(Request):
    """``POST /payments/{id}/capture``; may be left out."""

    amount: RefundAmount | None = Field(None, description="all of it, if left out")
    final: bool = Field(True, description="let go of what is not captured")


class PaymentsQuery(SpanQuery):
    """``GET /payments``."""

    status: Literal["pending", "authorized", "success", "failed", "cancelled"] | None = Field(
        None, description="as payments show it"
    )
    method: Annotated[Searched, Field(max_length=20)] | None = Field(
        None, description="exactly, such as upi"
    )
    order_id: Annotated[Searched, Field(max_length=ID_CHARS_MAX)] | None = None
    q: Searched | None = Field(
        None,
        description="finds an id or an order's id by how it begins, an order's receipt or a "
        "vpa by a part, a card by its last four digits",
    )


def parse_payments(query: Mapping[str, str]) -> PaymentSearch:
    """The filters of ``GET /payments``; an empty one counts as left out."""
    asked = checked(PaymentsQuery, message_of(query))
    statuses = {status for status, shown in STATUS.items() if shown == asked.status}
    return PaymentSearch(
        since=asked.from_,
        until=asked.to,
        statuses=frozenset(statuses) if asked.status else None,
        method=asked.method,
        order_id=asked.order_id,
        text=asked.q,
    )


NOT_DETAILS = frozenset({"amount", "currency", "metadata", "notes", "client_secret"})
"""Fields of a payment request that are not the method's."""


def parse_payment(
    body: Body, merchant: Merchant | None, *, scenario: str | None = None
) -> CreatePayment:
    """``POST /payments`` and ``POST /payments/public``."""
    refuse_protected(body)
    # A method that is missing is one that nobody installed; the registry says so.
    asked = checked(PaymentRequest, {"method": None, **body})
    return CreatePayment(
        merchant=merchant,
        order_id=asked.order_id,
        method=asked.method,
        details={name: asked.details[name] for name in asked.details.keys() - NOT_DETAILS},
        scenario=scenario,
    )


def parse_capture(body: Body, payment_id: str, merchant: Merchant) -> CapturePayment:
    """``POST /payments/{id}/capture``, with or without a body."""
    asked = checked(CaptureRequest, body)
    return CapturePayment(merchant, payment_id, asked.amount, asked.final)


def parse_cancel(payment_id: str, merchant: Merchant) -> CancelPayment:
    """``POST /payments/{id}/cancel``; whatever its body says."""
    return CancelPayment(merchant, payment_id)


Shown = TypeVar("Shown", bound=PaymentCreatedJson)

# What we are not sure of is still pending to merchants; only who asked for a manual
# capture ever sees more than pending, success and failed.
STATUS: Mapping[PaymentStatus, Status] = {
    "pending": "pending",
    "processing": "pending",
    "unknown": "pending",
    "authorized": "authorized",
    "capturing": "authorized",
    "voiding": "authorized",
    "cancelled": "cancelled",
    "success": "success",
    "failed": "failed",
}
ERROR_CODE = "PAYMENT_FAILED"

# A payment method chooses what of an instrument is shown, but not under these names.
RESERVED = frozenset(
    """
    id payment_id paymentId order_id merchant_id amount currency method status substatus captured
    amount_authorized amount_captured amount_refunded error_code error_description decline_code
    scenario next_action
    processor reason created_at updated_at payment
    """.split()
)


def payment_created_to_json(payment: Payment) -> PaymentCreatedJson:
    """The answer to ``POST /payments``."""
    shown: PaymentCreatedJson = {
        "id": payment.id,
        "order_id": payment.order_id,
        "amount": payment.amount.minor,
        "currency": payment.amount.currency,
        "method": payment.instrument.method,
        "status": STATUS[payment.status],
        "created_at": timestamp(payment.created_at),
    }
    return _with_instrument(shown, payment)


def payment_to_json(payment: Payment) -> PaymentJson:
    """A payment in full, absent values as null."""
    decline = payment.decline
    shown: PaymentJson = {
        "id": payment.id,
        "order_id": payment.order_id,
        "merchant_id": str(payment.merchant_id),
        "amount": payment.amount.minor,
        "currency": payment.amount.currency,
        "method": payment.instrument.method,
        "status": STATUS[payment.status],
        "substatus": payment.status,
        "vpa": None,
        "card_network": None,
        "card_last4": None,
        "captured": payment.captured,
        "amount_authorized": payment.amount_authorized.minor,
        "amount_captured": payment.amount_captured.minor,
        "amount_refunded": payment.amount_refunded.minor,
        "error_code": ERROR_CODE if decline else None,
        "error_description": decline.description if decline else None,
        "decline_code": decline.code if decline else None,
        "processor": payment.processor,
        "scenario": payment.scenario,
        "next_action": next_action_to_json(payment.next_action) if payment.next_action else None,
        "created_at": timestamp(payment.created_at),
        "updated_at": timestamp(payment.updated_at),
    }
    return _with_instrument(shown, payment)


def payment_public_to_json(payment: Payment) -> PaymentPublicJson:
    """What a shopper's page may see."""
    shown: PaymentPublicJson = {
        **payment_created_to_json(payment),  # type: ignore[typeddict-item]  # it says nothing of errors
        "updated_at": timestamp(payment.updated_at),
    }
    if payment.next_action:
        shown["next_action"] = next_action_to_json(payment.next_action)
    if payment.decline:
        shown["error_code"] = ERROR_CODE
        shown["error_description"] = payment.decline.description
    return shown


def next_action_to_json(action: NextAction) -> NextActionJson:
    """What the shopper has to do."""
    return {
        "type": action.type,
        "expires_at": timestamp(action.expires_at),
        "data": dict(action.data),
    }


def payment_moved_to_json(payment: Payment) -> PaymentMovedJson:
    """The answer to ``POST /payments/{id}/capture`` and ``…/cancel``."""
    return {
        **payment_created_to_json(payment),
        "substatus": payment.status,
        "captured": payment.captured,
        "amount_captured": payment.amount_captured.minor,
        "updated_at": timestamp(payment.updated_at),
    }


def totals_to_json(totals: PaymentTotals) -> TotalsJson:
    """``GET /payments/stats``."""
    rate = round(totals.succeeded / totals.payments * 100) if totals.payments else 0
    return {
        "totalTransactions": totals.payments,
        "totalAmount": totals.succeeded_minor,
        "successRate": rate,
    }


def instrument_to_json(payment: Payment) -> dict[str, str]:
    """What the payment's method shows of the payer's card or address."""
    display = payment.instrument.display
    words = {"network": "card_network", "last4": "card_last4"}
    return {words.get(name, name): value for name, value in display.items() if name not in RESERVED}


def _with_instrument(shown: Shown, payment: Payment) -> Shown:
    # Which fields these are is the method's business, so no type can name them.
    return cast("Shown", {**shown, **instrument_to_json(payment)})


PAYMENT_REQUESTS_EXAMPLE = {
    "upi": {"order_id": ORDER_ID, "method": "upi", "vpa": "asha@paytm"},
    "card": {
        "order_id": ORDER_ID,
        "method": "card",
        "card": {
            "number": "4111111111111111",
            "expiry_month": "12",
            "expiry_year": "2030",
            "cvv": "123",
            "holder_name": "Asha Rao",
        },
    },
}
PAYMENT_CREATED_EXAMPLE: PaymentCreatedJson = {
    "id": PAYMENT_ID,
    "order_id": ORDER_ID,
    "amount": 50_000,
    "currency": "INR",
    "method": "upi",
    "vpa": "asha@paytm",
    "status": "pending",
    "created_at": MADE_AT,
}
PAYMENT_EXAMPLE: PaymentJson = {
    "id": PAYMENT_ID,
    "order_id": ORDER_ID,
    "merchant_id": MERCHANT_ID,
    "amount": 50_000,
    "currency": "INR",
    "method": "upi",
    "status": "success",
    "substatus": "success",
    "vpa": "asha@paytm",
    "card_network": None,
    "card_last4": None,
    "captured": False,
    "amount_authorized": 50_000,
    "amount_captured": 50_000,
    "amount_refunded": 0,
    "error_code": None,
    "error_description": None,
    "decline_code": None,
    "processor": "upi_sim",
    "scenario": None,
    "next_action": None,
    "created_at": MADE_AT,
    "updated_at": PAID_AT,
}
PAYMENT_PUBLIC_EXAMPLE: PaymentPublicJson = {
    "id": PAYMENT_ID,
    "order_id": ORDER_ID,
    "amount": 50_000,
    "currency": "INR",
    "method": "upi",
    "vpa": "asha@paytm",
    "status": "success",
    "created_at": MADE_AT,
    "updated_at": PAID_AT,
}
PAYMENT_CAPTURED_EXAMPLE: PaymentMovedJson = {
    "id": PAYMENT_ID,
    "order_id": ORDER_ID,
    "amount": 50_000,
    "currency": "INR",
    "method": "upi",
    "vpa": "asha@paytm",
    "status": "success",
    "substatus": "success",
    "captured": True,
    "amount_captured": 50_000,
    "created_at": MADE_AT,
    "updated_at": PAID_AT,
}
PAYMENT_CANCELLED_EXAMPLE: PaymentMovedJson = {
    **PAYMENT_CAPTURED_EXAMPLE,
    "status": "authorized",
    "substatus": "voiding",
    "captured": False,
    "amount_captured": 0,
}
TOTALS_EXAMPLE: TotalsJson = {"totalTransactions": 12, "totalAmount": 550_000, "successRate": 92}

# Without any of these a list is an array.
PAGE_PARAMETERS = {field.alias or name for name, field in PaymentsQuery.model_fields.items()}


routes = Blueprint("payments", __name__)


@routes.post("/payments")
@documented(
    "Pay an order",
    PaymentCreatedJson,
    PAYMENT_CREATED_EXAMPLE,
    status=201,
    needs=Role.DEVELOPER,
    audit=Audited("payment.create", of_people_only=True, shows=("order_id", "method")),
    body=PaymentRequest,
    body_examples=PAYMENT_REQUESTS_EXAMPLE,
    takes_key=True,
    about="The processor is asked afterwards: the payment is pending, and a webhook tells "
    "how it ended. The order's amount is charged, whatever the request says.",
    refuses=frozenset({404}),
)
async def create() -> Response:
    deps = deps_of_app()
    merchant = await merchant_of_request(deps)
    body = await body_of_request()

    asked = request.headers.get(HEADER)

    def read() -> CreatePayment:
        return parse_payment(dialect_of_app().payment_body(body), merchant, scenario=asked)

    route = await _route(read, deps)

    async def do(bound: Deps) -> tuple[object, int]:
        command = await dialect_of_app().with_order(read(), body, merchant.id, bound)
        made = await create_payment(replace(command, route=route), bound)
        return payment_created_to_json(made), 201

    return await once(merchant.id, deps, do)


@routes.post("/payments/public")
@documented(
    "Pay an order as its shopper",
    PaymentCreatedJson,
    PAYMENT_CREATED_EXAMPLE,
    status=201,
    access="browser",
    body=PaymentRequest,
    body_examples=PAYMENT_REQUESTS_EXAMPLE,
    takes_key=True,
    refuses=frozenset({404}),
)
async def create_public() -> Response:
    deps = deps_of_app()
    body = await body_of_request()
    dialect, scenario = dialect_of_app(), request.headers.get(HEADER)
    command = parse_payment(dialect.payment_body(body), None, scenario=scenario)
    await check_browser(command.order_id, deps, body)
    owner = await dialect.owner_of_order(command.order_id, deps)
    route = await _route(lambda: command, deps)

    async def do(bound: Deps) -> tuple[object, int]:
        named = await dialect.with_order(command, body, owner, bound)
        made = await create_payment(replace(named, route=route), bound)
        return await dialect.with_receipt(payment_created_to_json(made), made, bound), 201

    # A shopper's keys are kept apart from the merchant's own.
    return await once(owner, deps, do, scope=command.order_id)


@routes.get("/payments")
@documented(
    "List payments",
    list[PaymentJson] | PageJson[PaymentJson],
    example_page(PAYMENT_EXAMPLE),
    query=PaymentsQuery,
    about="An array of the newest; asked for anything particular, a page in an envelope.",
)
async def index() -> Response:
    deps = deps_of_app()
    if PAGE_PARAMETERS.isdisjoint(request.args):
        return await everything()
    merchant = await merchant_of_request(deps)
    limit, offset = parse_page(request.args)
    search = parse_payments(request.args)
    page = await deps.storage.payments.page(merchant.id, limit=limit, offset=offset, search=search)
    return json_response(page_to_json(page, payment_to_json))


@routes.get("/payments/list")
@documented("List the newest payments", list[PaymentJson], [PAYMENT_EXAMPLE])
async def everything() -> Response:
    deps = deps_of_app()
    merchant = await merchant_of_request(deps)
    page = await deps.storage.payments.page(merchant.id, limit=LIST_ROWS_MAX, offset=0)
    return json_response([payment_to_json(payment) for payment in page.rows])


@routes.get("/payments/stats")
@documented("Sum payments up", TotalsJson, TOTALS_EXAMPLE)
async def stats() -> Response:
    deps = deps_of_app()
    merchant = await merchant_of_request(deps)
    return json_response(totals_to_json(await deps.storage.payments.totals(merchant.id)))


@routes.get("/payments/<payment_id>")
@documented("Show a payment", PaymentJson, PAYMENT_EXAMPLE)
async def show(payment_id: str) -> Response:
    deps = deps_of_app()
    merchant = await merchant_of_request(deps)
    return json_response(payment_to_json(await find_payment(payment_id, merchant, deps)))


@routes.post("/payments/<payment_id>/capture")
@documented(
    "Capture a payment",
    PaymentMovedJson,
    PAYMENT_CAPTURED_EXAMPLE,
    needs=Role.SUPPORT,
    audit=Audited("payment.capture", shows=("amount", "final")),
    body=CaptureRequest,
    body_is_optional=True,
    body_examples={"all": {}, "a part": {"amount": 20_000}},
    takes_key=True,
    about="Takes held money, all or a part; or confirms that money was taken at once.",
)
async def capture(payment_id: str) -> Response:
    deps = deps_of_app()
    merchant = await merchant_of_request(deps)
    body = await body_of_request()

    async def do(bound: Deps) -> tuple[object, int]:
        command = parse_capture(body, payment_id, merchant)
        return payment_moved_to_json(await capture_payment(command, bound)), 200

    return await once(merchant.id, deps, do)


@routes.post("/payments/<payment_id>/cancel")
@documented(
    "Cancel a payment",
    PaymentMovedJson,
    PAYMENT_CANCELLED_EXAMPLE,
    needs=Role.SUPPORT,
    audit=Audited("payment.cancel"),
    takes_key=True,
    about="Lets go of the money that a payment of a manual order holds.",
)
async def cancel(payment_id: str) -> Response:
    deps = deps_of_app()
    merchant = await merchant_of_request(deps)

    async def do(bound: Deps) -> tuple[object, int]:
        command = parse_cancel(payment_id, merchant)
        return payment_moved_to_json(await cancel_payment(command, bound)), 200

    return await once(merchant.id, deps, do)


@routes.get("/payments/<payment_id>/timeline")
@documented("Tell a payment's story", TimelineJson, TIMELINE_EXAMPLE)
async def timeline(payment_id: str) -> Response:
    deps = deps_of_app()
    merchant = await merchant_of_request(deps)
    payment = await find_payment(payment_id, merchant, deps)
    story = await deps.storage.payments.timeline(payment.id)
    return json_response(timeline_to_json(story))


@routes.get("/payments/<payment_id>/public")
@documented(
    "Show a payment to its shopper",
    PaymentPublicJson,
    PAYMENT_PUBLIC_EXAMPLE,
    access="browser",
)
async def show_public(payment_id: str) -> Response:
    deps = deps_of_app()
    payment = await find_payment(payment_id, None, deps)
    await check_browser(payment.order_id, deps)
    return json_response(
        await dialect_of_app().with_receipt(payment_public_to_json(payment), payment, deps)
    )


async def _route(read: Callable[[], CreatePayment], deps: Deps) -> RoutePlan | None:
    """Who is to be asked, said before the request's transaction begins."""
    try:
        return await plan_route(read(), deps) if deps.registry.routers else None
    except (ClientError, PluginError):
        # Said again where it is answered, and remembered under the request's key.
        return None
