"""From a request to a command: the field, the rule, the sentence."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from ..domain.account import AuditFilter, Caller, Session
from ..domain.errors import InvalidInputError, NotFoundError
from ..domain.limits import PAGE_ROWS_MAX
from ..domain.merchant import Merchant
from ..domain.money import Money
from ..domain.role import Role
from ..ports.delivery_records import DeliveryFilter, Recovery
from ..ports.kept import KEEP
from ..ports.searches import OrderSearch, PaymentSearch, RefundSearch
from ..services.api_keys import CreateKey
from ..services.cancel_payment import CancelPayment
from ..services.capture_payment import CapturePayment
from ..services.configure_endpoint import ConfigureEndpoint
from ..services.create_order import CreateOrder
from ..services.create_payment import CreatePayment
from ..services.create_refund import CreateRefund
from ..services.log_in import ChangePassword, LogIn
from ..services.manage_endpoints import ChangeEndpoint, CreateEndpoint
from ..services.namespaces import OpenNamespace
from ..services.send_test_event import SendTestEvent
from ..services.settle_review import SettleReview
from ..services.team import AddUser, ChangeUser
from .present.entities import STATUS
from .wire import accounts, endpoints, lists, requests

Body = Mapping[str, Any]
Model = TypeVar("Model", bound=BaseModel)

PROTECTED = ("status", "merchant_id", "amount_refunded", "captured")
"""Fields that only we set. Anything else we do not know is ignored."""

NOT_DETAILS = frozenset({"amount", "currency", "metadata", "notes", "client_secret"})
"""Fields of a payment request that are not the method's."""


def order(body: Body, merchant: Merchant) -> CreateOrder:
    """``POST /orders``."""
    _refuse_protected(body)
    asked = _checked(requests.OrderRequest, body)
    return CreateOrder(
        merchant=merchant,
        amount=Money(asked.amount, asked.currency or "INR"),
        receipt=asked.receipt,
        notes=asked.notes or {},
        capture_mode=asked.capture or "automatic",
    )


def payment(body: Body, merchant: Merchant | None, *, scenario: str | None = None) -> CreatePayment:
    """``POST /payments`` and ``POST /payments/public``."""
    _refuse_protected(body)
    # A method that is missing is one that nobody installed; the registry says so.
    asked = _checked(requests.PaymentRequest, {"method": None, **body})
    return CreatePayment(
        merchant=merchant,
        order_id=asked.order_id,
        method=asked.method,
        details={name: asked.details[name] for name in asked.details.keys() - NOT_DETAILS},
        scenario=scenario,
    )


def capture(body: Body, payment_id: str, merchant: Merchant) -> CapturePayment:
    """``POST /payments/{id}/capture``, with or without a body."""
    asked = _checked(requests.CaptureRequest, body)
    return CapturePayment(merchant, payment_id, asked.amount, asked.final)


def cancel(payment_id: str, merchant: Merchant) -> CancelPayment:
    """``POST /payments/{id}/cancel``; whatever its body says."""
    return CancelPayment(merchant, payment_id)


def refund(body: Body, payment_id: str | None, merchant: Merchant) -> CreateRefund:
    """``POST /payments/{id}/refunds``, and ``POST /refunds`` which names the payment."""
    _refuse_protected(body)
    if payment_id is None:
        named = _checked(requests.RefundOfPaymentRequest, body)
        return CreateRefund(merchant, named.payment_id, named.amount, named.reason)
    asked = _checked(requests.RefundRequest, body)
    return CreateRefund(merchant, payment_id, asked.amount, asked.reason)


def settle(body: Body, operation_id: str, merchant: Merchant) -> SettleReview:
    """``POST /operations/{id}/settle``."""
    asked = _checked(requests.SettleRequest, body)
    return SettleReview(merchant, operation_id, asked.verdict, asked.reason)


def params(body: Body) -> Mapping[str, str]:
    """``POST /payments/{id}/complete``: what came back with the shopper."""
    return _checked(requests.CompleteRequest, body).params


def decision(body: Body) -> str:
    """``POST /test/payments/{id}/payer``."""
    return _checked(requests.PayerRequest, body).decision


def scenario(body: Body) -> str | None:
    """``PUT /test/scenario``."""
    return _checked(requests.ScenarioRequest, body).scenario


def namespace(body: Body) -> OpenNamespace:
    """``POST /test/namespaces``, with or without a body."""
    asked = _checked(requests.NamespaceRequest, body)
    return OpenNamespace(
        asked.name, asked.webhook_url or None, asked.webhook_secret, asked.scenario
    )


def callbacks(query: Mapping[str, str]) -> str | None:
    """``?effect=`` of ``GET /test/callbacks``."""
    given = {"effect": query["effect"]} if query.get("effect") else {}
    return _checked(requests.CallbacksQuery, given).effect


def endpoint(body: Body, merchant: Merchant) -> ConfigureEndpoint:
    """``PATCH /merchant/webhook`` and its likes."""
    asked = _checked(requests.EndpointRequest, body)
    if "webhook_url" not in asked.model_fields_set:
        return ConfigureEndpoint(merchant, KEEP, asked.webhook_secret)
    return ConfigureEndpoint(merchant, asked.webhook_url or None, asked.webhook_secret)


def new_endpoint(body: Body, merchant: Merchant) -> CreateEndpoint:
    """``POST /webhook-endpoints``."""
    asked = _checked(endpoints.NewEndpointRequest, body)
    return CreateEndpoint(merchant, asked.url, asked.events, asked.description)


def endpoint_change(body: Body, endpoint_id: UUID, merchant: Merchant) -> ChangeEndpoint:
    """``PATCH /webhook-endpoints/{id}``."""
    asked = _checked(endpoints.EndpointChangeRequest, body)
    named = asked.model_fields_set
    return ChangeEndpoint(
        merchant,
        endpoint_id,
        url=asked.url if "url" in named else KEEP,
        events=asked.events if "events" in named else KEEP,
        description=asked.description if "description" in named else KEEP,
    )


def endpoint_id(text: str) -> UUID:
    """The id in ``/webhook-endpoints/{id}``; what is no UUID names no endpoint."""
    try:
        return UUID(text)
    except ValueError:
        raise NotFoundError("Endpoint") from None


def endpoint_test(body: Body, endpoint_id: UUID, merchant: Merchant) -> SendTestEvent:
    """``POST /webhook-endpoints/{id}/test``."""
    asked = _checked(requests.TestEventRequest, body)
    return SendTestEvent(merchant, asked.event or "", endpoint_id)


def recovery(body: Body, merchant: Merchant, now: datetime) -> tuple[Recovery, bool]:
    """``POST /webhooks/recover``: what is to be sent again, and whether only to look."""
    asked = _checked(endpoints.RecoverRequest, body)
    # A moment after now: what was made at this very moment is meant too.
    until = asked.until or now + timedelta(milliseconds=1)
    recovery = Recovery(
        merchant_id=merchant.id,
        since=asked.since,
        until=until,
        statuses=asked.statuses,
        events=asked.events,
        endpoint_id=asked.endpoint_id,
    )
    return recovery, asked.dry_run


def deliveries(query: Mapping[str, str]) -> tuple[int, int, DeliveryFilter]:
    """``?limit=&offset=`` and the filters of ``GET /webhooks``."""
    names = endpoints.DeliveriesQuery.model_fields
    asked = _checked(endpoints.DeliveriesQuery, {n: query[n] for n in names if query.get(n)})
    only = DeliveryFilter(asked.status, asked.event, asked.endpoint_id, asked.payment_id)
    return min(asked.limit, PAGE_ROWS_MAX), asked.offset, only


def origins(body: Body) -> list[str] | None:
    """``PATCH /merchant``; None to leave them as they are."""
    found = _checked(requests.MerchantRequest, body).allowed_origins
    return None if found is None else list(dict.fromkeys(found))


def test_event(body: Body, merchant: Merchant) -> SendTestEvent:
    """``POST /webhooks/test``."""
    return SendTestEvent(merchant, _checked(requests.TestEventRequest, body).event or "")


def login(body: Body, *, ip: str | None, replaces: str | None) -> LogIn:
    """``POST /session``."""
    asked = _checked(accounts.LoginRequest, body)
    return LogIn(asked.email, asked.password, ip, replaces)


def password(body: Body, session: Session, *, ip: str | None) -> ChangePassword:
    """``PUT /session/password``."""
    asked = _checked(accounts.PasswordRequest, body)
    return ChangePassword(session, asked.current_password, asked.new_password, ip)


def user(body: Body, caller: Caller, *, password: str) -> AddUser:
    """``POST /team``."""
    asked = _checked(accounts.UserRequest, body)
    return AddUser(caller.merchant.id, asked.email, Role(asked.role), password)


def user_change(body: Body, user_id: str, caller: Caller) -> ChangeUser:
    """``PATCH /team/{id}``."""
    asked = _checked(accounts.UserChangeRequest, body)
    role = None if asked.role is None else Role(asked.role)
    return ChangeUser(caller, uuid(user_id, "User"), role, asked.is_active)


def key(body: Body, caller: Caller) -> CreateKey:
    """``POST /keys``."""
    asked = _checked(accounts.KeyRequest, body)
    return CreateKey(caller, asked.label, Role(asked.role))


def audit(query: Mapping[str, str]) -> AuditFilter:
    """``?action=&actor=&subject=`` of ``GET /audit``; an empty one counts as left out."""
    names = ("action", "actor", "subject")
    given = {name: query[name].replace("\0", "") for name in names if query.get(name)}
    asked = _checked(accounts.AuditQuery, given)
    return AuditFilter(asked.action, asked.actor, asked.subject)


def page(query: Mapping[str, str]) -> tuple[int, int]:
    """``?limit=&offset=``; an empty one counts as left out."""
    given = {name: query[name] for name in ("limit", "offset") if query.get(name)}
    asked = _checked(requests.PageQuery, given)
    return min(asked.limit, PAGE_ROWS_MAX), asked.offset


def payments(query: Mapping[str, str]) -> PaymentSearch:
    """The filters of ``GET /payments``; an empty one counts as left out."""
    asked = _checked(lists.PaymentsQuery, _said(query))
    statuses = {status for status, shown in STATUS.items() if shown == asked.status}
    return PaymentSearch(
        since=asked.from_,
        until=asked.to,
        statuses=frozenset(statuses) if asked.status else None,
        method=asked.method,
        order_id=asked.order_id,
        text=asked.q,
    )


def orders(query: Mapping[str, str]) -> OrderSearch:
    """The filters of ``GET /orders``."""
    asked = _checked(lists.OrdersQuery, _said(query))
    return OrderSearch(since=asked.from_, until=asked.to, status=asked.status, text=asked.q)


def refunds(query: Mapping[str, str]) -> RefundSearch:
    """The filters of ``GET /refunds``."""
    asked = _checked(lists.RefundsQuery, _said(query))
    return RefundSearch(
        since=asked.from_, until=asked.to, status=asked.status, payment_id=asked.payment_id
    )


def overview_hours(query: Mapping[str, str]) -> int:
    """``?hours=`` of ``GET /overview``."""
    return _checked(lists.OverviewQuery, _said(query)).hours


def cursor(query: Mapping[str, str], last_event_id: str | None) -> str | None:
    """Where a stream goes on. What a browser has seen since wins over its first address."""
    given = {"cursor": last_event_id} if last_event_id else _said(query)
    return _checked(lists.StreamQuery, given).cursor


def plugin_values(body: Body) -> Mapping[str, Any]:
    """``PUT /plugins/{id}/config``."""
    return _checked(lists.PluginConfigRequest, body).values


def _said(query: Mapping[str, str]) -> Mapping[str, str]:
    return {name: value for name, value in query.items() if value}


def delivery_id(text: str) -> UUID:
    """The id in ``/webhooks/{id}/retry``."""
    return uuid(text, "Webhook log")


def uuid(text: str, thing: str) -> UUID:
    """The id in a path; what is no UUID names no such thing."""
    try:
        return UUID(text)
    except ValueError:
        raise NotFoundError(thing) from None


def _refuse_protected(body: Body) -> None:
    for name in PROTECTED:
        if name in body:
            raise InvalidInputError(f"{name} cannot be set", field=name)


def _checked(model: type[Model], given: Body) -> Model:
    try:
        return model.model_validate(given)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
    field = str(first["loc"][0])
    if given.get(field) is None and first["type"] == "string_type":
        # Null, where there must be a text, is a text that is missing.
        raise InvalidInputError(f"{field} is required", field=field)
    raise InvalidInputError(_sentence(first, field), field=field)


def _sentence(error: ErrorDetails, field: str) -> str:
    """What is wrong, in the words that clients of older gateways know."""
    bound = error.get("ctx", {})
    kind = error["type"]
    if kind in {"missing", "string_too_short"}:
        return f"{field} is required"
    if kind == "value_error":
        # A rule of ours, which may begin with the field's name.
        said = str(bound["error"])
        return said if said.startswith(field) else f"{field} {said}"
    must_be = {
        "int_type": "an integer",
        "greater_than_equal": f"at least {bound.get('ge')}",
        "less_than_equal": f"at most {bound.get('le')}",
        "string_type": "a string",
        "string_too_long": f"at most {bound.get('max_length')} characters",
        "dict_type": "an object",
        "bool_type": "true or false",
        "literal_error": str(bound.get("expected", "")).replace("'", ""),
    }
    return f"{field} must be {must_be[kind]}" if kind in must_be else f"{field}: {error['msg']}"
