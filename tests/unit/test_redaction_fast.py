"""Harmless texts are recognized without being searched, and only those."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paygate.core import redaction
from paygate.core.redaction import redact_text

NAMES = "cvv CVC2 otp pin security_code secret token= a op_ . - _ @ : 737 12 0 ſ ٣".split()
PARTS = st.sampled_from([*NAMES, " ", "4111111111111111", "4111-1111-1111-1111", "\0"])


@given(st.lists(PARTS, max_size=12).map("".join))
@settings(max_examples=300, deadline=None)
def test_a_harmless_text_is_unchanged_by_the_full_search(text: str):
    if redaction._HARMLESS.fullmatch(text) and len(text) <= redaction.TEXT_CHARS_MAX:
        assert redaction.mask_named(text) == text
        assert redact_text(text) == text


@pytest.mark.parametrize("text", ["upi_sim", "op_A1b2C3d4E5f6G7h8", "asha.rao@paytm", "INR", ""])
def test_ids_and_names_are_harmless(text: str):
    assert redaction._HARMLESS.fullmatch(text)


@pytest.mark.parametrize(
    "text", ["cvv-737", "OTP_123456", "4111-1111-1111-1111", "4111111111111111", "a secret: x"]
)
def test_texts_to_be_masked_are_not_harmless(text: str):
    assert redaction._HARMLESS.fullmatch(text) is None
    assert redact_text(text) != text
