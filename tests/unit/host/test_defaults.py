"""The built-in timetables."""

from datetime import timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paygate import OperatorError, Tries
from paygate.core.limits import RETRY_AFTER_MAX
from paygate.plugins.host import load_plugins
from tests.unit.samples import NOW

VARIABLE = "WEBHOOK_RETRY_INTERVALS_TEST"
PRODUCTION = [60, 300, 1800, 7200]
TEST = [5, 10, 15, 20]


def policy(target="delivery", **environ):
    return load_plugins([], environ=environ).registry.policies[target]


def waits(chosen, *counts, retry_after=None):
    tries = [Tries(count, 503, retry_after) for count in counts]
    found = [chosen.next_delay(each, now=NOW, rng=Random(1)) for each in tries]
    return [wait and wait.total_seconds() for wait in found]


def test_a_delivery_has_five_attempts():
    assert waits(policy(), 1, 2, 3, 4, 5, 6) == [*PRODUCTION, None, None]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("true", TEST),
        ("TRUE ", TEST),
        ("1", TEST),
        ("yes", TEST),
        ("on", TEST),
        ("false", PRODUCTION),
        ("0", PRODUCTION),
        ("off", PRODUCTION),
        ("", PRODUCTION),
        ("  ", PRODUCTION),
        ("5,10,15,20", [5, 10, 15, 20]),
        ("0,5,10,15,20", [5, 10, 15, 20]),
        (" 1 , 2.5, 3 ,4", [1, 2.5, 3, 4]),
        ("1,1,1,1", [1, 1, 1, 1]),
        ("86400,86400,86400,86400", [86_400] * 4),
    ],
)
def test_the_delays_are_configurable(value, expected):
    assert waits(policy(**{VARIABLE: value}), 1, 2, 3, 4, 5) == [*expected, None]


def test_a_delay_of_zero_is_valid():
    chosen = policy(**{VARIABLE: "0,0,0,0"})

    assert chosen.next_delay(Tries(1), now=NOW, rng=Random(1)) == timedelta(0)


@pytest.mark.parametrize(
    "junk",
    [
        "maybe",
        "5",
        "5,10,15",
        "5,10,15,20,25",
        "0,5,10,15,20,25",
        "5,10,15,soon",
        "5,10,15,",
        ",5,10,15,20",
        "5;10;15;20",
        "-1,10,15,20",
        "nan,10,15,20",
        "inf,10,15,20",
        "1e300,10,15,20",
        "86401,10,15,20",
        "true,5",
        "off,5,10,15",
        "[5,10,15,20]",
    ],
)
def test_an_invalid_value_names_its_variable(junk):
    with pytest.raises(OperatorError) as caught:
        policy(**{VARIABLE: junk})

    assert caught.value.setting == VARIABLE


def test_the_variable_of_the_plugin_is_read():
    chosen = policy(PAYGATE_DEFAULTS_INTERVALS="1,2,3,4")

    assert waits(chosen, 1, 2, 3, 4) == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("asked_s", "wait_s"),
    [(1, 60), (59, 60), (60, 60), (90, 90), (120, 120), (121, 120), (10**6, 120)],
)
def test_retry_after_may_double_the_delay(asked_s, wait_s):
    assert waits(policy(), 1, retry_after=timedelta(seconds=asked_s)) == [wait_s]


def test_retry_after_adds_no_attempt():
    assert waits(policy(), 5, retry_after=timedelta(seconds=1)) == [None]


@given(
    st.sampled_from(["delivery", "query", "operation"]),
    st.integers(1, 12),
    st.none() | st.timedeltas(),
)
def test_retry_after_is_limited_to_twice_the_delay(target, count, asked):
    chosen, now, rng = policy(target), NOW, Random(1)
    planned = chosen.next_delay(Tries(count), now=now, rng=rng)
    wait = chosen.next_delay(Tries(count, 503, asked), now=now, rng=rng)

    assert (wait is None) == (planned is None)
    if planned is not None:
        assert planned <= wait <= min(2 * planned, max(planned, RETRY_AFTER_MAX))


def test_queries_continue_for_more_than_a_day_before_a_review():
    asked = waits(policy("query"), *range(1, 10))

    assert asked == [5, 15, 60, 300, 1800, 7200, 21_600, 86_400, None]


def test_unsent_requests_are_retried_with_growing_delays():
    sent = waits(policy("operation"), *range(1, 10))

    assert sent[:3] == [1, 2, 5]
    assert sent[:-1] == sorted(sent[:-1])
    assert sent[-1] is None


def test_the_same_attempts_always_give_the_same_delay():
    chosen = policy()

    answers = {chosen.next_delay(Tries(1), now=NOW, rng=Random(seed)) for seed in range(20)}
    assert answers == {timedelta(seconds=60)}
