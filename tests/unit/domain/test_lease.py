"""The delay before a row is claimed again after an error."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paygate.core.limits import (
    CLAIM_BACKOFF_MAX,
    LEASE,
    PLUGIN_CALL,
    RENEW_EVERY,
    WORKER_DEAD_AFTER,
)
from paygate.core.queue.lease import backoff


@pytest.mark.parametrize(
    ("claims", "seconds"), [(1, 1), (2, 2), (3, 4), (4, 8), (5, 16), (6, 32), (7, 60), (8, 60)]
)
def test_the_backoff_doubles_up_to_a_minute(claims, seconds):
    assert backoff(claims) == timedelta(seconds=seconds)


@given(st.integers(1, 2**31))
def test_the_backoff_never_decreases(claims):
    assert timedelta(0) < backoff(claims) <= backoff(claims + 1) <= CLAIM_BACKOFF_MAX


def test_two_renewals_may_fail_before_a_lease_is_lost():
    assert RENEW_EVERY * 2 < LEASE


def test_a_plugin_call_is_shorter_than_its_lease():
    assert PLUGIN_CALL < LEASE
    assert WORKER_DEAD_AFTER <= LEASE
