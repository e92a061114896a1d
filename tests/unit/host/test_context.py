"""Where a plugin's settings come from."""

import pytest
from pydantic import BaseModel, Field, SecretStr, model_validator

from paygate import OperatorError
from paygate.plugins.settings import HostContext


class Config(BaseModel):
    rate: float = 0.5
    shared: int = Field(1, json_schema_extra={"env": "SHARED_BY_ALL"})
    key: SecretStr = SecretStr("")


class Required(BaseModel):
    key: str


class Pair(BaseModel):
    low: int = 1
    high: int = 2

    @model_validator(mode="after")
    def _in_order(self):
        if self.low > self.high:
            raise ValueError("low is above high")
        return self


def context(**environ):
    return HostContext("acme", environ)


def refusal(model, **environ):
    with pytest.raises(OperatorError) as caught:
        context(**environ).config(model)
    return caught.value


def test_without_variables_the_defaults_apply():
    assert context().config(Config) == Config()


def test_a_field_is_read_from_the_variable_of_plugin_and_field():
    assert context(PAYGATE_ACME_RATE="0.25").config(Config).rate == 0.25


def test_a_field_may_name_a_variable_of_its_own():
    assert context(SHARED_BY_ALL="7").config(Config).shared == 7


def test_a_variable_of_the_plugin_overrides_a_shared_one():
    config = context(SHARED_BY_ALL="7", PAYGATE_ACME_SHARED="8").config(Config)

    assert config.shared == 8


def test_another_plugins_variable_is_not_read():
    environ = {"PAYGATE_OTHER_RATE": "0.1", "paygate_acme_rate": "0.2", "RATE": "0.3"}

    assert context(**environ).config(Config).rate == 0.5


@pytest.mark.parametrize("shared", ["7", ""])
def test_an_empty_value_counts_as_absent(shared):
    config = context(PAYGATE_ACME_SHARED="", SHARED_BY_ALL=shared).config(Config)

    assert config.shared == int(shared or 1)


@pytest.mark.parametrize(
    ("environ", "named"),
    [
        ({"SHARED_BY_ALL": "x"}, "SHARED_BY_ALL"),
        ({"PAYGATE_ACME_SHARED": "x"}, "PAYGATE_ACME_SHARED"),
        ({"SHARED_BY_ALL": "7", "PAYGATE_ACME_SHARED": "x"}, "PAYGATE_ACME_SHARED"),
        ({"SHARED_BY_ALL": "x", "PAYGATE_ACME_SHARED": ""}, "SHARED_BY_ALL"),
    ],
)
def test_a_wrong_value_is_named_by_the_variable_it_was_read_from(environ, named):
    error = refusal(Config, **environ)

    assert error.setting == named
    assert "plugin acme" in error.problem


def test_a_missing_value_is_named_by_the_variable_it_would_be_read_from():
    assert refusal(Required).setting == "PAYGATE_ACME_KEY"


def test_inconsistent_values_are_refused_with_the_message_of_the_model():
    error = refusal(Pair, PAYGATE_ACME_LOW="3")

    assert "low is above high" in error.problem


def test_a_wrong_value_is_not_repeated():
    error = refusal(Config, PAYGATE_ACME_RATE="hunter2")

    assert "hunter2" not in str(error)
    assert error.__cause__ is None


def test_a_secret_is_not_shown():
    config = context(PAYGATE_ACME_KEY="hunter2").config(Config)

    assert config.key.get_secret_value() == "hunter2"
    assert "hunter2" not in repr(config)


def test_requested_models_are_known_even_after_an_error():
    asking = context(PAYGATE_ACME_RATE="x")
    with pytest.raises(OperatorError):
        asking.config(Config)

    assert asking.models == [Config]


class Derived(BaseModel):
    signing: SecretStr | None = Field(default=None, json_schema_extra={"derived": True})
    plain: SecretStr | None = None


def test_a_missing_secret_is_derived_for_its_plugin_and_field():
    derive = "of {}".format
    made = HostContext("acme", {}, derive=derive).config(Derived)
    given = HostContext("acme", {"PAYGATE_ACME_SIGNING": "own"}, derive=derive).config(Derived)
    without = HostContext("acme", {}).config(Derived)

    assert made.signing == SecretStr("of acme:signing")
    assert made.plain is None
    assert given.signing == SecretStr("own")
    assert without.signing is None
