"""What can be known of the Helm chart without Helm and a cluster."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

import paygate
from paygate.cli.verbs import app
from paygate.core.queue.notifier import QUEUES
from paygate.core.queue.worker import DRAIN_S
from paygate.settings import setting_names
from tests.deploy.chart import (
    CHART,
    HELPERS,
    INCLUDE,
    TEMPLATES,
    VALUE,
    VALUES,
    actions,
    helpers,
    leaves,
    objects,
    value_at,
)
from tests.deploy.exported import exported

PAGE = (Path(__file__).parents[2] / "docs/how-to/run-on-kubernetes.md").read_text()
ALL = {
    f"{each['kind']}/{each['metadata']['name']}": each
    for name in TEMPLATES
    for each in objects(name)
}
PODS = {
    name: each["spec"]["template"]["spec"]
    for name, each in ALL.items()
    if "template" in each["spec"]
}


def test_the_chart_has_the_version_of_paygate():
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())

    assert chart["apiVersion"] == "v2"
    assert chart["version"] == chart["appVersion"] == VALUES["image"]["tag"] == paygate.__version__


def test_the_templates_give_the_objects_that_the_page_lists():
    assert set(ALL) == {
        "Deployment/shop-api",
        "Service/shop-api",
        "PodDisruptionBudget/shop-api",
        "Deployment/shop-worker",
        "PodDisruptionBudget/shop-worker",
        "HorizontalPodAutoscaler/shop-worker",
        "Job/shop-migrate",
        "PodMonitor/shop",
    }
    for name in ("Deployment", "Job", "PodMonitor"):
        for listed in re.findall(rf"^\| {name} `([\w-]+)`", PAGE, re.MULTILINE):
            assert f"{name}/{listed}" in ALL


@pytest.mark.parametrize("name", [*TEMPLATES, "_helpers.tpl"])
def test_every_block_of_a_template_ends(name: str):
    words = Counter(each.split()[0] for each in actions(TEMPLATES.get(name, HELPERS)))

    assert words["if"] + words["range"] + words["define"] == words["end"]
    # Helm would write "else" blocks twice here, with the same keys.
    assert words["else"] == words["with"] == 0


def test_every_value_exists_and_is_used():
    texts = [HELPERS, *TEMPLATES.values()]
    used = {path for text in texts for path in VALUE.findall(text)}
    for path in used:
        value_at(path)

    whole = tuple(f"{path}." for path in used)
    assert [
        each for each in leaves(VALUES) if each not in used and not each.startswith(whole)
    ] == []


def test_every_included_helper_is_defined_and_every_helper_is_included():
    texts = [HELPERS, *TEMPLATES.values()]

    assert {name for text in texts for name in INCLUDE.findall(text)} == set(helpers())


@pytest.mark.parametrize("pod", PODS.values(), ids=list(PODS))
def test_every_command_of_a_pod_exists(pod: Any):
    (container,) = pod["containers"]

    assert CliRunner().invoke(app, [*container["args"], "--help"]).exit_code == 0


def test_every_variable_of_chart_and_page_is_a_setting():
    of_helpers = set(re.findall(r'"((?:PAYGATE_)?[A-Z_]+)"', helpers()["paygate.env"]))
    of_page = set(re.findall(r"--from-literal=(\w+)=|^ +([A-Z_]+): ", PAGE, re.MULTILINE))
    named = (
        of_helpers | set(VALUES["settings"]) | {name for both in of_page for name in both if name}
    )

    assert {"PAYGATE_ENV", "HOST", "PORT", "PAYGATE_METRICS_PORT", "DATABASE_URL"} <= named
    assert named - setting_names() == set()


def test_the_pods_are_in_production_with_settings_of_an_existing_secret():
    assert '"PAYGATE_ENV" "production"' in helpers()["paygate.env"]
    assert "required" in helpers()["paygate.envFrom"]
    assert VALUES["existingSecret"] == VALUES["image"]["repository"] == ""
    assert not any(each["kind"] in {"Secret", "ConfigMap"} for each in ALL.values())
    for pod in PODS.values():
        assert pod["containers"][0]["envFrom"][0]["secretRef"]["name"]


@pytest.mark.parametrize("pod", PODS.values(), ids=list(PODS))
def test_a_pod_has_no_privileges_and_no_foreign_variables(pod: Any):
    security = pod["containers"][0]["securityContext"]

    assert pod["securityContext"]["runAsNonRoot"] is True
    assert security["allowPrivilegeEscalation"] is False
    assert security["readOnlyRootFilesystem"] is True
    assert security["capabilities"] == {"drop": ["ALL"]}
    assert pod["automountServiceAccountToken"] is False
    assert pod["enableServiceLinks"] is False
    assert pod["containers"][0]["resources"]["limits"]["memory"]


@pytest.mark.parametrize("name", ["api", "worker"])
def test_kubernetes_asks_the_probes_and_waits_for_work_in_progress(name: str):
    pod = PODS[f"Deployment/shop-{name}"]
    (container,) = pod["containers"]
    ports = {port["name"] for port in container["ports"]}
    asked = {
        kind: container[f"{kind}Probe"]["httpGet"] for kind in ("startup", "liveness", "readiness")
    }

    assert {kind: each["path"] for kind, each in asked.items()} == {
        "startup": "/livez",
        "liveness": "/livez",
        "readiness": "/readyz",
    }
    assert {each["port"] for each in asked.values()} == {"http" if name == "api" else "metrics"}
    assert {each["port"] for each in asked.values()} <= ports
    assert pod["terminationGracePeriodSeconds"] > DRAIN_S + 10
    assert ALL[f"PodDisruptionBudget/shop-{name}"]["spec"]["maxUnavailable"] == 1


def test_the_database_is_migrated_before_anything_is_replaced():
    job = ALL["Job/shop-migrate"]

    assert job["metadata"]["annotations"]["helm.sh/hook"] == "pre-install,pre-upgrade"
    assert PODS["Job/shop-migrate"]["containers"][0]["args"] == ["migrate"]
    assert PODS["Job/shop-migrate"]["restartPolicy"] == "Never"


def test_workers_are_scaled_by_an_exported_metric_that_the_adapter_serves():
    (metric,) = ALL["HorizontalPodAutoscaler/shop-worker"]["spec"]["metrics"]
    name = metric["external"]["metric"]["name"]
    (rule,) = next(
        yaml.safe_load(block)["rules"]["external"]
        for block in re.findall(r"```yaml\n(rules:.*?)```", PAGE, re.DOTALL)
    )

    assert metric["type"] == "External"
    assert (
        exported()[name]["queue"] == set(QUEUES) == set(VALUES["worker"]["autoscaling"]["queues"])
    )
    assert rule["name"]["as"] == name
    assert rule["metricsQuery"].startswith(f"max({name}")
