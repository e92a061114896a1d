"""Clients that other people's generators make from the served document work."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from paygate.testing import PaygateServer

HERE = Path(__file__).parent / "generated"
PROGRAMS = Path(sys.prefix) / "generators" / "bin"
# What both shops print.
DONE = {
    "order": ["created", 50_000],
    "payment": ["success", "approve@sim", 50_000],
    "refund": [True, 20_000],
    "errors": [[400, "BAD_REQUEST_ERROR", "amount"], [404, "NOT_FOUND_ERROR", None]],
}


def run(*command: str | Path, folder: Path, **environ: str) -> str:
    ran = subprocess.run(
        [str(each) for each in command],
        cwd=folder,
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    # Neither generator may leave anything out.
    assert "warning" not in (ran.stdout + ran.stderr).lower()
    return ran.stdout


def settings(server: PaygateServer) -> dict[str, str]:
    return {
        "PAYGATE_URL": server.url,
        "PAYGATE_API_KEY": server.api_key,
        "PAYGATE_API_SECRET": server.api_secret,
    }


@pytest.fixture
def document(paygate_server: PaygateServer, tmp_path: Path) -> Path:
    file = tmp_path / "openapi.json"
    with urllib.request.urlopen(f"{paygate_server.url}/openapi.json") as response:
        file.write_bytes(response.read())
    return file


def test_openapi_python_client_makes_one(paygate_server: PaygateServer, document: Path):
    folder = document.parent
    config = folder / "config.yml"
    config.write_text("post_hooks: []\n")
    made = folder / "paygate_generated"
    options = ("--meta", "none", "--config", config, "--output-path", made, "--fail-on-warning")

    run(PROGRAMS / "openapi-python-client", "generate", "--path", document, *options, folder=folder)
    shop = shutil.copy(HERE / "shop.py", folder)
    printed = run(PROGRAMS / "python", shop, folder=folder, **settings(paygate_server))

    assert json.loads(printed) == DONE


def test_openapi_typescript_makes_types_for_one(paygate_server: PaygateServer, document: Path):
    folder = document.parent
    (folder / "node_modules").symlink_to(HERE / "node_modules")
    for name in ("shop.ts", "tsconfig.json", "package.json"):
        shutil.copy(HERE / name, folder)
    bin = HERE / "node_modules" / ".bin"
    # Fields with a default are optional in requests.
    options = ("--default-non-nullable=false", "--output", "schema.d.ts")

    run(bin / "openapi-typescript", document, *options, folder=folder)
    run(bin / "tsc", "--project", ".", folder=folder)
    printed = run("node", "shop.js", folder=folder, **settings(paygate_server))

    assert json.loads(printed) == DONE
