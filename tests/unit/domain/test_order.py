"""An order is paid at most once, and not after its payment link has ended."""

from datetime import timedelta

import pytest

from paygate.core.errors import LinkEndedError, OrderNotPayableError
from paygate.core.payments.model import PaymentLink
from tests.unit.samples import NOW, order

SOON = NOW + timedelta(seconds=1)


def linked(*, expires_at=None, cancelled_at=None, **changed):
    link = PaymentLink("plink_ABCDEFGHijklmn01", "Tea", expires_at, cancelled_at)
    return order(link=link, **changed)


@pytest.mark.parametrize("status", ["created", "attempted"])
def test_an_order_that_is_not_paid_can_be_paid(status):
    assert order(status=status).require_payable(at=NOW) is None


def test_a_paid_order_is_refused_with_a_message():
    with pytest.raises(OrderNotPayableError) as caught:
        order(status="paid").require_payable(at=NOW)

    assert str(caught.value) == "Order already paid"


def test_a_link_can_be_paid_until_the_moment_at_which_it_expires():
    expiring = linked(expires_at=SOON)
    expiring.require_payable(at=SOON - timedelta(microseconds=1))

    with pytest.raises(LinkEndedError, match="Payment link has expired"):
        expiring.require_payable(at=SOON)


def test_a_cancelled_link_cannot_be_paid():
    cancelled = linked().cancel_link(at=NOW)

    with pytest.raises(LinkEndedError, match="Payment link was cancelled"):
        cancelled.require_payable(at=NOW)


@pytest.mark.parametrize(
    ("made", "status"),
    [
        (linked(), "created"),
        (linked(status="attempted", expires_at=SOON), "created"),
        (linked(expires_at=NOW), "expired"),
        (linked(cancelled_at=NOW), "cancelled"),
        (linked(cancelled_at=NOW, expires_at=NOW), "cancelled"),
        (linked(status="paid", cancelled_at=NOW, expires_at=NOW), "paid"),
    ],
)
def test_a_link_has_one_status(made, status):
    assert made.link_status(at=NOW) == status


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (linked(status="paid"), "Payment link is already paid"),
        (linked(expires_at=NOW), "Payment link has expired"),
    ],
)
def test_a_link_that_has_ended_cannot_be_cancelled(made, message):
    with pytest.raises(LinkEndedError, match=message):
        made.cancel_link(at=NOW)


def test_cancelling_a_cancelled_link_changes_nothing():
    cancelled = linked().cancel_link(at=NOW)

    assert cancelled.cancel_link(at=SOON) is cancelled
