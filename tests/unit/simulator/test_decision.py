import json
from datetime import UTC, datetime
from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from paygate import DeclineCode, Declined
from paygate.core.outcome import RetryAdvice
from paygate.simulator.decision import Decision, read_decision

words = st.none() | st.text(max_size=20)
declines = st.builds(
    Declined,
    code=st.sampled_from(DeclineCode),
    retry=st.sampled_from(get_args(RetryAdvice)),
    processor_code=words,
    shopper_message_key=words,
)
decisions = st.builds(
    Decision, due_at=st.datetimes(timezones=st.just(UTC)), decline=st.none() | declines
)
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
junk = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["due_at", "approved", "decline", "code", "retry", "processor_code", "x"]
            ),
            inner,
        )
    ),
    max_leaves=12,
)

SOUND = Decision(datetime(2026, 1, 15, tzinfo=UTC), Declined(DeclineCode.DECLINED)).as_json()


@given(decisions)
def test_a_decision_survives_being_stored_as_json(decision):
    stored = json.loads(json.dumps(decision.as_json()))

    assert read_decision(stored) == decision


@given(junk)
def test_an_invalid_decision_is_none(stored):
    assert read_decision(stored) is None


@given(st.sampled_from(sorted(SOUND)), scalars)
def test_a_decision_with_one_wrong_field_is_none(field, value):
    decision = read_decision({**SOUND, field: value})

    # A scalar may happen to be a time that is as good as the one it replaces.
    assert decision is None or decision.decline == Declined(DeclineCode.DECLINED)


def test_a_due_time_without_a_zone_is_invalid():
    assert read_decision({**SOUND, "due_at": "2026-01-15T00:00:00"}) is None


def test_an_approval_with_a_decline_is_invalid():
    assert read_decision({**SOUND, "approved": True}) is None
