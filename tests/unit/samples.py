"""Ordinary values that unit tests begin with, and change where it matters."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from paygate import DeclineCode, Declined, Instrument, Money, OperationKind
from paygate.core.accounts.model import Merchant
from paygate.core.payments.model import Order, Payment
from paygate.core.payments.operation import Operation
from paygate.core.webhooks.model import Delivery

NOW = datetime(2026, 1, 15, 10, 30, tzinfo=UTC)
LATER = NOW + timedelta(seconds=7)
RS_499 = Money(49_900, "INR")
MERCHANT_ID = UUID("550e8400-e29b-41d4-a716-446655440000")
DECLINED = Declined(DeclineCode.INSUFFICIENT_FUNDS)

# Test numbers of the networks, from 13 to 19 digits. None of them was ever issued.
CANARY_PANS = (
    "4111111111111111",
    "5555555555554444",
    "378282246310005",
    "6011111111111117",
    "6759649826438453",
    "4222222222222",
    "6304000000000000000",
)


def merchant(**changed):
    sample = Merchant(
        id=MERCHANT_ID,
        name="Test Merchant",
        email="test@example.com",
        api_key="key_test_abc123",
        is_active=True,
        webhook_url="https://shop.example/hooks",
        webhook_secret="whsec_test_abc123",
        created_at=NOW,
    )
    return replace(sample, **changed)


def order(**changed):
    sample = Order(
        id="order_ABCDEFGHijklmn01",
        merchant_id=MERCHANT_ID,
        amount=RS_499,
        receipt="receipt_123",
        notes={},
        status="created",
        created_at=NOW,
        updated_at=NOW,
    )
    return replace(sample, **changed)


def opened(*, instrument=None, **order_changed):
    """Return the change of a new payment."""
    return Payment.open(
        order(**order_changed),
        id="pay_ABCDEFGHijklmn01",
        instrument=instrument or Instrument("upi", "collect", {"vpa": "user@paytm"}),
        processor="upi_sim",
        at=NOW,
    )


def payment(**changed):
    """Return a new payment that was not sent to a processor yet."""
    return replace(opened().after, **changed)


def operation(**changed):
    sample = Operation(
        id="op_ABCDEFGHijklmn01",
        payment_id="pay_ABCDEFGHijklmn01",
        merchant_id=MERCHANT_ID,
        kind=OperationKind.CHARGE,
        amount=RS_499,
        processor="upi_sim",
        state="reserved",
        due_at=NOW,
        created_at=NOW,
        sealed="sealed card",
    )
    return replace(sample, **changed)


def delivery(**changed):
    sample = Delivery(
        id=UUID(int=7),
        merchant_id=MERCHANT_ID,
        endpoint_id=MERCHANT_ID,
        sink="webhook_http",
        event_id="evt_ABCDEFGHijklmn01",
        event_type="payment.success",
        payment_id="pay_ABCDEFGHijklmn01",
        body=b"{}",
        status="pending",
        attempts=0,
        created_at=NOW,
        due_at=NOW,
    )
    return replace(sample, **changed)
