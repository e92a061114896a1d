"""What can be known of the container files without a container engine."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from paygate.adapters.vault.fernet import FernetVault
from paygate.cli import app
from tests.docs.test_env_example import example

ROOT = Path(__file__).parents[2]
NAMES = {
    "postgres": "pg_gateway",
    "redis": "redis_gateway",
    "api": "gateway_api",
    "worker": "gateway_worker",
    "dashboard": "gateway_dashboard",
    "checkout": "gateway_checkout",
}


@pytest.fixture(scope="module")
def compose() -> Any:
    return yaml.safe_load((ROOT / "docker-compose.yml").read_text())


def test_the_services_have_their_known_names_and_ports(compose: Any):
    services = compose["services"]

    assert {name: services[name]["container_name"] for name in NAMES} == NAMES
    assert services["api"]["ports"] == ["8000:8000"]
    assert services["postgres"]["ports"] == ["5432:5432"]
    assert services["redis"]["ports"] == ["6379:6379"]
    assert services["dashboard"]["ports"] == ["3000:3000"]
    assert services["checkout"]["ports"] == ["3001:3001"]


def test_they_start_in_order(compose: Any):
    services = compose["services"]

    assert services["migrate"]["depends_on"]["postgres"]["condition"] == "service_healthy"
    for name in ("api", "worker"):
        waits = services[name]["depends_on"]
        assert waits["migrate"]["condition"] == "service_completed_successfully"
        assert waits["redis"]["condition"] == "service_healthy"
    for name in ("worker", "dashboard", "checkout"):
        assert services[name]["depends_on"]["api"]["condition"] == "service_healthy"
    for name in NAMES:
        assert "test" in services[name]["healthcheck"]


def test_every_variable_is_a_setting(compose: Any):
    for name in ("migrate", "api", "worker", "dashboard", "checkout"):
        assert set(compose["services"][name]["environment"]) <= set(example())


def test_every_command_is_a_verb(compose: Any):
    for name in ("migrate", "api", "worker", "dashboard", "checkout"):
        words = compose["services"][name]["command"]
        assert CliRunner().invoke(app, [*words, "--help"]).exit_code == 0


def test_the_demonstration_key_is_a_key(compose: Any):
    default = compose["services"]["api"]["environment"]["PAYGATE_VAULT_KEY"]
    key = re.fullmatch(r"\$\{PAYGATE_VAULT_KEY:-(.+)\}", default)

    assert key is not None
    FernetVault([key[1]])


def test_the_image_copies_what_there_is():
    copied = re.findall(r"^COPY (.+) \S+$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)

    missing = [name for line in copied for name in line.split() if not (ROOT / name).exists()]
    assert missing == []
