"""Request bodies: an object that can be stored, or an error."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paygate.core.api.bodies import INTEGER_MAX, read_object, write
from paygate.core.errors import InvalidInputError
from paygate.core.limits import BODY_BYTES_MAX, JSON_DEPTH_MAX


def nested(levels, opening, closing, inner="1"):
    return (opening * levels + inner + closing * levels).encode()


HOSTILE = {
    "deep objects": nested(2_000, '{"a":', "}"),
    "deep lists": b'{"a":' + nested(2_000, "[", "]") + b"}",
    "as deep as fits": nested(10_000, '{"a":', "}"),
    "unclosed": b'{"a":' * 10_000,
    "unclosed lists": b'{"a":' + b"[" * 60_000,
    "a level too deep": nested(JSON_DEPTH_MAX + 1, '{"a":', "}"),
    "invalid UTF-8": b'{"a":"\xff"}',
    "cut UTF-8": b'{"a":"\xe2\x82"}',
    "overlong UTF-8": b'{"a":"\xc0\x80"}',
    "a surrogate in UTF-8": b'{"a":"\xed\xa0\x80"}',
    "UTF-16": '{"a":1}'.encode("utf-16"),
    "UTF-16 without a mark": '{"a":1}'.encode("utf-16-le"),
    "UTF-32": '{"a":1}'.encode("utf-32"),
    "latin": '{"a":"é"}'.encode("latin-1"),
    "a raw NUL": b'{"a":"\0"}',
    "a NUL": b'{"a":"\\u0000"}',
    "a NUL in a name": b'{"a\\u0000":1}',
    "a NUL further in": b'{"a":[{"b":"\\u0000"}]}',
    "only a NUL": b"\0",
    "half a pair": b'{"a":"\\ud800"}',
    "the other half": b'{"a":"\\udc00"}',
    "a pair turned round": b'{"a":"\\udc00\\ud800"}',
    "half a pair in a name": b'{"\\ud800":1}',
    "NaN": b'{"a":NaN}',
    "infinity": b'{"a":Infinity}',
    "minus infinity": b'{"a":-Infinity}',
    "a number beyond infinity": b'{"a":1e999}',
    "a number below it": b'{"a":[-1e999]}',
    "2**63": b'{"a":9223372036854775808}',
    "-2**63 - 1": b'{"a":-9223372036854775809}',
    "5000 digits": b'{"a":' + b"9" * 5_000 + b"}",
    "60000 digits": b'{"a":' + b"9" * 60_000 + b"}",
    "a name twice": b'{"a":1,"a":1}',
    "a name twice, escaped": b'{"a":1,"\\u0061":2}',
    "a name twice further in": b'{"a":[{"b":1,"b":2}]}',
    "a list": b"[]",
    "a list of objects": b'[{"a":1}]',
    "null": b"null",
    "true": b"true",
    "a number": b"1",
    "a text": b'"a"',
    "two objects": b"{}{}",
    "something behind it": b'{"a":1} x',
    "a comment": b'{"a":1/*b*/}',
    "a trailing comma": b'{"a":1,}',
    "single quotes": b"{'a':1}",
    "no quotes": b"{a:1}",
    "a form": b"amount=100&currency=INR",
    "a raw line break": b'{"a":"b\nc"}',
    "a leading zero": b'{"a":01}',
    "a plus": b'{"a":+1}',
    "a hexadecimal": b'{"a":0x1F}',
    "a mark alone": b"\xef\xbb\xbf",
    "two marks": b"\xef\xbb\xbf\xef\xbb\xbf{}",
    "an odd escape": b'{"a":"\\x41"}',
    "a cut escape": b'{"a":"\\u12"}',
}


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_body_is_refused_with_a_message(body):
    with pytest.raises(InvalidInputError) as caught:
        read_object(body)

    assert str(caught.value).startswith("The body ")
    assert len(str(caught.value)) < 100


def test_the_message_says_where_the_json_is_wrong():
    with pytest.raises(InvalidInputError, match=r"JSON at line 2, column 14$"):
        read_object(b'{"currency": "INR",\n "amount": 5,}')


@pytest.mark.parametrize("body", [b"", b" ", b"\r\n\t "])
def test_an_empty_body_is_an_empty_object(body):
    assert read_object(body) == {}


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b"{}", {}),
        (b' {"a": 1} \n', {"a": 1}),
        (b'\xef\xbb\xbf{"a":1}', {"a": 1}),
        (b'{"a":9223372036854775807}', {"a": INTEGER_MAX}),
        (b'{"a":-9223372036854775807}', {"a": -INTEGER_MAX}),
        (b'{"a":1.5,"b":1e3,"c":-0.0}', {"a": 1.5, "b": 1000.0, "c": 0.0}),
        (b'{"a":1e-999}', {"a": 0.0}),
        (b'{"a":"\\ud83d\\ude00"}', {"a": "\U0001f600"}),
        (b'{"":null,"a":[true,false]}', {"": None, "a": [True, False]}),
        (b'{"a":{"b":1},"c":{"b":1}}', {"a": {"b": 1}, "c": {"b": 1}}),
        (b'{"__proto__":{"x":1}}', {"__proto__": {"x": 1}}),
        ('{"a":"नमस्ते\u2028"}'.encode(), {"a": "नमस्ते\u2028"}),
    ],
)
def test_an_ordinary_body_is_read_unchanged(body, value):
    assert read_object(body) == value


def test_the_maximum_depth_is_accepted():
    assert read_object(nested(JSON_DEPTH_MAX - 1, '{"a":', "}"))


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


def outcome(body):
    """Return the object; None where it was refused. Anything else that is raised fails the test."""
    try:
        read = read_object(body)
    except InvalidInputError:
        return None
    assert type(read) is dict
    # What was read can be written, stored and read again.
    written = write(read)
    assert b"\\u0000" not in written.replace(b"\\\\", b"")
    assert read_object(written) == read
    return read


@given(st.binary(max_size=200))
def test_any_bytes_are_an_object_or_a_refusal(body):
    outcome(body)


@given(st.text(max_size=200).map(lambda text: text.encode(errors="surrogatepass")))
def test_any_text_is_an_object_or_a_refusal(body):
    outcome(body)


@given(st.dictionaries(st.text(), values, max_size=4), st.booleans())
def test_any_json_of_python_is_an_object_or_a_refusal(value, is_ascii):
    body = json.dumps(value, ensure_ascii=is_ascii).encode(errors="surrogatepass")

    assert outcome(body) in (value, None)


@given(st.dictionaries(st.text(), values, max_size=3), st.data())
def test_a_body_with_a_byte_changed_is_an_object_or_a_refusal(value, data):
    body = bytearray(json.dumps(value).encode())
    position = data.draw(st.integers(0, len(body) - 1))
    body[position] = data.draw(st.integers(0, 255))

    outcome(bytes(body))


def test_the_largest_body_is_read_quickly():
    body = write({str(n): "x" * 50 for n in range(BODY_BYTES_MAX // 64)})

    assert len(read_object(body)) == BODY_BYTES_MAX // 64


def test_written_json_is_compact_and_unescaped():
    assert write({"name": "₹ \U0001f600", "at": [1, None]}) == (
        '{"name":"₹ \U0001f600","at":[1,null]}'.encode()
    )
