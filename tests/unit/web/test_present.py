"""The JSON of the API, and event bodies that survive reserialization."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paygate import Approved, DeclineCode, Declined, Instrument, Money, Unknown
from paygate.core.api.event_bodies import EventBodies
from paygate.core.api.resources.health import health_to_json
from paygate.core.api.resources.orders import order_public_to_json, order_to_json
from paygate.core.api.resources.overview import totals_to_json
from paygate.core.api.resources.payments import (
    STATUS,
    payment_created_to_json,
    payment_public_to_json,
    payment_to_json,
)
from paygate.core.api.resources.webhooks import delivery_to_json
from paygate.core.api.shapes import error_to_json, page_to_json, timestamp
from paygate.core.event import Event, EventType
from paygate.core.figures import PaymentTotals
from paygate.core.money import EXPONENTS
from paygate.core.paging import Page
from paygate.core.payments.model import TRANSITIONS, Refund
from tests.unit.samples import LATER, MERCHANT_ID, NOW, RS_499, delivery, opened, order, payment

WORDS = EventBodies()


@pytest.mark.parametrize(
    ("at", "text"),
    [
        (datetime(2026, 1, 15, 10, 30, tzinfo=UTC), "2026-01-15T10:30:00.000Z"),
        (datetime(2026, 1, 15, 10, 30, 0, 123_999, tzinfo=UTC), "2026-01-15T10:30:00.123Z"),
        (datetime(2026, 1, 15, 10, 30, 0, 7_000, tzinfo=UTC), "2026-01-15T10:30:00.007Z"),
        (
            datetime(2026, 1, 15, 16, 0, tzinfo=timezone(timedelta(hours=5, minutes=30))),
            "2026-01-15T10:30:00.000Z",
        ),
    ],
)
def test_a_time_is_formatted_as_in_javascript(at, text):
    assert timestamp(at) == text


@given(st.datetimes(datetime(1970, 1, 1), datetime(9998, 1, 1), timezones=st.timezones()))  # noqa: DTZ001 - Hypothesis wants naive bounds
def test_a_time_is_written_in_utc_to_the_millisecond(at):
    written = timestamp(at)
    back = datetime.fromisoformat(written)

    assert written.endswith("Z")
    assert len(written) == 24
    assert timedelta(0) <= at - back < timedelta(milliseconds=1)


def processed(outcome):
    return payment().process(at=NOW).after.apply(outcome, at=LATER)


APPROVED = processed(Approved("ref-1", RS_499))
DECLINED = processed(Declined(DeclineCode.INSUFFICIENT_FUNDS))
LOST = processed(Unknown("no answer"))


def body_of(change, ordinal=-1):
    return WORDS.payment_event(change.events[ordinal], change.after)


# A merchant may store any JSON, also what JavaScript writes differently.
NOTES = {"10": 1.0, "2": {"amount": 2**60}}
REFUND = Refund(
    "rfnd_1",
    "pay_1",
    MERCHANT_ID,
    RS_499,
    reason=None,
    status="pending",
    created_at=NOW,
    notes=NOTES,
)
CREATED = Event(EventType.REFUND_CREATED, "pay_1", 1, NOW)


def javascript(body):
    """Return what ``JSON.stringify(JSON.parse(body))`` makes of a body.

    For objects without names that look like array indexes and numbers that
    JavaScript counts exactly, both languages write the same text.
    """
    value = json.loads(body, object_pairs_hook=_as_javascript_does)
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def _as_javascript_does(pairs):
    names = [name for name, _ in pairs]
    assert len(set(names)) == len(names), "JavaScript keeps the last of two"
    for name, value in pairs:
        assert not name.isdigit(), "JavaScript moves it to the front"
        assert name != "__proto__", "JavaScript loses it"
        assert not isinstance(value, float), "1.0 comes back as 1"
        if isinstance(value, int):
            assert abs(value) < 2**53, "JavaScript rounds it"
    return dict(pairs)


@pytest.mark.parametrize(
    "body",
    [
        body_of(opened(), 0),
        body_of(opened(), 1),
        body_of(APPROVED),
        body_of(DECLINED),
        WORDS.payment_event(opened().events[0], replace(opened().after, notes=NOTES)),
        WORDS.refund_event(CREATED, REFUND, opened().after),
        WORDS.test_event("webhook.test", "evt_ABCDEFGHijklmn01", NOW),
    ],
)
def test_an_event_survives_reserialization(body):
    assert javascript(body) == body


# Only Python accepts half a surrogate pair as text; the guard refuses it.
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
displays = st.dictionaries(st.sampled_from(["vpa", "network", "last4", "bank", "coin"]), texts)
amounts = st.builds(Money, st.integers(100, 10**12), st.sampled_from(sorted(EXPONENTS)))
days = st.datetimes(datetime(2020, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - Hypothesis wants naive bounds


@given(displays, amounts, days, st.sampled_from(EventType))
def test_any_event_survives_reserialization(display, amount, at, type):
    made = opened(amount=amount, instrument=Instrument("upi", "collect", display)).after
    body = WORDS.payment_event(Event(type, made.id, 1, at), made)

    assert javascript(body) == body
    assert json.loads(body)["data"]["payment"]["amount"] == amount.minor


def test_an_event_has_type_time_and_payment():
    body = json.loads(body_of(APPROVED))

    assert body["event"] == "payment.success"
    assert body["timestamp"] == int(LATER.timestamp())
    assert body["created_at"] == timestamp(LATER)
    shown = body["data"]["payment"]
    notes = {"notes": {}}
    assert shown | notes == json.loads(json.dumps(payment_to_json(APPROVED.after)))
    assert shown["status"] == "success"


def test_an_event_repeats_the_fields_of_the_payment():
    data = json.loads(body_of(DECLINED))["data"]

    assert data["payment_id"] == data["paymentId"] == data["payment"]["id"]
    for name in ("order_id", "amount", "currency", "method", "vpa", "created_at"):
        assert data[name] == data["payment"][name]
    assert data["reason"] == data["payment"]["error_description"]


def test_merchants_see_three_statuses_and_two_of_manual_capture():
    assert set(STATUS) == set(TRANSITIONS)
    known = {"pending", "success", "failed", "authorized", "cancelled"}
    assert set(STATUS.values()) == known
    assert payment_to_json(LOST.after)["status"] == "pending"
    assert payment_to_json(LOST.after)["substatus"] == "unknown"


def test_a_declined_payment_has_error_code_and_decline_code():
    shown = payment_to_json(DECLINED.after)

    assert (shown["error_code"], shown["error_description"], shown["decline_code"]) == (
        "PAYMENT_FAILED",
        "Payment processing failed",
        "insufficient_funds",
    )


def test_missing_values_of_a_payment_are_null():
    shown = payment_to_json(payment())

    for name in ("card_network", "card_last4", "error_code", "error_description", "decline_code"):
        assert shown[name] is None


def card():
    display = {"network": "visa", "last4": "1111"}
    secret = {"number": "4111111111111111"}
    return opened(instrument=Instrument("card", "frictionless", display, secret)).after


def test_a_card_is_shown_by_its_network_and_last_digits_only():
    for shown in (payment_to_json(card()), payment_created_to_json(card())):
        assert (shown["card_network"], shown["card_last4"]) == ("visa", "1111")
        assert "4111111111111111" not in str(shown)
    assert payment_to_json(card())["vpa"] is None
    assert "vpa" not in payment_created_to_json(card())


PRESENTED = (payment_to_json, payment_created_to_json, payment_public_to_json)


@pytest.mark.parametrize("show", PRESENTED)
def test_display_fields_never_replace_fields_of_a_payment(show):
    honest = show(payment())
    own = honest.keys() - {"vpa", "card_network", "card_last4"}
    instrument = Instrument("upi", "collect", {**dict.fromkeys(own, "forged"), "vpa": "user@paytm"})

    assert show(opened(instrument=instrument).after) == honest


def test_display_fields_never_replace_fields_of_an_event():
    honest = body_of(opened())
    own = json.loads(honest)["data"].keys() - {"vpa"} | {"reason"}
    instrument = Instrument("upi", "collect", {**dict.fromkeys(own, "forged"), "vpa": "user@paytm"})

    assert body_of(opened(instrument=instrument)) == honest


def test_a_shopper_sees_nothing_of_the_merchant():
    for shown in (order_public_to_json(order()), payment_public_to_json(payment())):
        assert str(MERCHANT_ID) not in str(shown)
        assert "receipt" not in shown
        assert "notes" not in shown


def test_a_shopper_sees_the_reason_of_a_failure_only():
    assert payment_public_to_json(DECLINED.after)["error_code"] == "PAYMENT_FAILED"
    assert "error_code" not in payment_public_to_json(APPROVED.after)


def test_an_order_shows_its_notes_to_its_merchant():
    shown = order_to_json(order(notes={"a": 1}))

    assert shown["notes"] == {"a": 1}
    assert (shown["amount"], shown["currency"], shown["status"]) == (49_900, "INR", "created")


def test_a_delivery_shows_when_it_is_due_next():
    shown = delivery_to_json(delivery())

    assert shown["next_retry_at"] == timestamp(NOW)
    assert shown["last_attempt_at"] is None
    assert shown["id"] == str(UUID(int=7))


@pytest.mark.parametrize(("payments", "succeeded", "rate"), [(0, 0, 0), (3, 2, 67), (200, 1, 0)])
def test_a_success_rate_is_a_whole_number_even_of_nothing(payments, succeeded, rate):
    shown = totals_to_json(PaymentTotals(payments, succeeded, 0))

    assert shown["successRate"] == rate
    assert type(shown["successRate"]) is int


def test_a_page_contains_the_total():
    shown = page_to_json(Page([order()], total=7, limit=1, offset=3), order_public_to_json)

    assert shown == {
        "data": [order_public_to_json(order())],
        "total": 7,
        "limit": 1,
        "offset": 3,
        "next_cursor": None,
    }


@pytest.mark.parametrize(
    ("notifier", "database", "words"),
    [
        (True, True, ("healthy", "connected", False)),
        (False, True, ("healthy", "disconnected", True)),
        (None, True, ("healthy", "not used", False)),
        (True, False, ("unhealthy", "connected", True)),
    ],
)
def test_without_redis_we_are_degraded_and_without_the_database_unhealthy(
    notifier, database, words
):
    shown = health_to_json(
        database=database, notifier=notifier, refuses=False, worker=None, now=NOW
    )

    assert (shown["status"], shown["redis"], shown["degraded"]) == words


def test_a_process_whose_own_worker_ended_is_unhealthy():
    shown = health_to_json(database=True, notifier=True, refuses=False, worker=False, now=NOW)

    assert (shown["status"], shown["degraded"]) == ("unhealthy", True)


def test_an_error_names_its_field_if_it_has_one():
    assert error_to_json(code="X", description="y") == {"error": {"code": "X", "description": "y"}}
    assert error_to_json(code="X", description="y", field="z")["error"]["field"] == "z"
