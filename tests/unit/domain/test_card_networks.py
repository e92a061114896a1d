from __future__ import annotations

import re
from datetime import date
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paygate import CARD_NETWORKS, CARD_NETWORKS_PUBLISHED, card_network

# What clients of other gateways rely on, by the first two digits.
FIXED = {
    **{str(two): "visa" for two in range(40, 50)},
    **{str(two): "mastercard" for two in range(51, 56)},
    "34": "amex",
    "37": "amex",
    "60": "rupay",
    "65": "rupay",
    **{str(two): "rupay" for two in range(81, 90)},
}


def numbers(begin: str) -> tuple[str, str]:
    """Return the lowest and the highest number with that beginning."""
    return begin.ljust(19, "0"), begin.ljust(19, "9")


@given(st.sampled_from(sorted(FIXED)), st.text("0123456789", min_size=11, max_size=17))
def test_earlier_ranges_are_unchanged(two: str, rest: str):
    assert card_network(two + rest) == FIXED[two]


@pytest.mark.parametrize(
    ("first", "last", "network"),
    [
        ("2221", "2720", "mastercard"),
        ("508", "508", "rupay"),
        ("353", "353", "rupay"),
        ("356", "356", "rupay"),
        ("3528", "3529", "jcb"),
        ("354", "355", "jcb"),
        ("357", "358", "jcb"),
        ("300", "305", "diners"),
        ("3095", "3095", "diners"),
        ("36", "36", "diners"),
        ("38", "39", "diners"),
        ("644", "649", "discover"),
        ("62", "62", "unionpay"),
        ("500", "507", "maestro"),
        ("509", "509", "maestro"),
        ("56", "58", "maestro"),
        ("63", "63", "maestro"),
        ("67", "67", "maestro"),
    ],
)
def test_both_ends_of_a_range_belong_to_its_network(first: str, last: str, network: str):
    assert card_network(numbers(first)[0]) == network
    assert card_network(numbers(last)[1]) == network


UNLISTED = "0 1 20 2220 2721 306 3094 3096 3527 359 59 61 640 643 66 68 69 7 80 9".split()


@pytest.mark.parametrize("begin", UNLISTED)
def test_between_the_ranges_the_network_is_unknown(begin: str):
    assert {card_network(number) for number in numbers(begin)} == {"unknown"}


@pytest.mark.parametrize("begin", ["", "3", "35", "352", "5", "6", "22", "222"])
def test_too_few_digits_name_no_network(begin: str):
    assert card_network(begin) == "unknown"


def test_no_two_ranges_overlap():
    ranges = [
        (numbers(first)[0], numbers(last)[1])
        for network in CARD_NETWORKS
        for first, last in network.ranges
    ]

    assert all(len(first) == len(last) for n in CARD_NETWORKS for first, last in n.ranges)
    for one, other in combinations(ranges, 2):
        assert one[1] < other[0] or other[1] < one[0], (one, other)


def test_codes_fit_their_column_and_the_list_is_dated():
    assert all(re.fullmatch(r"[a-z]{1,20}", network.code) for network in CARD_NETWORKS)
    assert len({network.code for network in CARD_NETWORKS}) == len(CARD_NETWORKS)
    assert date.fromisoformat(CARD_NETWORKS_PUBLISHED) >= date(2026, 1, 1)
