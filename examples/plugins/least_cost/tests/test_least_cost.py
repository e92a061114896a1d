"""The contract kit on the router, and its fees."""

from fractions import Fraction
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from paygate_least_cost import paygate_check_samples, paygate_routers
from paygate_least_cost.fees import Fee, FeeSettings, FeeTable
from paygate_least_cost.quote import Quote, QuoteOptions

from paygate import Money, PluginContext, Router
from paygate.testing import RouterContract


class TestLeastCost(RouterContract):
    plugin_id = "least_cost"
    environ = paygate_check_samples["environ"]

    def make(self, context: PluginContext) -> Router:
        [offered] = paygate_routers(context)
        return offered


class TestWithoutFees(TestLeastCost):
    environ = {}


@pytest.mark.parametrize(
    ("fee", "minor", "costs"),
    [
        (Fee(300), 50_000, 300),
        (Fee(0, 190), 50_000, 950),
        (Fee(300, 190), 50_000, 1_250),
        (Fee(0, 1), 1, 1),  # a part of a paisa is a paisa
        (Fee(0, 0), 10**12, 0),
    ],
)
def test_a_fee_has_a_fixed_part_and_a_percentage(fee: Fee, minor: int, costs: int):
    assert fee.of(Money(minor, "INR")) == costs


@given(fixed=st.integers(0, 10**9), points=st.integers(0, 10_000), minor=st.integers(0, 10**12))
def test_fees_of_large_amounts_are_exact(fixed: int, points: int, minor: int):
    exact = fixed + Fraction(minor * points, 10_000)

    assert exact <= Fee(fixed, points).of(Money(minor, "INR")) < exact + 1


def test_the_most_specific_fee_applies():
    table = FeeTable.read("a/*/*=1, a/*/INR=2, a/card/*=3, a/card/INR=4")

    found = [table.find("a", *place) for place in
             [("upi", "USD"), ("upi", "INR"), ("card", "USD"), ("card", "INR")]]  # fmt: skip
    assert found == [Fee(1), Fee(2), Fee(3), Fee(4)]
    assert table.find("b", "card", "INR") is None


@pytest.mark.parametrize(
    "wrong",
    ["a=1", "a/card=1", "a/card/inr=1", "a/card/INR=-1", "a/card/INR=1.5", "a/*/*=1,a/*/*=2"],
)
def test_invalid_fees_stop_start_up(wrong: str):
    with pytest.raises(ValueError, match="fees"):
        FeeSettings(fees=wrong)


async def _quoted(fees: str) -> tuple[int, list[str]]:
    lines: list[str] = []
    options = QuoteOptions(amount=50_000, method="card")
    code = await Quote(FeeTable.read(fees)).run(options, SimpleNamespace(say=lines.append))
    return code, lines


def test_a_quote_names_the_cheapest_first():
    import asyncio

    code, lines = asyncio.run(_quoted("dear/card/INR=300+190, cheap/*/*=0+200"))
    assert code == 0
    assert [line.split() for line in lines] == [
        ["1000", "INR", "cheap", "(0", "+", "2.00", "%)"],
        ["1250", "INR", "dear", "(300", "+", "1.90", "%)"],
    ]
    assert asyncio.run(_quoted(""))[0] == 1
