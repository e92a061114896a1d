"""Payments."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Annotated, Any, ClassVar, Literal, NotRequired, TypeVar, cast

from pydantic import ConfigDict, Field, with_config
from quart import Blueprint, Response, request
from typing_extensions import TypedDict

from ...accounts.model import Merchant, Role
from ...deps import Deps
from ...errors import ClientError, PluginError
from ...idempotency import Answer
from ...limits import LIST_ROWS_MAX
from ...outcome import NextAction
from ...paging import PAYMENT_LIST, PageRequest
from ...payments.create import CreatePayment, create_payment, plan_route
from ...payments.follow_up import CancelPayment, CapturePayment, cancel_payment, capture_payment
from ...payments.model import Payment, PaymentStatus
from ...payments.queries import find_payment
from ...payments.routing import RoutePlan
from ...payments.scenarios import HEADER
from ...payments.store import PaymentSearch
from ..auth import check_browser, merchant_of_request
from ..bodies import body_of_request, write
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
    Notes,
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
from ..group_commit import create_in_group
from ..idempotency import answer_response, once
from ..shapes import At, Minor, PageJson, PaymentId, Uuid, page_to_json, timestamp
from ..waiting import WaitQuery, payment_when_ready, wait_of_request
from .overview import TOTALS_EXAMPLE, TotalsJson, totals_to_json
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
    """What the shopper has to do before there is a final outcome."""

    type: Literal["redirect", "three_ds", "upi_intent", "qr", "upi_collect", "otp", "wait"]
    expires_at: At
    data: dict[str, str]


@with_config({"extra": "allow"})
class PaymentCreatedJson(TypedDict):
    """A new payment. Its method may add fields of the instrument."""

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
                description="for shoppers, with `PAYGATE_PROFILE=open-demo` only: the order id of "
                "the request, if the order has another id"
            ),
        ]
    ]
    vpa: NotRequired[str | None]
    card_network: NotRequired[str | None]
    card_last4: NotRequired[str | None]


@with_config({"extra": "allow"})
class PaymentPublicJson(PaymentCreatedJson):
    """A payment as the shopper's page sees it."""

    updated_at: At
    next_action: NotRequired[NextActionJson]
    error_code: NotRequired[str]
    error_description: NotRequired[str]


@with_config({"extra": "allow"})
class PaymentMovedJson(PaymentCreatedJson):
    """A payment after a capture or cancel request."""

    substatus: Substatus
    captured: bool
    amount_captured: Minor
    updated_at: At


@with_config({"extra": "allow"})
class PaymentJson(PaymentCreatedJson):
    """A payment of an order, with all fields."""

    merchant_id: Uuid
    substatus: Annotated[Substatus, Field(description="the detailed status")]
    captured: bool
    amount_authorized: Minor
    amount_captured: Minor
    amount_refunded: Minor
    error_code: Annotated[str | None, Field(examples=["PAYMENT_FAILED"])]
    error_description: str | None
    decline_code: Annotated[str | None, Field(examples=["insufficient_funds"])]
    processor: str
    scenario: Annotated[str | None, Field(description="scenario that simulated processors play")]
    notes: NotRequired[Annotated[dict[str, Any], Field(description="missing in events")]]
    next_action: NextActionJson | None
    updated_at: At


NEVER_READ = frozenset({"amount", "currency", "metadata"})
"""Fields of a payment request that are ignored: the order has them."""
NOT_DETAILS = NEVER_READ | {"client_secret"}
"""Fields of a payment request that do not belong to the method."""


class PaymentRequest(Request):
    """Body of ``POST /payments`` and ``POST /payments/public``.

    The fields of the method's own input model are added to it.
    """

    model_config = ConfigDict(extra="allow")
    never_read: ClassVar[frozenset[str]] = NEVER_READ

    order_id: Text = Field(min_length=1)
    method: Any = Field(description="an installed payment method: upi, card, …")
    notes: Notes = None

    @property
    def details(self) -> dict[str, Any]:
        """Return the method's fields."""
        return dict(self.__pydantic_extra__ or {})


class CaptureRequest(Request):
    """Body of ``POST /payments/{id}/capture``; optional."""

    amount: RefundAmount | None = Field(None, description="default: all of it")
    final: bool = Field(True, description="release what is not captured")


class PaymentsQuery(SpanQuery):
    """Query of ``GET /payments``."""

    status: Literal["pending", "authorized", "success", "failed", "cancelled"] | None = Field(
        None, description="a status"
    )
    method: Annotated[Searched, Field(max_length=20)] | None = Field(
        None, description="a payment method, such as upi"
    )
    order_id: Annotated[Searched, Field(max_length=ID_CHARS_MAX)] | None = None
    q: Searched | None = Field(
        None,
        description="a prefix of the id or the order's id, the last four digits of a card, or "
        "three characters or more of the order's receipt or of a vpa",
    )


def parse_payments(query: Mapping[str, str]) -> PaymentSearch:
    """Parse the filters of ``GET /payments``; an empty filter counts as missing."""
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


def parse_payment(
    body: Body, merchant: Merchant | None, *, scenario: str | None = None
) -> CreatePayment:
    """Parse the body of ``POST /payments`` and ``POST /payments/public``."""
    refuse_protected(body)
    # The registry reports a missing method like an unknown one.
    asked = checked(PaymentRequest, {"method": None, **body})
    return CreatePayment(
        merchant=merchant,
        order_id=asked.order_id,
        method=asked.method,
        details={name: asked.details[name] for name in asked.details.keys() - NOT_DETAILS},
        scenario=scenario,
        # A shopper cannot write what the merchant reads as its own.
        notes=(asked.notes or None) if merchant else None,
    )


def parse_capture(body: Body, payment_id: str, merchant: Merchant) -> CapturePayment:
    """Parse the optional body of ``POST /payments/{id}/capture``."""
    asked = checked(CaptureRequest, body)
    return CapturePayment(merchant, payment_id, asked.amount, asked.final)


def parse_cancel(payment_id: str, merchant: Merchant) -> CancelPayment:
    """Parse ``POST /payments/{id}/cancel``; its body is ignored."""
    return CancelPayment(merchant, payment_id)


Shown = TypeVar("Shown", bound=PaymentCreatedJson)

# To merchants an unknown outcome is pending. Other statuses than pending, success and
# failed only occur with manual capture.
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

# A payment method may add fields of the instrument, but not with these names.
RESERVED = frozenset(
    """
    id payment_id paymentId order_id merchant_id amount currency method status substatus captured
    amount_authorized amount_captured amount_refunded error_code error_description decline_code
    scenario next_action notes
    processor reason created_at updated_at payment
    """.split()
)


def payment_created_to_json(payment: Payment) -> PaymentCreatedJson:
    """Return the response of ``POST /payments``."""
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
    """Return a payment with all fields; absent values are null."""
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
        "notes": dict(payment.notes or {}),
        "next_action": next_action_to_json(payment.next_action) if payment.next_action else None,
        "created_at": timestamp(payment.created_at),
        "updated_at": timestamp(payment.updated_at),
    }
    return _with_instrument(shown, payment)


def payment_public_to_json(payment: Payment) -> PaymentPublicJson:
    """Return a payment for the shopper's page."""
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
    """Return what the shopper has to do."""
    return {
        "type": action.type,
        "expires_at": timestamp(action.expires_at),
        "data": dict(action.data),
    }


def payment_moved_to_json(payment: Payment) -> PaymentMovedJson:
    """Return the response of ``POST /payments/{id}/capture`` and ``…/cancel``."""
    return {
        **payment_created_to_json(payment),
        "substatus": payment.status,
        "captured": payment.captured,
        "amount_captured": payment.amount_captured.minor,
        "updated_at": timestamp(payment.updated_at),
    }


def instrument_to_json(payment: Payment) -> dict[str, str]:
    """Return the fields that the payment's method shows of the instrument."""
    display = payment.instrument.display
    words = {"network": "card_network", "last4": "card_last4"}
    return {words.get(name, name): value for name, value in display.items() if name not in RESERVED}


def _with_instrument(shown: Shown, payment: Payment) -> Shown:
    # The method chooses these fields, so no type can name them.
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
    "notes": {},
    "next_action": None,
    "created_at": MADE_AT,
    "updated_at": PAID_AT,
}
PAYMENT_PUBLIC_EXAMPLE: PaymentPublicJson = {
    **PAYMENT_CREATED_EXAMPLE,  # type: ignore[typeddict-item]  # it says nothing of errors
    "status": "success",
    "updated_at": PAID_AT,
}
PAYMENT_CAPTURED_EXAMPLE: PaymentMovedJson = {
    **PAYMENT_CREATED_EXAMPLE,
    "status": "success",
    "substatus": "success",
    "captured": True,
    "amount_captured": 50_000,
    "updated_at": PAID_AT,
}
PAYMENT_CANCELLED_EXAMPLE: PaymentMovedJson = {
    **PAYMENT_CAPTURED_EXAMPLE,
    "status": "authorized",
    "substatus": "voiding",
    "captured": False,
    "amount_captured": 0,
}

# Without any of these parameters, the response is an array.
PAGE_PARAMETERS = {field.alias or name for name, field in PaymentsQuery.model_fields.items()}


routes = Blueprint("payments", __name__)


@routes.post("/payments")
@documented(
    "Create a payment",
    PaymentCreatedJson,
    PAYMENT_CREATED_EXAMPLE,
    status=201,
    needs=Role.DEVELOPER,
    audit=Audited("payment.create", of_people_only=True, shows=("order_id", "method")),
    body=PaymentRequest,
    body_examples=PAYMENT_REQUESTS_EXAMPLE,
    takes_key=True,
    query=WaitQuery,
    about="A worker calls the processor afterwards: the payment is pending, and a webhook "
    "reports the outcome. The order's amount is charged; an amount in the request is ignored. "
    "With `wait`, the response has all fields of the payment, as it is after the wait.",
    refuses=frozenset({404}),
)
async def create() -> Response:
    deps = deps_of_app()
    merchant = await merchant_of_request(deps)
    body = await body_of_request()
    within_s, asked = wait_of_request(), request.headers.get(HEADER)

    def read() -> CreatePayment:
        return parse_payment(dialect_of_app().payment_body(body), merchant, scenario=asked)

    if created := await create_in_group(read, merchant, _created, deps):
        return await _when_ready(answer_response(created), within_s, merchant, deps)
    route = await _route(read, deps)

    async def do(bound: Deps) -> tuple[object, int]:
        command = await dialect_of_app().with_order(read(), body, merchant.id, bound)
        made = await create_payment(replace(command, route=route), bound)
        return payment_created_to_json(made), 201

    return await _when_ready(await once(merchant.id, deps, do), within_s, merchant, deps)


async def _when_ready(made: Response, within_s: int, merchant: Merchant, deps: Deps) -> Response:
    """Return the response of a new payment, which shows it as it is after the wait."""
    if within_s and made.status_code == 201:
        payment_id = str((await made.get_json())["id"])
        payment = await payment_when_ready(
            lambda: find_payment(payment_id, merchant, deps), within_s=within_s
        )
        made.set_data(write(payment_to_json(payment)))
    return made


@routes.post("/payments/public")
@documented(
    "Create a payment as a shopper",
    PaymentCreatedJson,
    PAYMENT_CREATED_EXAMPLE,
    status=201,
    access="browser",
    body=PaymentRequest,
    body_examples=PAYMENT_REQUESTS_EXAMPLE,
    takes_key=True,
    refuses=frozenset({404}),
    limits_order=True,
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

    # Separate from the merchant's own keys.
    return await once(owner, deps, do, scope=command.order_id)


@routes.get("/payments")
@documented(
    "List payments",
    list[PaymentJson] | PageJson[PaymentJson],
    example_page(PAYMENT_EXAMPLE),
    query=PaymentsQuery,
    about="An array of the newest; with any query parameter, a page in an envelope.",
)
async def index() -> Response:
    deps = deps_of_app()
    if PAGE_PARAMETERS.isdisjoint(request.args):
        return await everything()
    merchant = await merchant_of_request(deps)
    asked, search = parse_page(request.args, PAYMENT_LIST), parse_payments(request.args)
    page = await deps.storage.payments.page(merchant.id, asked, search)
    return json_response(page_to_json(page, payment_to_json))


@routes.get("/payments/list")
@documented("List the newest payments", list[PaymentJson], [PAYMENT_EXAMPLE])
async def everything() -> Response:
    deps = deps_of_app()
    merchant = await merchant_of_request(deps)
    page = await deps.storage.payments.page(merchant.id, PageRequest(LIST_ROWS_MAX))
    return json_response([payment_to_json(payment) for payment in page.rows])


@routes.get("/payments/stats")
@documented("Show payment totals", TotalsJson, TOTALS_EXAMPLE)
async def stats() -> Response:
    deps = deps_of_app()
    merchant = await merchant_of_request(deps)
    return json_response(totals_to_json(await deps.storage.figures.totals(merchant.id)))


@routes.get("/payments/<payment_id>")
@documented("Show a payment", PaymentJson, PAYMENT_EXAMPLE, query=WaitQuery)
async def show(payment_id: str) -> Response:
    deps = deps_of_app()
    merchant = await merchant_of_request(deps)
    payment = await payment_when_ready(lambda: find_payment(payment_id, merchant, deps))
    return json_response(payment_to_json(payment))


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
    about="Captures held money, all or a part; or confirms an automatic capture.",
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
    about="Releases the money that a payment of a manual order holds.",
)
async def cancel(payment_id: str) -> Response:
    deps = deps_of_app()
    merchant = await merchant_of_request(deps)

    async def do(bound: Deps) -> tuple[object, int]:
        command = parse_cancel(payment_id, merchant)
        return payment_moved_to_json(await cancel_payment(command, bound)), 200

    return await once(merchant.id, deps, do)


@routes.get("/payments/<payment_id>/timeline")
@documented("Show a payment's timeline", TimelineJson, TIMELINE_EXAMPLE)
async def timeline(payment_id: str) -> Response:
    deps = deps_of_app()
    merchant = await merchant_of_request(deps)
    payment = await find_payment(payment_id, merchant, deps)
    entries = await deps.storage.payments.timeline(payment.id)
    return json_response(timeline_to_json(entries))


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


def _created(payment: Payment) -> Answer:
    return Answer(201, write(payment_created_to_json(payment)))


async def _route(read: Callable[[], CreatePayment], deps: Deps) -> RoutePlan | None:
    """Ask the routers before the transaction of the request begins."""
    try:
        return await plan_route(read(), deps) if deps.registry.routers else None
    except (ClientError, PluginError):
        # `create_payment` raises it again, and the response is stored under the key.
        return None
