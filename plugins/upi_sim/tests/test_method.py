import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paygate import Instrument, InvalidInstrumentError, PaymentMethod
from paygate_upi_sim import UpiMethod

METHOD = UpiMethod()
CONTRACT = re.compile(r"\A[a-zA-Z0-9._-]+@[a-zA-Z0-9]+\Z")

names = st.text(string.ascii_letters + string.digits + "._-", min_size=1, max_size=40)
handles = st.text(string.ascii_letters + string.digits, min_size=1, max_size=20)


def prepared(details, context):
    """Prepare a request as the host does."""
    return METHOD.prepare(METHOD.info.input_model.model_validate(details), context)


def refusal(details, context):
    with pytest.raises(InvalidInstrumentError) as caught:
        prepared(details, context)
    return caught.value


def test_it_is_a_payment_method():
    assert isinstance(METHOD, PaymentMethod)
    assert (METHOD.info.code, METHOD.info.label) == ("upi", "UPI")
    assert METHOD.info.flows == {"collect", "intent", "qr"}
    assert METHOD.info.invalid_code == "invalid_vpa"


@pytest.mark.parametrize("vpa", ["user@paytm", "a@b", "First.Last-1_2@ok2axis", "...@upi"])
def test_an_address_is_displayed_and_nothing_is_secret(at, vpa):
    assert prepared({"vpa": vpa}, at()) == Instrument("upi", "collect", {"vpa": vpa})


def test_other_fields_of_the_request_are_ignored(at):
    details = {"order_id": "order_1", "method": "upi", "amount": 1, "vpa": "user@paytm"}

    assert prepared(details, at()).display == {"vpa": "user@paytm"}


@given(names, handles)
def test_every_address_that_matches_the_pattern_is_accepted(at, name, handle):
    assert prepared({"vpa": f"{name}@{handle}"}, at()).display["vpa"] == f"{name}@{handle}"


@pytest.mark.parametrize(
    "vpa",
    [
        "user @paytm",
        "@paytm",
        "user@",
        "user@@bank",
        "user",
        "",
        "user@pay.tm",
        "user@pay-tm",
        "user@paytm\n",
        "\nuser@paytm",
        "user@paytm\0",
        " user@paytm",
        "user@paytm ",
        "usér@paytm",
        "user²@paytm",
        "user@paytm٣",
        "user\uff20paytm",
        "\ud800@paytm",
    ],
)
def test_any_other_address_is_refused(at, vpa):
    assert refusal({"vpa": vpa}, at()).code == "invalid_vpa"


@pytest.mark.parametrize(
    "details",
    [
        {},
        {"vpa": None},
        {"vpa": 5},
        {"vpa": True},
        {"vpa": ["user@paytm"]},
        {"vpa": {"a": 1}},
        {"vpa": b"user@paytm"},
        {"VPA": "user@paytm"},
    ],
)
def test_a_malformed_address_gets_the_same_message(at, details):
    error = refusal(details, at())

    assert (error.code, error.field, error.reason) == ("invalid_vpa", "vpa", "VPA format invalid")


def test_an_address_has_at_most_255_characters(at):
    longest = "a" * 249 + "@paytm"

    assert prepared({"vpa": longest}, at()).display["vpa"] == longest
    assert refusal({"vpa": "a" + longest}, at()).code == "invalid_vpa"


@given(st.text() | st.from_regex(CONTRACT).flatmap(lambda vpa: st.sampled_from([vpa, vpa + "\n"])))
def test_only_the_pattern_is_accepted_and_the_error_repeats_nothing(at, vpa):
    if len(vpa) <= 255 and CONTRACT.fullmatch(vpa):
        assert prepared({"vpa": vpa}, at()).display["vpa"] == vpa
    else:
        assert str(refusal({"vpa": vpa}, at())) == "VPA format invalid"


@pytest.mark.parametrize(
    "vpa", ["a" * 100_000, "a@" * 50_000, "." * 99_999 + "@", "a" * 100_000 + "@b!"]
)
def test_very_long_addresses_are_refused_quickly(at, vpa):

    error = refusal({"vpa": vpa}, at())

    assert error.code == "invalid_vpa"


def test_the_schema_lists_the_required_fields():
    schema = METHOD.info.input_model.model_json_schema()

    assert schema["anyOf"] == [{"required": ["vpa"]}, {"required": ["flow"]}]
    assert schema["properties"]["vpa"]["type"] == "string"
    assert schema["properties"]["vpa"]["maxLength"] == 255
    assert "default" not in schema["properties"]["vpa"]


@pytest.mark.parametrize("flow", ["intent", "qr"])
def test_the_link_and_qr_flows_need_no_address(at, flow):
    assert prepared({"flow": flow}, at()) == Instrument("upi", flow)


@pytest.mark.parametrize("flow", ["intent", "qr", "collect"])
def test_an_optional_address_is_checked(at, flow):
    assert refusal({"flow": flow, "vpa": "a@@b"}, at()).code == "invalid_vpa"


def test_an_address_at_sim_selects_a_scenario(at):
    assert prepared({"vpa": "Late_Success@sim"}, at()).scenario == "late_success"
    assert prepared({"vpa": "late_success@paytm"}, at()).scenario is None
