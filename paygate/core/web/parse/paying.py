"""Orders, payments, refunds, and what tests ask for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...accounts.model import Merchant
from ...accounts.namespaces import OpenNamespace
from ...money import Money
from ...payments.callbacks import SettleReview
from ...payments.create import CreateOrder, CreatePayment
from ...payments.follow_up import CancelPayment, CapturePayment, CreateRefund
from ..wire import lists, overview, request_bodies
from .checked import Body, checked, refuse_protected

NOT_DETAILS = frozenset({"amount", "currency", "metadata", "notes", "client_secret"})
"""Fields of a payment request that are not the method's."""


def order(body: Body, merchant: Merchant) -> CreateOrder:
    """``POST /orders``."""
    refuse_protected(body)
    asked = checked(request_bodies.OrderRequest, body)
    return CreateOrder(
        merchant=merchant,
        amount=Money(asked.amount, asked.currency or "INR"),
        receipt=asked.receipt,
        notes=asked.notes or {},
        capture_mode=asked.capture or "automatic",
    )


def payment(body: Body, merchant: Merchant | None, *, scenario: str | None = None) -> CreatePayment:
    """``POST /payments`` and ``POST /payments/public``."""
    refuse_protected(body)
    # A method that is missing is one that nobody installed; the registry says so.
    asked = checked(request_bodies.PaymentRequest, {"method": None, **body})
    return CreatePayment(
        merchant=merchant,
        order_id=asked.order_id,
        method=asked.method,
        details={name: asked.details[name] for name in asked.details.keys() - NOT_DETAILS},
        scenario=scenario,
    )


def capture(body: Body, payment_id: str, merchant: Merchant) -> CapturePayment:
    """``POST /payments/{id}/capture``, with or without a body."""
    asked = checked(request_bodies.CaptureRequest, body)
    return CapturePayment(merchant, payment_id, asked.amount, asked.final)


def cancel(payment_id: str, merchant: Merchant) -> CancelPayment:
    """``POST /payments/{id}/cancel``; whatever its body says."""
    return CancelPayment(merchant, payment_id)


def refund(body: Body, payment_id: str | None, merchant: Merchant) -> CreateRefund:
    """``POST /payments/{id}/refunds``, and ``POST /refunds`` which names the payment."""
    refuse_protected(body)
    if payment_id is None:
        named = checked(request_bodies.RefundOfPaymentRequest, body)
        return CreateRefund(merchant, named.payment_id, named.amount, named.reason)
    asked = checked(request_bodies.RefundRequest, body)
    return CreateRefund(merchant, payment_id, asked.amount, asked.reason)


def settle(body: Body, operation_id: str) -> SettleReview:
    """``POST /operations/{id}/settle``."""
    asked = checked(request_bodies.SettleRequest, body)
    return SettleReview(operation_id, asked.verdict, asked.reason)


def resolution(body: Body) -> str:
    """``POST /attention/{id}/resolve``: the note."""
    return checked(overview.ResolveRequest, body).note


def params(body: Body) -> Mapping[str, str]:
    """``POST /payments/{id}/complete``: what came back with the shopper."""
    return checked(request_bodies.CompleteRequest, body).params


def decision(body: Body) -> str:
    """``POST /test/payments/{id}/payer``."""
    return checked(request_bodies.PayerRequest, body).decision


def scenario(body: Body) -> str | None:
    """``PUT /test/scenario``."""
    return checked(request_bodies.ScenarioRequest, body).scenario


def namespace(body: Body) -> OpenNamespace:
    """``POST /test/namespaces``, with or without a body."""
    asked = checked(request_bodies.NamespaceRequest, body)
    return OpenNamespace(
        asked.name, asked.webhook_url or None, asked.webhook_secret, asked.scenario
    )


def plugin_values(body: Body) -> Mapping[str, Any]:
    """``PUT /plugins/{id}/config``."""
    return checked(lists.PluginConfigRequest, body).values
