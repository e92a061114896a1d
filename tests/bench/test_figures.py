"""The benchmark computes its figures correctly."""

from __future__ import annotations

import pytest

from bench.figures import Figures, Row, divide, median_of, percentile, rows_of
from bench.report import ratio_lines, ratios_of, table, to_json

RATIOS = {
    "create_vs_express",
    "create_with_key_vs_express",
    "create_with_key_and_endpoint_vs_express",
    "postgres_cpu_with_key_vs_express",
    "end_to_end_vs_express",
    "end_to_end_20000_vs_1000",
    "list_1m_vs_10k",
}


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [
        ([1.0], 0.99, 1.0),
        ([3.0, 1.0, 2.0], 0.5, 2.0),
        ([float(each) for each in range(1, 101)], 0.99, 99.0),
        ([float(each) for each in range(1, 101)], 1.0, 100.0),
    ],
)
def test_a_percentile_is_a_measured_value(values: list[float], share: float, expected: float):
    assert percentile(values, share) == expected


def test_no_values_have_no_percentile():
    with pytest.raises(ValueError, match="no values"):
        percentile([], 0.5)


def test_the_median_is_taken_figure_by_figure():
    rounds = [Figures(rps=1, p50_ms=30), Figures(rps=3, p50_ms=10), Figures(rps=2, p50_ms=20)]

    assert median_of(rounds) == Figures(rps=2, p50_ms=20)


def test_a_missing_figure_has_no_ratio():
    assert divide(1.0, None) is None
    assert divide(None, 1.0) is None
    assert divide(1.0, 0.0) is None
    assert divide(1.0, 4.0) == 0.25


def test_a_row_is_compared_with_the_express_peer_of_its_load():
    rounds = {"paygate": [Figures(rps=150)], "express": [Figures(rps=100)]}

    assert [(row.name, row.ratio) for row in rows_of("get", rounds)] == [
        ("get", 1.5),
        ("get (express)", 1.0),
    ]


def test_without_that_peer_there_is_no_ratio():
    assert [row.ratio for row in rows_of("get", {"paygate": [Figures(rps=150)]})] == [None]


ROWS = [
    Row("create", "paygate", Figures(rps=90.0)),
    Row("create", "express", Figures(rps=100.0)),
    Row("create_with_key", "paygate", Figures(rps=120.0, pg_us=100.0)),
    Row("create_with_key", "express", Figures(rps=80.0, pg_us=400.0)),
    Row("end_to_end_1000", "paygate", Figures(rps=200.0)),
    Row("end_to_end_8000", "paygate", Figures(rps=190.0)),
    Row("end_to_end_8000", "express", Figures(rps=95.0)),
    Row("end_to_end_20000", "paygate", Figures(rps=180.0)),
    Row("list_10k", "paygate", Figures(rps=300.0)),
    Row("list_1m", "paygate", Figures(rps=200.0)),
]


def test_the_ratios_of_a_whole_run():
    assert ratios_of(ROWS) == {
        "create_vs_express": 0.9,
        "create_with_key_vs_express": 1.5,
        "create_with_key_and_endpoint_vs_express": None,
        "postgres_cpu_with_key_vs_express": 0.25,
        "end_to_end_vs_express": 2.0,
        "end_to_end_20000_vs_1000": 0.9,
        "list_1m_vs_10k": 1.5,
    }


def test_the_file_always_has_every_ratio():
    content = to_json([], {"cores": 2}, ratios_of([]))

    assert set(content["ratios"]) == RATIOS
    assert set(content["ratios"].values()) == {None}


def test_a_row_of_the_file_has_all_figures():
    rounds = {"express": [Figures(rps=10.00049, p50_ms=1.5, p99_ms=2, api_us=3, pg_us=4)]}
    (row,) = to_json(rows_of("get", rounds, "GET /payments/{id}"), {}, {})["rows"]

    assert row == {
        "name": "get (express)",
        "load": "get",
        "system": "express",
        "rps": 10.0,
        "p50_ms": 1.5,
        "p99_ms": 2.0,
        "api_us": 3.0,
        "pg_us": 4.0,
        "ratio": 1.0,
        "note": "GET /payments/{id}",
    }


def test_the_table_shows_what_is_missing():
    (head, line) = table([Row("order", "paygate", Figures(rps=1234.5))]).splitlines()

    assert head.split()[:2] == ["per", "second"]
    assert line.split() == ["order", "1,234", "-", "-", "-", "-", "-"]
    assert "not measured" in ratio_lines(ratios_of([]))
