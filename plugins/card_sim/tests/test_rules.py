import string
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from paygate import InvalidInstrumentError, passes_luhn
from paygate_card_sim.rules import check_cvv, checked_expiry, checked_number, published_rules

NOW = datetime(2026, 1, 15, 10, 30, tzinfo=UTC)
TICK = timedelta(microseconds=1)

bodies = st.text(string.digits, min_size=12, max_size=18)


def with_check_digit(body):
    return next(body + digit for digit in string.digits if passes_luhn(body + digit))


def refusal_of_number(given):
    with pytest.raises(InvalidInstrumentError) as caught:
        checked_number(given)
    return caught.value


def refusal_of_expiry(month, year, *, now=NOW):
    with pytest.raises(InvalidInstrumentError) as caught:
        checked_expiry(month, year, now=now)
    return caught.value


@pytest.mark.parametrize(
    "number", ["4111111111111111", "5555555555554444", "378282246310005", "6011111111111117"]
)
def test_the_test_cards_have_valid_numbers(number):
    assert checked_number(number) == number


@given(bodies)
def test_numbers_of_13_to_19_digits_with_a_check_digit_are_valid(body):
    number = with_check_digit(body)

    assert checked_number(number) == number


@given(bodies, st.sampled_from("123456789"))
def test_a_wrong_check_digit_is_refused(body, offset):
    number = with_check_digit(body)
    wrong = str((int(number[-1]) + int(offset)) % 10)

    assert refusal_of_number(number[:-1] + wrong).code == "invalid_card"


@given(bodies, st.integers(0, 11), st.sampled_from("123456789"))
def test_any_single_wrong_digit_is_refused(body, place, offset):
    number = with_check_digit(body)
    digit = str((int(number[place]) + int(offset)) % 10)
    mistyped = number[:place] + digit + number[place + 1 :]

    assert refusal_of_number(mistyped).code == "invalid_card"


@given(bodies, st.data())
def test_spaces_and_dashes_are_ignored(body, data):
    number = with_check_digit(body)
    typed = "".join(digit + data.draw(st.sampled_from(["", " ", "-", " - "])) for digit in number)

    assert checked_number(f" {typed}") == number


@pytest.mark.parametrize(
    "number",
    [
        "",
        "1234567890123456",
        "0" * 12,
        "0" * 20,
        "4111111111111111\n",
        "4111.1111.1111.1111",
        "4111_1111_1111_1111",
        "+4111111111111111",
        "411111111111111²",
        "٤١١١١١١١١١١١١١١١",
        "\uff14111111111111111",
        "4111\u00a01111\u00a01111\u00a01111",
        "four",
    ],
)
def test_an_invalid_number_is_refused(number):
    error = refusal_of_number(number)

    assert (error.code, error.reason) == ("invalid_card", "Card validation failed")


@given(st.text())
def test_the_error_does_not_repeat_the_number(text):
    assume(len(text) < 12)

    assert str(refusal_of_number(text)) == "Card validation failed"


@pytest.mark.parametrize(
    ("year", "month"), [("2026", "01"), ("26", "1"), ("26", "12"), ("27", "01")]
)
def test_a_card_is_valid_through_its_month(year, month):
    expiry = checked_expiry(month, year, now=NOW)

    assert (expiry.year, expiry.month) == (2000 + int(year[-2:]), int(month))


def test_a_card_is_valid_until_its_month_ends_in_the_last_time_zone():
    end = datetime(2026, 2, 1, 12, tzinfo=UTC)

    assert checked_expiry("01", "26", now=end - TICK).month == 1
    assert refusal_of_expiry("01", "26", now=end).code == "expired_card"


def test_a_card_is_valid_until_the_end_of_the_year():
    end = datetime(2027, 1, 1, 12, tzinfo=UTC)

    assert checked_expiry("12", "26", now=end - TICK).month == 12
    assert refusal_of_expiry("12", "26", now=end).code == "expired_card"
    assert checked_expiry("01", "27", now=end - TICK).year == 2027


@given(
    st.integers(2020, 2049),
    st.integers(1, 12),
    st.integers(1, 12),
    st.integers(2000, 2099),
)
def test_only_months_within_fifty_years_are_valid(this_year, this_month, month, year):
    now = datetime(this_year, this_month, 28, tzinfo=UTC)
    is_good = (now.year, now.month) <= (year, month) and year <= now.year + 50

    if is_good:
        assert checked_expiry(f"{month:02}", f"{year % 100:02}", now=now).year == year
    else:
        assert refusal_of_expiry(f"{month:02}", f"{year % 100:02}", now=now).code == "expired_card"


def test_an_expiry_is_at_most_fifty_years_ahead():
    assert checked_expiry("12", "2076", now=NOW).year == 2076
    assert refusal_of_expiry("01", "2077").code == "expired_card"
    assert refusal_of_expiry("01", "9999").code == "expired_card"


@pytest.mark.parametrize(
    ("month", "year"),
    [
        ("01", "20"),
        ("12", "2025"),
        ("0", "30"),
        ("00", "30"),
        ("13", "30"),
        ("-1", "30"),
        ("001", "30"),
        ("1.0", "30"),
        ("May", "30"),
        ("", "30"),
        ("1", ""),
        ("1", "0"),
        ("1", "030"),
        ("1", "02030"),
        ("1", "+2030"),
        ("1", "2030\n"),
        ("²", "30"),
        ("٣", "30"),
        ("1", "\uff130"),
    ],
)
def test_an_invalid_date_is_refused(month, year):
    error = refusal_of_expiry(month, year)

    assert (error.code, error.reason) == ("expired_card", "Card expiry date invalid")


def test_spaces_around_a_date_are_ignored():
    assert checked_expiry(" 5 ", " 30", now=NOW).year == 2030


def test_the_current_month_comes_from_the_clock():
    kolkata = timezone(timedelta(hours=5, minutes=30))
    february_there = datetime(2026, 2, 1, 1, 0, tzinfo=kolkata)

    assert checked_expiry("01", "26", now=february_there.astimezone(UTC)).month == 1


@pytest.mark.parametrize("cvv", ["000", "123", "9999"])
def test_a_security_code_has_three_or_four_digits(cvv):
    check_cvv(cvv)


@pytest.mark.parametrize("cvv", ["", "12", "12345", "12a", "123\n", " 123", "12²", "١٢٣"])
def test_any_other_security_code_is_refused(cvv):
    with pytest.raises(InvalidInstrumentError) as caught:
        check_cvv(cvv)

    assert (caught.value.code, caught.value.reason) == ("invalid_card", "Card validation failed")


def test_the_published_rules_are_the_applied_rules():
    rules = published_rules()
    number, code, expiry = rules["number"], rules["security_code"], rules["expiry"]

    for length in range(8, 24):
        is_number = number["digits_min"] <= length <= number["digits_max"]
        given = with_check_digit("4".ljust(length - 1, "0"))
        assert (checked_number(given) == given) if is_number else refusal_of_number(given)
    for network in [rules, *rules["networks"]]:
        assert network["security_code"]["digits"] == code["digits"]
    for length in code["digits"]:
        check_cvv("1" * length)
    end = datetime(2026, 2, 1, tzinfo=UTC) - timedelta(hours=expiry["utc_offset_hours"])
    assert checked_expiry("01", "26", now=end - TICK)
    assert refusal_of_expiry("01", "26", now=end)
    last = NOW.year + expiry["years_ahead_max"]
    assert checked_expiry("12", str(last), now=NOW).year == last
    assert refusal_of_expiry("01", str(last + 1))
