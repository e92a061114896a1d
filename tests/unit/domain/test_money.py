"""Whole minor units and a currency, never anything else."""

import operator
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paygate import Money
from paygate.core.limits import AMOUNT_MINOR_MAX
from paygate.core.money import EXPONENTS

minors = st.integers(0, AMOUNT_MINOR_MAX)
currencies = st.sampled_from(sorted(EXPONENTS))


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [
        (49_900, "INR", "499.00 INR"),
        (5, "INR", "0.05 INR"),
        (0, "INR", "0.00 INR"),
        (1500, "JPY", "1500 JPY"),
        (0, "JPY", "0 JPY"),
        (1234, "KWD", "1.234 KWD"),
        (7, "BHD", "0.007 BHD"),
        (1_000_000_000_000, "USD", "10000000000.00 USD"),
    ],
)
def test_an_amount_is_formatted_for_people(minor, currency, text):
    assert str(Money(minor, currency)) == text


@given(minors, currencies)
def test_the_formatted_amount_is_exact(minor, currency):
    major, code = str(Money(minor, currency)).split()

    assert code == currency
    assert Decimal(major).scaleb(EXPONENTS[currency]) == minor


def test_every_exponent_exists_in_iso_4217():
    assert set(EXPONENTS.values()) == {0, 2, 3, 4}
    assert all(len(code) == 3 and code.isascii() and code.isupper() for code in EXPONENTS)


def test_thirty_currencies_have_the_decimals_of_iso_4217():
    """Where usage differs, as for HUF, COP and IQD, the standard counts."""
    listed = """
        INR=2 USD=2 EUR=2 GBP=2 CHF=2 HUF=2 COP=2 IDR=2 PKR=2 TWD=2 IRR=2 LAK=2 MGA=2 XCG=2
        JPY=0 KRW=0 VND=0 CLP=0 ISK=0 UGX=0 XAF=0 UYI=0
        BHD=3 IQD=3 JOD=3 KWD=3 OMR=3 TND=3 CLF=4 UYW=4
    """
    chosen = {code: int(digits) for code, digits in (one.split("=") for one in listed.split())}

    assert len(chosen) == 30
    assert {code: EXPONENTS[code] for code in chosen} == chosen


def test_a_withdrawn_currency_is_refused_and_still_readable():
    assert {"ANG", "BGN", "HRK", "ZWL", "XAU", "XXX"}.isdisjoint(EXPONENTS)
    assert str(Money(1050, "ANG")) == "10.50 ANG"


@pytest.mark.parametrize(
    "minor", [True, False, 1.0, 499.5, float("nan"), "100", None, Decimal(100)]
)
def test_a_fractional_amount_is_refused(minor):
    with pytest.raises(AssertionError, match="whole"):
        Money(minor, "INR")


def test_a_negative_amount_is_refused():
    with pytest.raises(AssertionError, match="negative"):
        Money(-1, "INR")


@pytest.mark.parametrize("currency", ["", "inr", "RUPEES", "XXX", "INR ", None])
def test_a_currency_that_iso_does_not_know_is_refused(currency):
    with pytest.raises(AssertionError, match="currency"):
        Money(1, currency)


@pytest.mark.parametrize(
    "mix",
    [operator.add, operator.sub, operator.lt, operator.le, operator.gt, operator.ge, max, min],
)
def test_two_currencies_cannot_be_combined(mix):
    with pytest.raises(AssertionError, match="is not"):
        mix(Money(100, "INR"), Money(100, "USD"))


def test_the_same_number_of_another_currency_is_not_the_same_money():
    assert Money(100, "INR") != Money(100, "USD")


def test_a_negative_difference_is_refused():
    with pytest.raises(AssertionError, match="negative"):
        Money(1, "INR") - Money(2, "INR")


def test_only_zero_is_false():
    assert not Money.zero("JPY")
    assert Money(1, "JPY")


def test_money_cannot_be_changed():
    with pytest.raises(AttributeError):
        Money(1, "INR").minor = 2


@given(minors, minors, currencies)
def test_subtraction_reverses_addition(one, other, currency):
    total = Money(one, currency) + Money(other, currency)

    assert total - Money(other, currency) == Money(one, currency)
    assert type(total.minor) is int


@given(minors, minors, currencies)
def test_money_is_ordered_as_its_minor_units_are(one, other, currency):
    here, there = Money(one, currency), Money(other, currency)

    assert (here < there, here <= there, here == there) == (one < other, one <= other, one == other)
    assert (here > there, here >= there) == (one > other, one >= other)
