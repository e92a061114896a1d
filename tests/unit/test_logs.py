"""The log contains no card number and no secret."""

import io
import json
import logging
from uuid import UUID

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from paygate.adapters.traces.otel import open_traces
from paygate.core.ids import REQUEST_ID
from paygate.core.redaction import MASK
from paygate.logs import configure_logging, logger, redact_event
from tests.unit.samples import CANARY_PANS, NOW

PAN = CANARY_PANS[0]


class Holder:
    """Shows what it holds."""

    def __str__(self):
        return f"Holder({PAN})"


def redacted(**fields):
    return redact_event(None, "info", fields)


@pytest.mark.parametrize("pan", CANARY_PANS)
@pytest.mark.parametrize(
    "wrap",
    [
        str,
        int,
        lambda pan: f"card {pan} refused",
        lambda pan: pan.encode(),
        lambda pan: -int(pan),
        lambda pan: {pan: 1},
        lambda pan: {"deep": {int(pan): 1}},
        lambda pan: [pan],
        lambda pan: (1, pan),
        lambda pan: {pan},
        lambda pan: frozenset({pan}),
        lambda pan: {"deep": [{"deeper": (pan, 1)}]},
        lambda pan: {"deep": [{"deeper": int(pan)}]},
        ValueError,
        lambda pan: {"error": KeyError(pan)},
        lambda pan: Holder() if pan == PAN else pan,
    ],
)
def test_a_card_number_is_masked_in_every_field(pan, wrap):
    shown = redacted(event="something happened", value=wrap(pan))

    assert pan not in str(shown)
    assert MASK in str(shown)


def test_a_card_number_in_the_sentence_itself_is_masked():
    assert redacted(event=f"refused {PAN}") == {"event": f"refused {MASK}"}


@pytest.mark.parametrize(
    "name", ["api_secret", "Authorization", "cvv", "card_number", "pan", "token", "X-Signature"]
)
@pytest.mark.parametrize("value", ["hunter2", 123, b"hunter2", ["hunter2"], {"a": "hunter2"}])
def test_a_field_with_a_secret_name_is_masked_completely(name, value):
    assert redacted(**{name: value}) == {name: MASK}
    assert redacted(request={"body": [{name: value}]}) == {"request": {"body": [{name: MASK}]}}
    assert redacted(args=({name: value}, 1)) == {"args": [{name: MASK}, 1]}


@pytest.mark.parametrize(
    "value",
    [
        "payment pay_ABCDEFGHijklmn01 succeeded",
        49_900,
        1_000_000_000_000,
        True,
        None,
        1.5,
        0.4111111111111111,
        ["a", 1, None],
        {"amount_minor": 49_900, "at": "2026-01-15T10:30:00.123Z"},
    ],
)
def test_ordinary_values_are_unchanged(value):
    shown = redacted(value=value)["value"]

    assert shown == value or str(shown) == str(value)


def test_other_objects_are_shown_as_text():
    shown = redacted(at=NOW, id=UUID(int=7))

    assert shown == {"at": str(NOW), "id": str(UUID(int=7))}


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@given(values)
def test_any_log_entry_can_be_redacted(value):
    redacted(event="x", value=value)


@given(values, st.sampled_from(CANARY_PANS))
def test_a_card_number_beside_anything_is_masked(value, pan):
    assert pan not in str(redacted(event="x", value=[value, {"said": f"see {pan}"}])["value"][1])


@pytest.fixture
def lines(monkeypatch):
    """Provide the log lines of a process that has configured its log."""
    root, stream = logging.getLogger(), io.StringIO()
    handlers, level = root.handlers[:], root.level
    monkeypatch.setattr("sys.stderr", stream)
    configure_logging(level="debug", format="json")
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()


def test_our_own_lines_are_redacted(lines):
    logger("paygate.test").info("charging", number=PAN, card_number="x", payment="pay_1")

    (line,) = lines()
    assert (line["event"], line["payment"]) == ("charging", "pay_1")
    assert (line["number"], line["card_number"]) == (MASK, MASK)
    assert (line["level"], line["logger"]) == ("info", "paygate.test")


def test_lines_of_a_request_have_its_id(lines):
    before = REQUEST_ID.set("req_7")
    logger("paygate.test").info("ours")
    logging.getLogger("some.library").warning("theirs")
    REQUEST_ID.reset(before)
    logger("paygate.test").info("of no request")

    assert [line.get("request_id") for line in lines()] == ["req_7", "req_7", None]


def test_a_librarys_lines_are_redacted(lines):
    logging.getLogger("some.library").warning("cannot send %s to %s", PAN, "bank")

    (line,) = lines()
    assert line["event"] == f"cannot send {MASK} to bank"


def test_a_line_names_the_innermost_span(lines, tmp_path):
    traces = open_traces(f"file:{tmp_path / 'spans'}", version="1")
    begun = traces.begin("a job", kind="consumer", parent=None, attributes={})
    with begun, traces.inside("a call", kind="internal", attributes={}):
        logger("paygate").info("inside")
        logging.getLogger("some.library").warning("inside")
        _, trace_id, span_id, _ = traces.current().split("-")
    logger("paygate").info("outside")
    traces.close()

    *inside, outside = lines()
    for line in inside:
        assert (line["trace_id"], line["span_id"]) == (trace_id, span_id)
    assert len(inside) == 2
    assert not {"trace_id", "span_id"} & outside.keys()


def charge():
    raise ValueError(f"bad card {PAN}")


def test_exceptions_are_redacted_with_their_causes(lines):
    try:
        try:
            charge()
        except ValueError as error:
            raise RuntimeError("while charging") from error
    except RuntimeError:
        logging.getLogger("some.library").exception("failed with %s", PAN)
        logger("paygate.test").warning("failed", exc_info=True)

    for line in lines():
        assert "while charging" in line["exception"]
        assert f"bad card {MASK}" in line["exception"]
        assert PAN not in json.dumps(line)


def test_a_text_log_is_redacted_as_well(lines, monkeypatch):
    stream = io.StringIO()
    monkeypatch.setattr("sys.stderr", stream)
    configure_logging(level="info", format="text")

    logging.getLogger("some.library").warning("card %s", PAN)
    logging.getLogger("some.library").debug("not shown")

    assert MASK in stream.getvalue()
    assert PAN not in stream.getvalue()
    assert "not shown" not in stream.getvalue()
