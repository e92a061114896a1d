"""An order is paid at most once."""

import pytest

from paygate.core.errors import OrderNotPayableError
from tests.unit.samples import order


@pytest.mark.parametrize("status", ["created", "attempted"])
def test_an_order_that_is_not_paid_can_be_paid(status):
    assert order(status=status).require_payable() is None


def test_a_paid_order_is_refused_with_a_message():
    with pytest.raises(OrderNotPayableError) as caught:
        order(status="paid").require_payable()

    assert str(caught.value) == "Order already paid"
