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


def test_a_delivery_is_tried_five_times_and_then_given_up():
    assert waits(policy(), 1, 2, 3, 4, 5, 6) == [*PRODUCTION, None, None]


@pytest.mark.parametrize(
    ("said", "expected"),
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
def test_the_waits_can_be_set(said, expected):
    assert waits(policy(**{VARIABLE: said}), 1, 2, 3, 4, 5) == [*expected, None]


def test_no_wait_at_all_is_a_wait():
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
def test_junk_is_refused_and_its_variable_named(junk):
    with pytest.raises(OperatorError) as caught:
        policy(**{VARIABLE: junk})

    assert caught.value.setting == VARIABLE


def test_the_plugins_own_variable_is_read_as_well():
    chosen = policy(PAYGATE_DEFAULTS_INTERVALS="1,2,3,4")

    assert waits(chosen, 1, 2, 3, 4) == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("asked_s", "wait_s"),
    [(1, 60), (59, 60), (60, 60), (90, 90), (120, 120), (121, 120), (10**6, 120)],
)
def test_a_receiver_may_ask_for_up_to_twice_the_wait(asked_s, wait_s):
    assert waits(policy(), 1, retry_after=timedelta(seconds=asked_s)) == [wait_s]


def test_a_receiver_cannot_have_a_sixth_try():
    assert waits(policy(), 5, retry_after=timedelta(seconds=1)) == [None]


@given(
    st.sampled_from(["delivery", "query", "operation"]),
    st.integers(1, 12),
    st.none() | st.timedeltas(),
)
def test_what_a_receiver_asks_for_is_held_between_the_wait_and_twice_that(target, count, asked):
    chosen, now, rng = policy(target), NOW, Random(1)
    planned = chosen.next_delay(Tries(count), now=now, rng=rng)
    wait = chosen.next_delay(Tries(count, 503, asked), now=now, rng=rng)

    assert (wait is None) == (planned is None)
    if planned is not None:
        assert planned <= wait <= min(2 * planned, max(planned, RETRY_AFTER_MAX))


def test_a_processor_is_asked_for_a_day_and_more_before_a_person_has_to_look():
    asked = waits(policy("query"), *range(1, 10))

    assert asked == [5, 15, 60, 300, 1800, 7200, 21_600, 86_400, None]


def test_what_was_not_sent_is_sent_again_soon_and_then_less_often():
    sent = waits(policy("operation"), *range(1, 10))

    assert sent[:3] == [1, 2, 5]
    assert sent[:-1] == sorted(sent[:-1])
    assert sent[-1] is None


def test_the_same_history_always_means_the_same_wait():
    chosen = policy()

    answers = {chosen.next_delay(Tries(1), now=NOW, rng=Random(seed)) for seed in range(20)}
    assert answers == {timedelta(seconds=60)}
