"""JavaScript parses every event and serializes it to the same bytes."""

from __future__ import annotations

import base64
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from paygate import DeclineCode, Declined, Instrument, Money
from paygate.core.api.event_bodies import EventBodies
from paygate.core.event import Event, EventType
from paygate.core.limits import AMOUNT_MINOR_MAX, AMOUNT_MINOR_MIN
from paygate.core.money import EXPONENTS
from paygate.core.payments.model import Refund
from tests.unit.samples import LATER, MERCHANT_ID, NOW, opened

SCRIPT = Path(__file__).parent / "receivers" / "rewrite.js"
WORDS = EventBodies()
Rewrite = Callable[[bytes], bytes]


@pytest.fixture(scope="module")
def javascript() -> Iterator[Rewrite]:
    """``JSON.stringify(JSON.parse(body))``, by one Node for all examples."""
    with subprocess.Popen(
        ["node", str(SCRIPT)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        ask, answers = process.stdin, process.stdout

        def rewrite(body: bytes) -> bytes:
            ask.write(base64.b64encode(body) + b"\n")
            ask.flush()
            answer = answers.readline()
            assert answer, "Node could not read the body"
            return base64.b64decode(answer)

        yield rewrite
        ask.close()


many = settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
# Half a surrogate pair and NUL never get past the door.
anything = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
# What other languages escape, join, reorder or take for an end.
hard = st.sampled_from('"\\/\b\f\n\r\t\x1b\x7f\x85\u200d\u2028\u2029\ufeff\ufffd\uffff😀\U0010ffff')
texts = st.text(anything | hard, max_size=60)
amounts = st.builds(
    Money, st.integers(AMOUNT_MINOR_MIN, AMOUNT_MINOR_MAX), st.sampled_from(sorted(EXPONENTS))
)
moments = st.datetimes(datetime(1970, 1, 2), datetime(9999, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - Hypothesis wants naive bounds
# The names a plugin may give to what is shown of an instrument.
names = st.from_regex(r"\A[a-z][a-z0-9_]{0,39}\Z") | st.sampled_from(["vpa", "network", "last4"])
instruments = st.builds(
    Instrument,
    method=st.sampled_from(["upi", "card", "wallet"]),
    flow=st.just("collect"),
    display=st.dictionaries(names, texts, max_size=4),
)
reasons = st.none() | st.just("") | texts
KEPT_BY_JAVASCRIPT = 'null true 12 -1 [] {} "é" [1,{"b":"2","a":null}]'.split(" ")
CHANGED_BY_JAVASCRIPT = [
    '{"amount": 1}',
    '{"amount":1.0}',
    '{"amount":1e3}',
    '{"amount":9007199254740993}',
    '{"b":1,"2":2,"1":3}',
    '{"a":1,"a":2}',
    '{"name":"\\u0939"}',
    '{"name":"\\/"}',
    '{"name":"\\u2028"}',
]


@pytest.mark.parametrize("text", KEPT_BY_JAVASCRIPT)
def test_the_checker_accepts_json_that_javascript_writes_unchanged(javascript: Rewrite, text: str):
    assert javascript(text.encode()) == text.encode()


@pytest.mark.parametrize("text", CHANGED_BY_JAVASCRIPT)
def test_the_checker_reports_json_that_javascript_changes(javascript: Rewrite, text: str):
    assert javascript(text.encode()) != text.encode()


@many
@given(instruments, amounts, moments, st.sampled_from(EventType))
def test_payment_events_survive_reserialization(
    javascript: Rewrite, instrument: Instrument, amount: Money, at: datetime, type: EventType
):
    payment = opened(amount=amount, instrument=instrument).after
    body = WORDS.payment_event(Event(type, payment.id, 1, at), payment)

    assert javascript(body) == body


@many
@given(instruments, st.sampled_from(DeclineCode))
def test_declined_payments_survive_reserialization(
    javascript: Rewrite, instrument: Instrument, code: DeclineCode
):
    asked = opened(instrument=instrument).after.process(at=NOW).after
    change = asked.apply(Declined(code), at=LATER)
    body = WORDS.payment_event(change.events[-1], change.after)

    assert b'"reason":' in body
    assert javascript(body) == body


@many
@given(
    reasons,
    amounts,
    instruments,
    st.sampled_from(["pending", "processed", "failed"]),
    st.none() | moments,
)
def test_refund_events_survive_reserialization(
    javascript: Rewrite,
    reason: str | None,
    amount: Money,
    instrument: Instrument,
    status: str,
    at: datetime | None,
):
    payment = opened(amount=amount, instrument=instrument).after
    refund = Refund(
        "rfnd_ABCDEFGHijklmn01", payment.id, MERCHANT_ID, amount, reason, status, NOW, at
    )
    body = WORDS.refund_event(Event("refund.processed", payment.id, 4, NOW), refund, payment)

    assert javascript(body) == body


@many
@given(moments, st.from_regex(r"\A[a-z][a-z_]*(\.[a-z][a-z_]*){0,3}\Z"))
def test_test_events_survive_reserialization(javascript: Rewrite, at: datetime, type: str):
    body = WORDS.test_event(type, "evt_ABCDEFGHijklmn01", at)

    assert javascript(body) == body
