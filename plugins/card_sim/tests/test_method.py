import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paygate import InvalidInstrumentError, PaymentMethod
from paygate_card_sim import CardMethod
from paygate_card_sim.rules import published_rules

METHOD = CardMethod()
VISA = "4111111111111111"
CARD = {
    "number": VISA,
    "expiry_month": "12",
    "expiry_year": "2030",
    "cvv": "987",
    "holder_name": "Asha Rao",
}

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
anything = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


def parsed(card):
    return METHOD.info.input_model.model_validate({"card": card})


def prepared(card, context):
    """Prepare a request as the host does."""
    return METHOD.prepare(parsed(card), context)


def refusal(card, context):
    with pytest.raises(InvalidInstrumentError) as caught:
        prepared(card, context)
    return caught.value


def without(*fields):
    return {name: value for name, value in CARD.items() if name not in fields}


def test_it_is_a_payment_method():
    assert isinstance(METHOD, PaymentMethod)
    assert (METHOD.info.code, METHOD.info.label) == ("card", "Card")
    assert METHOD.info.flows == {"frictionless"}
    assert METHOD.info.invalid_code == "invalid_card"


@pytest.mark.parametrize(
    ("number", "network", "last4"),
    [
        (VISA, "visa", "1111"),
        ("5555555555554444", "mastercard", "4444"),
        ("378282246310005", "amex", "0005"),
        ("6011111111111117", "rupay", "1117"),
        ("3530111333300000", "rupay", "0000"),
        ("3589000000000003", "jcb", "0003"),
        ("2223003122003222", "mastercard", "3222"),
        ("9000000000000001", "unknown", "0001"),
        ("4111-1111-1111-1 1 1 1", "visa", "1111"),
    ],
)
def test_network_and_last_four_digits_are_shown(at, number, network, last4):
    instrument = prepared({**CARD, "number": number}, at())

    assert instrument.method == "card"
    assert instrument.flow == "frictionless"
    assert instrument.display == {"network": network, "last4": last4}


def test_number_and_expiry_are_sealed_and_the_security_code_is_not_stored(at):
    instrument = prepared({**CARD, "expiry_month": 5, "expiry_year": 30}, at())

    assert instrument.secret == {
        "number": VISA,
        "expiry_month": "05",
        "expiry_year": "2030",
    }


def test_no_repr_contains_the_number_or_the_security_code(at):
    shown = repr(parsed(CARD)) + repr(parsed(CARD).card) + repr(prepared(CARD, at()))

    for secret in (VISA, "987", "2030", "Asha"):
        assert secret not in shown


def test_security_code_and_holder_are_optional(at):
    assert prepared(without("cvv", "holder_name"), at()).display["last4"] == "1111"
    assert prepared({**CARD, "cvv": None}, at()).display["last4"] == "1111"


def test_unknown_fields_are_ignored(at):
    details = {"order_id": "order_1", "card": {**CARD, "name": "Asha", "x": [1]}, "metadata": {}}

    instrument = METHOD.prepare(METHOD.info.input_model.model_validate(details), at())

    assert instrument.display["last4"] == "1111"


@pytest.mark.parametrize("cvv", [123, 9999, "0123"])
def test_a_security_code_may_be_a_number(at, cvv):
    assert prepared({**CARD, "cvv": cvv}, at()).display["last4"] == "1111"


@pytest.mark.parametrize("cvv", ["", "12", 12, 12345, "12x", True, [], {}, 1.5, "9" * 100])
def test_an_invalid_security_code_is_refused(at, cvv):
    error = refusal({**CARD, "cvv": cvv}, at())

    assert (error.code, error.field) == ("invalid_card", "card.cvv")


@pytest.mark.parametrize(
    "number", [None, 10**19, True, [VISA], {"a": VISA}, b"4111111111111111", "\ud800"]
)
def test_a_malformed_number_is_refused(at, number):
    error = refusal({**CARD, "number": number}, at())

    assert (error.code, error.field, error.reason) == (
        "invalid_card",
        "card.number",
        "Card validation failed",
    )


@pytest.mark.parametrize("card", [None, [], "4111111111111111", 4, True, {}, without("number")])
def test_a_missing_card_or_number_is_refused(at, card):
    assert refusal(card, at()).code == "invalid_card"


def test_a_request_without_a_card_is_refused(at):
    with pytest.raises(InvalidInstrumentError) as caught:
        METHOD.prepare(METHOD.info.input_model.model_validate({"number": VISA}), at())

    assert caught.value.code == "invalid_card"


@pytest.mark.parametrize(
    "change",
    [
        {"expiry_month": None},
        {"expiry_month": True},
        {"expiry_month": 0},
        {"expiry_month": 13},
        {"expiry_month": "May"},
        {"expiry_year": None},
        {"expiry_year": 5},
        {"expiry_year": -30},
        {"expiry_year": 10**30},
        {"expiry_year": [30]},
        {"expiry_year": "²0"},
        {"expiry_month": "01", "expiry_year": "20"},
    ],
)
def test_an_invalid_expiry_is_refused_as_expired(at, change):
    error = refusal({**CARD, **change}, at())

    assert (error.code, error.reason) == ("expired_card", "Card expiry date invalid")


@pytest.mark.parametrize("missing", ["expiry_month", "expiry_year"])
def test_a_missing_expiry_is_refused_as_expired(at, missing):
    assert refusal(without(missing), at()).code == "expired_card"


def test_the_current_time_comes_from_the_context(at):
    card = {**CARD, "expiry_month": "02", "expiry_year": "28"}

    # February is over last in the time zone UTC-12.
    assert prepared(card, at(datetime(2028, 3, 1, 11, 59, 59, tzinfo=UTC))).secret
    assert refusal(card, at(datetime(2028, 3, 1, 12, tzinfo=UTC))).code == "expired_card"


def test_a_wrong_number_is_reported_before_a_wrong_expiry(at):
    error = refusal({"number": "1234567890123456", "expiry_month": "x"}, at())

    assert error.code == "invalid_card"


def sentence_about(card, context):
    """Return the error message; None if the card was accepted."""
    try:
        prepared(card, context)
    except InvalidInstrumentError as error:
        return str(error)
    return None


@given(st.dictionaries(st.sampled_from(sorted(CARD)), anything) | anything)
def test_any_input_is_prepared_or_refused_with_a_known_message(at, sent):
    card = {**CARD, **sent} if isinstance(sent, dict) else sent

    sentence = sentence_about(card, at())

    assert sentence in {None, "Card validation failed", "Card expiry date invalid"}


@pytest.mark.parametrize("field", sorted(CARD))
def test_very_long_input_is_refused_quickly(at, field):
    card = {**CARD, field: "4 -" * 40_000}

    sentence = sentence_about(card, at())

    assert (sentence is None) == (field == "holder_name")


def test_the_schema_lists_the_required_fields():
    schema = METHOD.info.input_model.model_json_schema()
    card = schema["$defs"]["CardInput"]

    assert schema["required"] == ["card"]
    assert card["required"] == ["number", "expiry_month", "expiry_year"]
    assert set(card["properties"]) == set(CARD)
    assert card["properties"]["expiry_month"]["type"] == ["string", "integer"]
    assert "default" not in json.dumps(schema)


def test_the_schema_publishes_the_card_rules():
    schema = METHOD.info.input_model.model_json_schema()

    assert json.loads(json.dumps(schema["x-card"])) == published_rules()
