"""What a clause expects is compared with JSON, types included."""

from __future__ import annotations

from typing import Any

import pytest

from paygate.grade.matching import (
    MISSING,
    TEXT,
    TIME,
    WHOLE,
    describe,
    differences,
    null_or_missing,
    present,
    rewritten_by_javascript,
)
from tests.conformance.test_rewriting import CHANGED_BY_JAVASCRIPT, KEPT_BY_JAVASCRIPT


@pytest.mark.parametrize(
    ("expected", "found", "problem"),
    [
        ({"amount": 500}, {"amount": 500.0}, "amount is 500.0 instead of 500"),
        ({"count": 1}, {"count": True}, "count is true instead of 1"),
        ({"is": False}, {"is": None}, "is is null instead of false"),
        ({"a": {"b": "x"}}, {"a": {"b": "y"}}, 'a.b is "y" instead of "x"'),
        ({"a": {"b": "x"}}, {"a": []}, 'a is [] instead of {"b": "x"}'),
        ({"a": 1}, {}, "a is missing instead of 1"),
        ({"a": WHOLE}, {"a": "1"}, 'a is "1" instead of a whole number'),
        ({"a": TEXT}, {"a": ""}, 'a is "" instead of a text that is not empty'),
        ({"a": present()}, {}, "a is missing instead of any value"),
        ({"a": null_or_missing()}, {"a": 0}, "a is 0 instead of null or missing"),
        ("x", MISSING, 'the body is missing instead of "x"'),
    ],
)
def test_a_difference_is_named(expected: Any, found: Any, problem: str):
    assert differences(expected, found) == [problem]


def test_further_fields_are_wrong_only_where_none_may_be():
    assert differences({"a": 1}, {"a": 1, "b": 2}) == []
    assert differences({"a": 1}, {"a": 1, "b": 2}, exactly=True) == [
        "b is not expected in the body"
    ]


@pytest.mark.parametrize("time", ["2026-01-15T10:30:00.000Z", "2026-01-15T10:30:00Z"])
def test_a_time_in_utc_is_accepted(time: str):
    assert differences({"at": TIME}, {"at": time}) == []


@pytest.mark.parametrize("time", ["2026-01-15 10:30:00", "2026-01-15T10:30:00+05:30", 1768473000])
def test_another_time_is_not_accepted(time: Any):
    assert len(differences({"at": TIME}, {"at": time})) == 1


def test_an_expectation_is_shown_like_json():
    assert describe({"id": TEXT, "n": {"a": 1}}) == (
        '{"id": <a text that is not empty>, "n": {"a": 1}}'
    )


@pytest.mark.parametrize("body", KEPT_BY_JAVASCRIPT)
def test_a_body_that_javascript_keeps_is_kept(body: str):
    assert rewritten_by_javascript(body.encode()) == body.encode()


@pytest.mark.parametrize("body", CHANGED_BY_JAVASCRIPT)
def test_a_body_that_javascript_changes_is_changed(body: str):
    assert rewritten_by_javascript(body.encode()) != body.encode()
