"""Settings are read from the environment."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paygate import OperatorError
from paygate.settings import Settings, environment, read_settings

VARIABLES = sorted(str(field.alias) for field in Settings.model_fields.values())


def refusal(**environ):
    with pytest.raises(OperatorError) as caught:
        read_settings(environ)
    return caught.value


def test_without_variables_the_defaults_apply():
    settings = read_settings({})

    assert settings == Settings()
    assert not settings.is_production
    assert (settings.database_url, settings.redis_url, settings.port) == ("", "", 8000)


def test_an_empty_variable_counts_as_missing():
    assert read_settings(dict.fromkeys(VARIABLES, "")) == Settings()


def test_every_setting_has_a_variable_and_a_description():
    for name, field in Settings.model_fields.items():
        assert field.alias, name
        assert field.alias == field.alias.upper(), name
        assert field.description, name


def test_the_default_test_merchant_is_the_documented_one():
    settings = read_settings({})

    assert settings.test_merchant_id == "550e8400-e29b-41d4-a716-446655440000"
    assert (settings.test_api_key, settings.test_api_secret) == (
        "key_test_abc123",
        "secret_test_xyz789",
    )


@pytest.mark.parametrize(
    ("variable", "value", "field", "read"),
    [
        ("PAYGATE_ENV", "production", "is_production", True),
        ("DATABASE_URL", "postgres://h/d", "database_url", "postgres://h/d"),
        ("PORT", "0", "port", 0),
        ("PAYGATE_REDIS_OPTIONAL", "true", "redis_optional", True),
        ("PAYGATE_SEED", "-7", "seed", -7),
        ("PAYGATE_PROCESSORS", " upi_sim , card_sim,", "processors", ("upi_sim", "card_sim")),
        ("PAYGATE_PROCESSORS", ",", "processors", ()),
        ("PAYGATE_WEBHOOK_PORTS", "8443", "webhook_ports", ("8443",)),
        ("PAYGATE_LOG_FORMAT", "json", "log_format", "json"),
    ],
)
def test_a_value_is_read(variable, value, field, read):
    assert getattr(read_settings({variable: value}), field) == read


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("PAYGATE_ENV", "prod"),
        ("PAYGATE_ENV", "PRODUCTION"),
        ("PORT", "http"),
        ("PORT", "65536"),
        ("PORT", "-1"),
        ("PORT", "80.5"),
        ("PAYGATE_REDIS_OPTIONAL", "maybe"),
        ("PAYGATE_SEED", "x"),
        ("PAYGATE_DATABASE_POOL", "1"),
        ("PAYGATE_DATABASE_POOL", "101"),
        ("PAYGATE_LOG_LEVEL", "loud"),
        ("PAYGATE_LOG_FORMAT", "xml"),
    ],
)
def test_a_wrong_value_is_named_by_its_variable(variable, value):
    error = refusal(**{variable: value})

    assert error.setting == variable
    assert error.problem
    assert error.remedy
    assert error.__cause__ is None


def test_a_wrong_value_is_not_repeated():
    assert "hunter2" not in str(refusal(PORT="hunter2"))


def test_keys_are_read_in_order_and_never_shown():
    settings = read_settings({"PAYGATE_VAULT_KEY": "hunter1, hunter2"})

    assert [key.get_secret_value() for key in settings.vault_keys] == ["hunter1", "hunter2"]
    for shown in (repr(settings), str(settings), settings.model_dump_json()):
        assert "hunter" not in shown


def test_foreign_variables_are_ignored():
    assert read_settings({"PATH": "/bin", "PAYGATE_ACME_RATE": "1", "port": "1"}) == Settings()


def test_settings_cannot_be_changed():
    with pytest.raises(ValueError, match="frozen"):
        read_settings({}).port = 1


@given(st.dictionaries(st.sampled_from(VARIABLES), st.text(max_size=12)))
def test_any_environment_gives_settings_or_an_operator_error(environ):
    try:
        read_settings(environ)
    except OperatorError as error:
        named = error.setting
    else:
        named = None

    assert named is None or named in environ


def test_the_environment_overrides_the_env_file(tmp_path, monkeypatch):
    (tmp_path / ".env").write_text("PORT=1\nHOST=filed\nEMPTY_HERE\n# HOME_NOTE=x\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PORT", "2")
    monkeypatch.delenv("HOST", raising=False)

    found = environment()

    assert (found["PORT"], found["HOST"]) == ("2", "filed")
    assert "EMPTY_HERE" not in found


def test_the_env_file_is_optional(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PAYGATE_SEED", "7")

    assert environment()["PAYGATE_SEED"] == "7"
