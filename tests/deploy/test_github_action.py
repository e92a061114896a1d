"""The action for CI jobs: its steps are run here as a runner runs them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from urllib.request import Request, urlopen

import yaml

ROOT = Path(__file__).parents[2]
ACTION = ROOT / "deploy" / "github-action" / "action.yml"
DECLARED = yaml.safe_load(ACTION.read_text())
INSTALL, START = DECLARED["runs"]["steps"]


def run(script: str, temp: Path) -> subprocess.CompletedProcess[str]:
    """Run a step as runners do."""
    environ = {
        "PATH": os.environ["PATH"],
        "RUNNER_TEMP": str(temp),
        "GITHUB_ACTION_PATH": str(ACTION.parent),
        "GITHUB_OUTPUT": str(temp / "output"),
    }
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
        env=environ,
        cwd=temp,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_job_gets_a_gateway_and_its_keys(tmp_path: Path):
    (tmp_path / "paygate").symlink_to(sys.prefix)
    ran = run(START["run"], tmp_path)
    assert ran.returncode == 0, ran.stdout
    lines = (tmp_path / "output").read_text().splitlines()
    outputs = dict(line.partition("=")[::2] for line in lines)
    keys = {"X-Api-Key": outputs["api_key"], "X-Api-Secret": outputs["api_secret"]}
    try:
        order = json.load(
            urlopen(Request(f"{outputs['api_url']}/orders", b'{"amount": 500}', keys), timeout=30)
        )
    finally:
        os.kill(int(outputs["pid"]), signal.SIGTERM)

    assert order["status"] == "created"
    for name, output in DECLARED["outputs"].items():
        assert outputs[name], name
        assert output["value"] == f"${{{{ steps.{START['id']}.outputs.{name} }}}}"


def test_a_gateway_that_does_not_start_fails_the_step_with_its_words(tmp_path: Path):
    program = tmp_path / "paygate" / "bin" / "paygate"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\necho 'paygate: no room' >&2\nexit 2\n")
    program.chmod(0o755)

    ran = run(START["run"], tmp_path)

    assert ran.returncode == 1
    assert ran.stdout == "paygate has not started:\npaygate: no room\n"


def test_it_installs_folders_of_this_repository():
    """Installing takes minutes. Its commands are those of the README, with these folders."""
    named = [word.strip('"').removesuffix("[embedded]") for word in INSTALL["run"].split()]
    folders = [word for word in named if word.startswith("$root")]

    assert len(folders) == 5
    for folder in folders:
        assert (ROOT / folder.removeprefix("$root").lstrip("/")).exists(), folder
    assert set(INSTALL["env"]) == {"PYTHON", "PLUGINS"}
