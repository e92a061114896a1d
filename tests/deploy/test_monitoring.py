"""The dashboard and the alert rules ask only for what ``/metrics`` shows."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.deploy.exported import Exported, exported, mistakes

ROOT = Path(__file__).parents[2]
ALERTS = yaml.safe_load((ROOT / "deploy/prometheus/alerts.yml").read_text())
RULES = [rule for group in ALERTS["groups"] for rule in group["rules"]]
DASHBOARD = json.loads((ROOT / "deploy/grafana/paygate.json").read_text())
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
PAGE = ROOT / "docs/how-to/watch.md"


@pytest.fixture(scope="module")
def known() -> Exported:
    return exported()


def queries() -> Iterator[tuple[str, str]]:
    for rule in RULES:
        yield rule["alert"], rule["expr"]
    for panel in PANELS:
        for target in panel["targets"]:
            yield panel["title"], target["expr"]


@pytest.mark.parametrize(("name", "query"), list(queries()))
def test_a_query_names_only_exported_metrics_labels_and_values(
    name: str, query: str, known: Exported
):
    assert list(mistakes(query, known)) == [], name
    assert "paygate_" in query


def test_the_dashboard_shows_every_metric(known: Exported):
    shown = {
        name for panel in PANELS for each in panel["targets"] for name in metrics(each["expr"])
    }
    families = {re.sub(r"_(bucket|count|sum)$", "", name) for name in known}

    missing = {
        name
        for name in families - {re.sub(r"_bucket$", "", each) for each in shown}
        if not name.endswith("_created")
    }
    assert missing == set()


def metrics(query: str) -> set[str]:
    return set(re.findall(r"\bpaygate_\w+", query))


@pytest.mark.parametrize(
    ("query", "mistake"),
    [
        ("max(paygate_queue_age_seconds)", "paygate_queue_age_seconds is not exported"),
        ('paygate_queue_rows{status="due"}', "paygate_queue_rows has no label status"),
        ('paygate_queue_rows{state="dead"}', "state='dead' of paygate_queue_rows selects nothing"),
        ("sum by (route) (paygate_database_up)", "has the label route"),
    ],
)
def test_a_wrong_query_is_recognized(query: str, mistake: str, known: Exported):
    assert [each for each in mistakes(query, known) if mistake in each]


def test_panels_have_a_place_and_an_explanation_of_their_own():
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    cells = [
        (x, y)
        for panel in DASHBOARD["panels"]
        for x in range(panel["gridPos"]["x"], panel["gridPos"]["x"] + panel["gridPos"]["w"])
        for y in range(panel["gridPos"]["y"], panel["gridPos"]["y"] + panel["gridPos"]["h"])
    ]

    assert len(ids) == len(set(ids))
    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) < 24
    assert [panel["title"] for panel in PANELS if not panel["description"]] == []


def test_the_dashboard_lets_the_reader_choose_the_data_source():
    chosen = {"type": "prometheus", "uid": "${datasource}"}
    sources = [each["datasource"] for panel in PANELS for each in (panel, *panel["targets"])]

    assert [each["name"] for each in DASHBOARD["templating"]["list"]] == ["datasource"]
    assert all(each == chosen for each in sources)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_an_alert_has_a_severity_and_the_action_to_take(rule: Any):
    assert rule["labels"]["severity"] in {"warning", "critical"}
    assert set(rule["annotations"]) == {"summary", "action"}
    groups = re.findall(r"by \(([^)]*)\)", rule["expr"])
    kept = {label for group in groups for label in group.split(", ")}
    # A query that aggregates nothing keeps all labels.
    kept |= {"instance"} if rule["expr"].startswith("paygate_") else set()
    assert set(re.findall(r"\$labels\.(\w+)", rule["annotations"]["summary"])) <= kept


def test_the_page_lists_every_alert_with_its_severity():
    listed = re.findall(r"^\| `(Paygate\w+)` \| (\w+) \|", PAGE.read_text(), re.MULTILINE)

    assert sorted(listed) == sorted((rule["alert"], rule["labels"]["severity"]) for rule in RULES)
