"""The format of ids."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paygate.adapters.ids.random_ids import RandomIds
from paygate.core.ids import ALPHABET, RANDOM_CHARS, IdKind, is_id

kinds = st.sampled_from(list(IdKind))
bodies = st.text(ALPHABET, min_size=RANDOM_CHARS, max_size=RANDOM_CHARS)


@given(kinds, bodies)
def test_a_prefix_and_sixteen_letters_and_digits_are_an_id(kind, body):
    assert is_id(kind, kind + body)


@given(kinds, kinds, bodies)
def test_an_id_belongs_to_one_kind(kind, other, body):
    assert is_id(other, kind + body) == (kind is other)


@given(kinds, st.text(max_size=40))
def test_other_texts_are_not_ids(kind, text):
    is_body = len(text) == RANDOM_CHARS and set(text) <= set(ALPHABET)

    assert is_id(kind, kind + text) == is_body


@pytest.mark.parametrize(
    "text",
    [
        "",
        "pay_",
        "pay_ABCDEFGHijklmn0",
        "pay_ABCDEFGHijklmn012",
        "pay_ABCDEFGHijklmn01\n",
        " pay_ABCDEFGHijklmn01",
        "PAY_ABCDEFGHijklmn01",
        "pay_ABCDEFGHijklmn0²",
        "pay_ABCDEFGHijklmn0٣",
        "pay_ABCDEFGHijklmn0\0",
        "pay_ABCDEFGHijklmn-1",
    ],
)
def test_almost_valid_ids_are_not_ids(text):
    assert not is_id(IdKind.PAYMENT, text)


@pytest.mark.parametrize("kind", list(IdKind))
def test_new_ids_are_valid_and_unique(kind):
    made = {RandomIds().new(kind) for _ in range(200)}

    assert len(made) == 200
    assert all(is_id(kind, id) for id in made)


def test_a_new_webhook_secret_has_32_random_bytes():
    import base64

    secret = RandomIds().webhook_secret()

    assert secret.startswith("whsec_")
    assert len(base64.b64decode(secret.removeprefix("whsec_"), validate=True)) == 32
