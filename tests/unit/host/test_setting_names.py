"""A setting that nothing reads is refused with the nearest that something does."""

import logging

import pytest

from paygate import OperatorError
from paygate.plugins.setting_names import check_setting_names
from paygate.settings import setting_names
from tests.unit.host.test_load_plugins import asking, load, plugin

ACME = load(asking(), plugin("acme_rules")).setting_names


def check(environ, **more):
    check_setting_names(environ, setting_names(), ACME, **more)


def refusal(environ, **more):
    with pytest.raises(OperatorError) as caught:
        check(environ, **more)
    return str(caught.value)


MISSPELT = {
    "PAYGATE_SEEDS": "nothing reads this setting. Did you mean PAYGATE_SEED",
    "PAYGATE_PROCESSOR": "nothing reads this setting. Did you mean PAYGATE_PROCESSORS",
    "PAYGATE_DASHBORD_PORT": "nothing reads this setting. Did you mean PAYGATE_DASHBOARD_PORT",
    "PAYGATE_ACME_RATES": "plugin acme has no such setting. Did you mean PAYGATE_ACME_RATE",
    "PAYGATE_ACME_COLOUR": "plugin acme has no such setting. "
    "Use one of ACME_SHARED, PAYGATE_ACME_RATE, PAYGATE_ACME_SHARED, or remove it",
    "PAYGATE_ACME_RULES_RATE": "plugin acme_rules has no such setting. "
    "Remove it, or see docs/reference/settings.md for the settings",
}


@pytest.mark.parametrize(("name", "sentence"), MISSPELT.items())
def test_a_misspelt_setting_is_refused_with_the_nearest(name, sentence):
    assert refusal({name: "1"}) == f"{name}: {sentence}."


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PAYGATE_SEED", "7"),
        ("PAYGATE_ACME_RATE", "0.5"),
        ("ACME_SHARED", "x"),
        ("PAYGATE_SEEDS", ""),
        ("HOME", "/root"),
        ("PAYGAT_SEED", "7"),
        ("PAYGATE_TEST_DATABASE_URL", "postgresql://"),
        ("PAYGATE_URL", "http://localhost:8000"),
        ("PAYGATE_API_KEY", "key_test_abc123"),
        ("PAYGATE_API_SECRET", "secret_test_xyz789"),
        ("PAYGATE_SERVICE_HOST", "10.0.0.7"),
        ("PAYGATE_SERVICE_PORT_HTTP", "8000"),
        ("PAYGATE_CHECKOUTS_PORT", "tcp://10.0.0.7:8000"),
        ("PAYGATE_PORT_8000_TCP_ADDR", "10.0.0.7"),
    ],
)
def test_known_and_foreign_variables_are_not_reported(name, value, caplog):
    with caplog.at_level(logging.WARNING):
        check({name: value})

    assert caplog.text == ""


def test_an_unknown_variable_is_logged(caplog):
    with caplog.at_level(logging.WARNING):
        check({"PAYGATE_OF_ANOTHER_COMPANY": "1"})

    assert "PAYGATE_OF_ANOTHER_COMPANY is set, and neither paygate nor" in caplog.text


def test_every_setting_of_a_test_must_be_read_by_something():
    environ = {"PAYGATE_SEED": "7", "PAYGAT_SEED": "7"}

    assert refusal(environ, every=environ) == (
        "PAYGAT_SEED: nothing reads this setting. Did you mean PAYGATE_SEED."
    )
