"""A webhook that fails in the night, through a gateway of the test's own."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from paygate.testing import PaygateServer

INDIA = ZoneInfo("Asia/Kolkata")


@pytest.fixture
def paygate_settings() -> dict[str, str]:
    """Early risers."""
    return {"PAYGATE_BUSINESS_HOURS_OPENS": "07:30"}


def test_a_webhook_that_fails_at_night_is_retried_in_the_morning(
    paygate_server: PaygateServer,
):
    paygate_server.clock.set(datetime(2031, 1, 17, 23, 0, tzinfo=INDIA))  # a Friday
    # Each of the three events fails at once, after a minute, and after five more.
    paygate_server.inbox.answer(*[503] * 9)
    paygate_server.pay()
    paygate_server.clock.advance(minutes=7)
    assert len(paygate_server.inbox.arrived) == 9

    paygate_server.clock.to_next()
    monday = datetime(2031, 1, 20, 7, 30, tzinfo=INDIA)
    assert abs((paygate_server.clock.now - monday).total_seconds()) < 1
    assert [webhook.status for webhook in paygate_server.inbox.arrived[9:]] == [200] * 3
