"""No card number in anything that people read."""

import re
from uuid import UUID

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from paygate import passes_luhn
from paygate.core.ids import ALPHABET
from paygate.core.redaction import MASK, mask_state, names_a_secret, redact
from tests.unit.samples import CANARY_PANS

PLAIN = CANARY_PANS[0]
SPACED = "4111 1111 1111 1111"


def _with_check_digit(digits):
    return next(digits + str(check) for check in range(10) if passes_luhn(digits + str(check)))


pans = st.text("0123456789", min_size=12, max_size=18).map(_with_check_digit)


@pytest.mark.parametrize("pan", CANARY_PANS)
def test_published_card_numbers_pass_luhn_and_are_masked(pan):
    assert passes_luhn(pan)
    assert redact(pan) == MASK


@pytest.mark.parametrize("pan", CANARY_PANS)
def test_a_number_with_a_wrong_check_digit_is_not_masked(pan):
    other = pan[:-1] + str((int(pan[-1]) + 1) % 10)

    assert not passes_luhn(other)
    assert redact(other) == other


@given(pans, st.data())
def test_a_card_number_is_masked_in_any_grouping(pan, data):
    separators = [data.draw(st.sampled_from(["", " ", "-"])) for _ in pan[1:]]
    grouped = pan[0] + "".join(map("".join, zip(separators, pan[1:], strict=True)))

    assert redact(f"card {grouped} refused") == f"card {MASK} refused"


@pytest.mark.parametrize(
    "text",
    [
        f"card {PLAIN}.",
        f'{{"number":"{PLAIN}"}}',
        f"number={PLAIN}&cvv=1",
        f"({SPACED})",
        f"[{PLAIN}, {PLAIN}]",
        f"try 2 {SPACED}",
        f"15 {PLAIN}",
        f"2026-01-15 {PLAIN}",
        f"{SPACED} 123",
        f"{PLAIN} 12",
        f"{PLAIN} {PLAIN}",
        f"{SPACED} {SPACED}",
        f"{PLAIN}-{PLAIN}-{PLAIN}",
        f"12 {PLAIN} 12 34",
        f"refused.{PLAIN}",
        f"card:{PLAIN}:{SPACED}",
        "4111-1111-1111-1111/12/30",
        f"\n{PLAIN}\n",
    ],
)
def test_no_adjacent_text_hides_a_card_number(text):
    digits = re.sub(r"[ -]", "", redact(text))

    assert PLAIN not in digits
    assert MASK in digits


@given(pans, st.text("0123456789", min_size=1, max_size=4), st.sampled_from([" ", "-"]))
def test_no_short_number_beside_it_hides_a_card_number(pan, beside, separator):
    assert pan not in redact(f"{beside}{separator}{pan}")
    assert pan not in redact(f"{pan}{separator}{beside}")
    assert pan not in redact(f"{beside}{separator}{pan}{separator}{beside}")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "pay_ABCDEFGHijklmn01",
        "order_0123456789ABCDEF",
        "550e8400-e29b-41d4-a716-446655440000",
        "2026-01-15T10:30:00.123Z",
        "2026-01-15 10:30:00,123",
        "1768473000",
        "127.0.0.1:54321",
        "amount 49900 of 1000000000000",
        "0.4111111111111111",
        "3.4111111111111111 s",
        "+91 98765 43210",
        "123456789012",
        "41111111111111111111",
        "user@paytm",
        "ref-1",
    ],
)
def test_ordinary_text_is_unchanged(text):
    assert redact(text) == text


@given(st.text(ALPHABET, min_size=16, max_size=16))
def test_an_id_with_a_letter_is_unchanged(body):
    assume(not re.search(r"[0-9]{13}", body))

    assert redact(f"pay_{body}") == f"pay_{body}"


@given(st.uuids(), st.sampled_from(["", "delivery ", "7 ", "merchant/"]))
def test_a_uuid_is_unchanged(uuid, before):
    assert redact(f"{before}{uuid}") == f"{before}{uuid}"
    assert redact(f"{before}{uuid}".upper()) == f"{before}{uuid}".upper()


def test_a_uuid_without_letters_is_unchanged_and_hides_no_card_number():
    digits = UUID(int=0)

    assert redact(f"{digits} {PLAIN}") == f"{digits} {MASK}"


@given(st.text())
def test_a_text_with_fewer_than_13_digits_is_unchanged(text):
    assume(sum(char in "0123456789" for char in text) < 13)

    assert redact(text) == text


@given(st.text("0123456789 -.", max_size=60))
def test_masking_is_idempotent(text):
    assert redact(redact(text)) == redact(text)


@pytest.mark.parametrize("hostile", ["1 ", "1", "1-", "12345678901234 -", "1 1-1.", "4111 "])
def test_a_hostile_text_is_masked_in_linear_time(hostile):
    redact(hostile * (20_000 // len(hostile)))


@pytest.mark.parametrize(
    "name",
    [
        "secret",
        "api_secret",
        "X-Api-Key",
        "apiKey",
        "Authorization",
        "password",
        "cvv",
        "CVC",
        "card_number",
        "cardNumber",
        "pan",
        "webhook_signature",
        "lease_token",
        "sealed",
    ],
)
def test_a_field_with_a_secret_name_is_masked(name):
    assert names_a_secret(name)


@pytest.mark.parametrize(
    "name", ["event", "payment_id", "amount_minor", "company", "card_last4", "card_network", "vpa"]
)
def test_an_ordinary_field_is_unchanged(name):
    assert not names_a_secret(name)


def test_in_state_only_known_secrets_are_masked():
    secrets = [PLAIN, "0864", "2040", "a signing secret"]
    state = {
        "reference": "5555555555554444",
        "token": "of the processor",
        "expires": "2040-01-01",
        "note": f"{PLAIN} with a signing secret, cvv 0864, otp 123456",
        "deep": [{"cvv": "0864", PLAIN: 1, "count": 864, "long": "x" * 500}],
    }

    assert mask_state(state, secrets) == {
        "reference": "5555555555554444",
        "token": "of the processor",
        "expires": "2040-01-01",
        "note": f"{MASK} with {MASK}, cvv {MASK}, otp 123456",
        "deep": [{"cvv": MASK, MASK: 1, "count": 864, "long": "x" * 500}],
    }
