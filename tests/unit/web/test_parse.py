"""The fields of requests, their rules and their messages."""

from contextlib import suppress
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paygate import Money
from paygate.core.api.fields import PROTECTED, parse_page
from paygate.core.api.resources.orders import parse_order
from paygate.core.api.resources.payments import parse_payment
from paygate.core.api.resources.webhooks import parse_delivery_id, parse_endpoint, parse_test_event
from paygate.core.errors import ClientError, InvalidInputError, NotFoundError
from paygate.core.limits import (
    AMOUNT_MINOR_MAX,
    AMOUNT_MINOR_MIN,
    NOTES_BYTES_MAX,
    OFFSET_ROWS_MAX,
    PAGE_ROWS_DEFAULT,
    PAGE_ROWS_MAX,
    TEXT_CHARS_MAX,
    URL_CHARS_MAX,
)
from paygate.core.money import EXPONENTS, amount_minor_min
from paygate.core.paging import ORDER_LIST, PageRequest
from paygate.core.records import UNCHANGED
from tests.unit.samples import merchant

ORDER = {"amount": 50_000}
PAYMENT = {"order_id": "order_ABCDEFGHijklmn01", "method": "upi", "vpa": "user@paytm"}
NOT_TEXT = [7, True, 1.5, [], {}, ["a"]]


def order(**body):
    return parse_order({**ORDER, **body}, merchant())


def payment(**body):
    return parse_payment({**PAYMENT, **body}, merchant())


def endpoint(**body):
    return parse_endpoint(body, merchant())


def refusal(parsing, **body):
    with pytest.raises(InvalidInputError) as caught:
        parsing(**body)
    return caught.value.field, str(caught.value)


def test_an_order_needs_an_amount_only():
    command = parse_order(ORDER, merchant())

    assert command.amount == Money(50_000, "INR")
    assert (command.receipt, command.notes) == (None, {})
    assert command.merchant == merchant()


@pytest.mark.parametrize("amount", [AMOUNT_MINOR_MIN, AMOUNT_MINOR_MIN + 1, AMOUNT_MINOR_MAX])
def test_an_amount_within_the_limits_is_accepted(amount):
    assert order(amount=amount).amount.minor == amount


@pytest.mark.parametrize(
    "amount", [True, False, None, 500.0, 499.5, "500", "", [], [500], {}, float("1e9")]
)
def test_an_amount_that_is_no_integer_is_refused(amount):
    assert refusal(order, amount=amount) == ("amount", "amount must be an integer")


def test_a_missing_amount_is_refused():
    with pytest.raises(InvalidInputError, match="amount is required"):
        parse_order({}, merchant())


@pytest.mark.parametrize("amount", [AMOUNT_MINOR_MIN - 1, 1, 0, -1, -(2**63)])
def test_an_amount_below_the_floor_is_refused(amount):
    assert refusal(order, amount=amount) == ("amount", "amount must be at least 100")


@pytest.mark.parametrize(("currency", "least"), [("JPY", 1), ("USD", 100), ("KWD", 100)])
def test_the_floor_depends_on_the_decimals_of_the_currency(currency: str, least: int):
    assert order(amount=least, currency=currency).amount == Money(least, currency)
    refused = refusal(order, amount=least - 1, currency=currency)
    assert refused == ("amount", f"amount must be at least {least}")


@pytest.mark.parametrize("amount", [AMOUNT_MINOR_MAX + 1, 2**63 - 1])
def test_an_amount_above_the_ceiling_is_refused(amount):
    field, sentence = refusal(order, amount=amount)

    assert (field, sentence) == ("amount", f"amount must be at most {AMOUNT_MINOR_MAX}")


@pytest.mark.parametrize("currency", ["INR", "inr", "Jpy", "kwd"])
def test_a_currency_is_read_in_either_case(currency):
    assert order(currency=currency).amount.currency == currency.upper()


@pytest.mark.parametrize("currency", [None, ""])
def test_the_default_currency_is_inr(currency):
    assert order(currency=currency).amount.currency == "INR"


@pytest.mark.parametrize("currency", ["XXX", "RUPEES", "IN", "₹", "INR\n", " INR", "U$D", "'; --"])
def test_a_currency_that_iso_does_not_know_is_refused(currency):
    assert refusal(order, currency=currency) == (
        "currency",
        "currency must be an ISO 4217 code",
    )


@pytest.mark.parametrize("name", PROTECTED)
@pytest.mark.parametrize("value", ["paid", None, 0])
@pytest.mark.parametrize("parsing", [order, payment])
def test_protected_fields_are_refused_even_as_null(parsing, name, value):
    assert refusal(parsing, **{name: value}) == (name, f"{name} cannot be set")


@pytest.mark.parametrize("parsing", [order, payment])
def test_an_unknown_field_is_ignored(parsing):
    parsing(theme="dark")


@pytest.mark.parametrize(
    ("parsing", "name"),
    [
        (order, "receipt"),
        (order, "currency"),
        (payment, "order_id"),
        (endpoint, "webhook_url"),
        (endpoint, "webhook_secret"),
    ],
)
@pytest.mark.parametrize("value", NOT_TEXT)
def test_a_value_that_is_not_a_text_is_refused(parsing, name, value):
    assert refusal(parsing, **{name: value}) == (name, f"{name} must be a string")


@pytest.mark.parametrize(
    ("parsing", "name", "chars_max"),
    [
        (order, "receipt", TEXT_CHARS_MAX),
        (payment, "order_id", TEXT_CHARS_MAX),
        (endpoint, "webhook_url", URL_CHARS_MAX),
    ],
)
def test_a_text_is_at_most_as_long_as_its_column(parsing, name, chars_max):
    parsing(**{name: "₹" * chars_max})
    field, sentence = refusal(parsing, **{name: "x" * (chars_max + 1)})

    assert (field, sentence) == (name, f"{name} must be at most {chars_max} characters")


@pytest.mark.parametrize("notes", [{}, {"a": {"b": [1, None]}}, {"status": "paid"}])
def test_notes_may_contain_any_json(notes):
    assert order(notes=notes).notes == notes


def test_missing_notes_are_empty():
    assert order(notes=None).notes == {}


@pytest.mark.parametrize("notes", ["a", 7, True, [{}]])
def test_notes_must_be_an_object(notes):
    assert refusal(order, notes=notes) == ("notes", "notes must be an object")


def test_notes_are_bounded_in_bytes_and_not_in_characters():
    frame = len(b'{"a":""}')
    order(notes={"a": "x" * (NOTES_BYTES_MAX - frame)})

    field, sentence = refusal(order, notes={"a": "₹" * (NOTES_BYTES_MAX // 3)})
    assert (field, sentence) == ("notes", f"notes must be at most {NOTES_BYTES_MAX} bytes")


def test_other_fields_of_a_payment_belong_to_its_method():
    command = payment(amount=1, currency="USD", notes={}, metadata={}, theme="dark")

    assert command.details == {"vpa": "user@paytm", "theme": "dark"}
    assert (command.order_id, command.method) == (PAYMENT["order_id"], "upi")


@pytest.mark.parametrize("order_id", [None, ""])
def test_a_payment_needs_an_order(order_id):
    assert refusal(payment, order_id=order_id) == ("order_id", "order_id is required")


def test_a_payment_of_a_shopper_has_no_merchant():
    assert parse_payment(PAYMENT, None).merchant is None


@pytest.mark.parametrize("method", [None, 7, ["upi"], {"code": "upi"}, "no such"])
def test_parsing_accepts_unknown_methods(method):
    assert payment(method=method).method == method


def test_missing_fields_of_an_endpoint_are_unchanged():
    command = endpoint()

    assert (command.url, command.secret) == (UNCHANGED, None)


@pytest.mark.parametrize("url", [None, ""])
def test_an_endpoint_can_be_removed(url):
    assert endpoint(webhook_url=url).url is None


def test_an_endpoint_can_be_set():
    assert endpoint(webhook_url="http://a.example/h").url == "http://a.example/h"


@pytest.mark.parametrize("secret", [None, "", "whsec_te***", "***"])
def test_a_masked_or_empty_secret_is_ignored(secret):
    assert endpoint(webhook_secret=secret).secret is None


@pytest.mark.parametrize("secret", ["x" * 8, "x" * 64, "whsec_test_abc123", "!~!~!~!~"])
def test_a_printable_secret_is_accepted(secret):
    assert endpoint(webhook_secret=secret).secret == secret


@pytest.mark.parametrize(
    "secret", ["x" * 7, "x" * 65, "has a space", "line\nbreak", "x" * 8 + "\n", "sëcret-sëcret"]
)
def test_an_unusable_secret_is_refused(secret):
    field, sentence = refusal(endpoint, webhook_secret=secret)

    assert field == "webhook_secret"
    assert secret not in sentence


@pytest.mark.parametrize(
    ("asked", "sent"),
    [
        (None, "webhook.test"),
        ("", "webhook.test"),
        ("payment.success", "payment.success"),
        ("a", "a"),
        ("a.b_c.d.e", "a.b_c.d.e"),
    ],
)
def test_a_test_event_has_a_type(asked, sent):
    assert parse_test_event({"event": asked}, merchant()).event_type == sent


@pytest.mark.parametrize(
    "asked",
    [
        "Payment.success",
        "payment..success",
        ".payment",
        "payment.",
        "payment success",
        "payment.success\n",
        "payment.success\r\nX-Evil: 1",
        "_a",
        "a.1",
        "a.b.c.d.e",
        "é",
        "x" * 51,
        7,
    ],
)
def test_an_invalid_event_type_is_refused(asked):
    with pytest.raises(InvalidInputError) as caught:
        parse_test_event({"event": asked}, merchant())

    assert caught.value.field == "event"


@pytest.mark.parametrize(
    ("query", "page"),
    [
        ({}, (PAGE_ROWS_DEFAULT, 0)),
        ({"limit": "", "offset": ""}, (PAGE_ROWS_DEFAULT, 0)),
        ({"limit": "1"}, (1, 0)),
        ({"limit": "007"}, (7, 0)),
        ({"limit": "100"}, (PAGE_ROWS_MAX, 0)),
        ({"limit": "101"}, (PAGE_ROWS_MAX, 0)),
        ({"limit": "999999999"}, (PAGE_ROWS_MAX, 0)),
        ({"offset": "20"}, (PAGE_ROWS_DEFAULT, 20)),
        ({"offset": str(OFFSET_ROWS_MAX)}, (PAGE_ROWS_DEFAULT, OFFSET_ROWS_MAX)),
    ],
)
def test_a_page_is_read_from_the_query(query, page):
    assert parse_page(query, ORDER_LIST) == PageRequest(*page)


@pytest.mark.parametrize("name", ["limit", "offset"])
@pytest.mark.parametrize(
    "text",
    [
        "-1",
        "+1",
        "1.0",
        "1e2",
        "ten",
        " 1",
        "1\n",
        "²",
        "٣",
        "１",
        "1_0",
        "0x10",
        "NaN",
        "9223372036854775808",
        "1;--",
        "\0",
    ],
)
def test_a_number_that_is_not_whole_is_refused(name, text):
    with pytest.raises(InvalidInputError) as caught:
        parse_page({name: text}, ORDER_LIST)

    assert caught.value.field == name


def test_a_page_limit_of_zero_is_refused():
    with pytest.raises(InvalidInputError, match="limit must be at least 1"):
        parse_page({"limit": "0"}, ORDER_LIST)


def test_a_too_large_offset_is_refused():
    with pytest.raises(InvalidInputError, match="offset must be at most"):
        parse_page({"offset": str(OFFSET_ROWS_MAX + 1)}, ORDER_LIST)


def test_a_delivery_is_named_by_its_uuid():
    assert parse_delivery_id("550e8400-e29b-41d4-a716-446655440000") == UUID(
        "550e8400-e29b-41d4-a716-446655440000"
    )


@pytest.mark.parametrize(
    "text", ["", "7", "550e8400-e29b-41d4-a716", "x" * 36, "pay_ABCDEFGHijklmn01", "\0", "' OR 1=1"]
)
def test_an_invalid_uuid_is_not_found(text):
    with pytest.raises(NotFoundError, match="Webhook log not found"):
        parse_delivery_id(text)


@given(st.text(max_size=50))
def test_any_text_names_a_delivery_or_none(text):
    with suppress(NotFoundError):
        assert isinstance(parse_delivery_id(text), UUID)


bodies = st.dictionaries(
    st.sampled_from(
        ["amount", "currency", "receipt", "notes", "order_id", "method", "event", "webhook_url"]
    )
    | st.text(max_size=5),
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.lists(st.integers(), max_size=2)
    | st.dictionaries(st.text("abc"), st.integers(), max_size=2),
)


@given(bodies)
def test_any_body_is_a_command_or_a_refusal(body):
    for parsing in (parse_order, parse_payment, parse_endpoint, parse_test_event):
        with suppress(ClientError):
            parsing(body, merchant())


@given(bodies)
def test_an_accepted_order_can_be_stored(body):
    try:
        command = parse_order(body, merchant())
    except ClientError:
        return

    least = amount_minor_min(command.amount.currency)
    assert least <= command.amount.minor <= AMOUNT_MINOR_MAX
    assert command.amount.currency in EXPONENTS


@pytest.mark.parametrize("hostile", ["a" * 100_000, "a." * 50_000, "1" * 100_000, "_" * 100_000])
def test_hostile_texts_are_checked_quickly(hostile):
    for parsing in (
        lambda: parse_test_event({"event": hostile}, merchant()),
        lambda: parse_endpoint({"webhook_secret": hostile}, merchant()),
        lambda: parse_page({"limit": hostile}, ORDER_LIST),
        lambda: parse_delivery_id(hostile),
        lambda: parse_order({"amount": 100, "currency": hostile}, merchant()),
    ):
        with pytest.raises(ClientError):
            parsing()
