"""What of a value is shown to people."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paygate.core.redaction import (
    DEPTH_MAX,
    ITEMS_MAX,
    MASK,
    READ_CHARS_MAX,
    TEXT_CHARS_MAX,
    redact_json,
)

PAN = "4111111111111111"
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters())
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=30
)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("cvv 737", f"cvv {MASK}"),
        ("CVC: 7373.", f"CVC: {MASK}."),
        ("the cvv2 was 737", f"the cvv2 was {MASK}"),
        ('{"cvv": "737"}', f'{{"cvv": "{MASK}"}}'),
        ("security code=737", f"security code={MASK}"),
        ("otp 123456 is wrong", f"otp {MASK} is wrong"),
        ("Authorization: Bearer abc.def", f"Authorization: {MASK}"),
        ("https://acs?token=abc&id=7", f"https://acs?token={MASK}"),
        ("client_secret=abc, id=7", f"client_secret={MASK}, id=7"),
        (f"card {PAN}", f"card {MASK}"),
        ("no token was given", "no token was given"),
        ("declined: 51 of op_7", "declined: 51 of op_7"),
        ("pinned at 12345", "pinned at 12345"),
    ],
)
def test_named_secrets_are_masked_in_texts(text: str, shown: str):
    assert redact_json(text) == shown


def test_secret_fields_and_card_numbers_are_masked():
    value = {"cvv": 737, "api_key": ["x"], "number": int(PAN), "amount": 50_000, PAN: 1}

    assert redact_json(value) == {
        "cvv": MASK,
        "api_key": MASK,
        "number": MASK,
        "amount": 50_000,
        MASK: 1,
    }


def test_known_secrets_are_masked_everywhere():
    shown = redact_json({"a": ["it was hush-hush"]}, secrets=["hush", "hush-hush", "it"])

    assert shown == {"a": [f"it was {MASK}"]}


def test_a_card_at_the_cut_is_masked_first():
    text = "." * (TEXT_CHARS_MAX - 8) + PAN

    assert "4111" not in redact_json(text)
    assert len(redact_json(text)) == TEXT_CHARS_MAX


def test_a_large_value_becomes_a_small_one():
    deep: Any = "end"
    for _ in range(10_000):
        deep = [deep]

    assert "end" not in json.dumps(redact_json(deep))
    assert json.dumps(redact_json(deep)).count("[") == DEPTH_MAX
    assert len(redact_json(list(range(1000)))) == ITEMS_MAX
    assert redact_json(10**5000) == "…"


@given(VALUES)
def test_redaction_is_idempotent_and_storable(value: object):
    shown = redact_json(value)

    stored = json.dumps(shown, allow_nan=False, ensure_ascii=False).encode()
    assert b"\\u0000" not in stored
    assert redact_json(json.loads(stored)) == shown


@pytest.mark.parametrize("begins", range(READ_CHARS_MAX - 20, READ_CHARS_MAX + 1))
def test_part_of_a_card_at_the_cut_is_not_shown(begins: int):
    # The secret in front is masked, so that what is read of the text comes into sight.
    front = "token=" + "x" * (begins - 7) + " "

    shown = redact_json(front + PAN + " and more" * 100)

    assert [char for char in shown if char.isdigit()] == []


def test_part_of_a_known_secret_at_the_cut_is_not_shown():
    text = "token=" + "x" * (READ_CHARS_MAX - 12) + " hush-hush" + " and more" * 100

    assert "hush" not in redact_json(text, secrets=["hush-hush"])
