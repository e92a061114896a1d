"""Each error class creates its own message."""

import pytest

from paygate import NotSentError, OperatorError, PaygateError, PluginError
from paygate.core.errors import (
    ClientError,
    InvalidInstrumentError,
    InvalidTransitionError,
    NotFoundError,
)


def test_an_operator_error_has_a_problem_and_a_remedy():
    error = OperatorError(setting="PORT", problem="it is taken", remedy="Choose another")

    assert str(error) == "PORT: it is taken. Choose another."


def test_a_plugin_error_names_its_plugin():
    assert str(PluginError("no", plugin="acme")) == "plugin acme: no"
    assert str(PluginError("no")) == "no"


def test_not_sent_is_a_plugin_error():
    assert issubclass(NotSentError, PluginError)


def test_a_refused_instrument_has_the_code_of_its_method():
    error = InvalidInstrumentError("bad", field="vpa", code="invalid_vpa")

    assert (error.code, error.field, error.reason) == ("invalid_vpa", "vpa", "bad")


def test_an_invalid_transition_names_status_and_action():
    error = InvalidTransitionError(thing="payment", status="failed", action="approve")

    assert str(error) == "a failed payment cannot approve"


def test_an_invisible_object_has_the_same_error_as_a_missing_one():
    assert str(NotFoundError("Order")) == "Order not found"


@pytest.mark.parametrize("kind", [ClientError, PluginError, OperatorError])
def test_everything_raised_on_purpose_has_one_root(kind):
    assert issubclass(kind, PaygateError)
