"""A delivery, until it succeeds or fails finally."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from paygate import DeliveryResult
from tests.unit.samples import LATER, delivery

REFUSED = DeliveryResult(delivered=False, status_code=500, body="no")
WAIT = timedelta(seconds=60)


def test_a_confirmed_delivery_is_never_due_again():
    after = delivery().record(DeliveryResult(True, 200, "OK"), at=LATER, wait=None)

    assert (after.status, after.attempts, after.due_at) == ("success", 1, None)
    assert (after.response_code, after.response_body) == (200, "OK")
    assert after.last_attempt_at == LATER


def test_a_retry_delay_counts_from_the_end_of_the_attempt():
    after = delivery(attempts=2).record(REFUSED, at=LATER, wait=WAIT)

    assert (after.status, after.attempts, after.due_at) == ("pending", 3, LATER + WAIT)


def test_a_delivery_without_another_delay_has_failed():
    after = delivery(attempts=4).record(REFUSED, at=LATER, wait=None)

    assert (after.status, after.attempts, after.due_at) == ("failed", 5, None)


def test_a_confirmed_delivery_ignores_the_retry_policy():
    after = delivery().record(DeliveryResult(True, 204), at=LATER, wait=WAIT)

    assert (after.status, after.due_at) == ("success", None)


def test_without_a_response_the_reason_is_shown():
    after = delivery().record(DeliveryResult(False, error="timeout"), at=LATER, wait=WAIT)

    assert (after.response_code, after.response_body) == (None, "timeout")


def test_an_empty_response_is_not_an_error():
    after = delivery().record(DeliveryResult(False, 500, "", "x"), at=LATER, wait=WAIT)

    assert after.response_body == ""


results = st.builds(
    DeliveryResult,
    delivered=st.booleans(),
    status_code=st.none() | st.integers(100, 599),
    body=st.none() | st.text(max_size=5),
    error=st.none() | st.just("timeout"),
)
waits = st.none() | st.timedeltas(timedelta(0), timedelta(days=2))


@given(st.lists(st.tuples(results, waits), max_size=8))
def test_a_delivery_is_due_exactly_while_it_is_pending(story):
    now = delivery()
    for tries, (result, wait) in enumerate(story, start=1):
        now = now.record(result, at=LATER, wait=wait)

        assert (now.status == "pending") == (now.due_at is not None)
        assert now.attempts == tries
        assert now.body == delivery().body
