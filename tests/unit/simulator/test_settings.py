from pathlib import Path

import pytest
from pydantic import ValidationError

from paygate import SimulatorSettings


def test_the_defaults_are_the_documented_ones():
    settings = SimulatorSettings()

    assert not settings.test_mode
    assert settings.test_payment_success
    assert settings.test_processing_delay_ms == 1000
    assert (settings.processing_delay_min_ms, settings.processing_delay_max_ms) == (5000, 10_000)
    assert settings.book is None


def test_every_shared_setting_names_its_variable():
    named = {
        name: field.json_schema_extra["env"]
        for name, field in SimulatorSettings.model_fields.items()
        if field.json_schema_extra
    }

    assert named == {
        "hold_days": "PAYGATE_SIMULATOR_HOLD_DAYS",
        "callback_secret": "PAYGATE_SIMULATOR_SECRET",
        "test_mode": "TEST_MODE",
        "test_payment_success": "TEST_PAYMENT_SUCCESS",
        "test_processing_delay_ms": "TEST_PROCESSING_DELAY",
        "processing_delay_min_ms": "PROCESSING_DELAY_MIN",
        "processing_delay_max_ms": "PROCESSING_DELAY_MAX",
        "refund_delay_min_ms": "REFUND_DELAY_MIN",
        "refund_delay_max_ms": "REFUND_DELAY_MAX",
        "book": "PAYGATE_SIMULATOR_BOOK",
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [("true", True), ("TRUE", True), (" true ", True), ("1", True), ("false", False), ("0", False)],
)
def test_test_mode_is_read_from_text(text, expected):
    assert SimulatorSettings.model_validate({"test_mode": text}).test_mode is expected


def test_an_invalid_test_mode_is_refused():
    with pytest.raises(ValidationError, match="boolean"):
        SimulatorSettings.model_validate({"test_mode": "maybe"})


@pytest.mark.parametrize(
    ("text", "expected"),
    [("false", False), ("False", False), (" FALSE ", False), ("true", True), ("no", True)],
)
def test_test_payment_success_is_true_unless_false(text, expected):
    settings = SimulatorSettings.model_validate({"test_payment_success": text})

    assert settings.test_payment_success is expected


@pytest.mark.parametrize("given", [False, True])
def test_success_may_be_given_as_a_boolean(given):
    assert SimulatorSettings(test_payment_success=given).test_payment_success is given


@pytest.mark.parametrize(("text", "expected"), [("0", 0), ("1", 1), ("3600000", 3_600_000)])
def test_delays_from_zero_to_an_hour_are_valid(text, expected):
    settings = SimulatorSettings.model_validate({"test_processing_delay_ms": text})

    assert settings.test_processing_delay_ms == expected


@pytest.mark.parametrize("text", ["-1", "3600001", "soon", "1.5"])
def test_an_invalid_delay_is_refused(text):
    with pytest.raises(ValidationError, match="test_processing_delay_ms"):
        SimulatorSettings.model_validate({"test_processing_delay_ms": text})


@pytest.mark.parametrize("text", ["-0.01", "1.01", "nan", "inf", "often"])
def test_a_rate_outside_zero_to_one_is_refused(text):
    with pytest.raises(ValidationError, match="success_rate"):
        SimulatorSettings.model_validate({"success_rate": text})


def test_a_minimum_above_the_maximum_is_refused_with_both_names():
    with pytest.raises(ValidationError) as caught:
        SimulatorSettings.model_validate(
            {"processing_delay_min_ms": "300", "processing_delay_max_ms": "299"}
        )

    (error,) = caught.value.errors()
    assert error["loc"] == ("processing_delay_max_ms",)
    assert error["msg"] == "PROCESSING_DELAY_MAX is 299 ms, below PROCESSING_DELAY_MIN, 300 ms"


def test_a_minimum_above_the_default_maximum_is_refused():
    with pytest.raises(ValidationError, match="PROCESSING_DELAY_MAX is 10000 ms"):
        SimulatorSettings.model_validate({"processing_delay_min_ms": "10001"})


def test_a_wrong_minimum_is_the_only_error():
    with pytest.raises(ValidationError) as caught:
        SimulatorSettings.model_validate({"processing_delay_min_ms": "soon"})

    assert [error["loc"] for error in caught.value.errors()] == [("processing_delay_min_ms",)]


def test_minimum_and_maximum_may_be_equal():
    settings = SimulatorSettings(processing_delay_min_ms=0, processing_delay_max_ms=0)

    assert settings.processing_delay_max_ms == 0


def test_the_record_file_is_a_path():
    settings = SimulatorSettings.model_validate({"book": "/var/lib/book.jsonl"})

    assert settings.book == Path("/var/lib/book.jsonl")
