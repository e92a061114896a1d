"""The built pages contain the licenses of the packages that are bundled into them."""

from __future__ import annotations

import json
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
STATIC = ROOT / "paygate/core/api/static"
FONT = "@fontsource-variable/inter"
# A name, a version, and the license in brackets.
HEADING = re.compile(r"^## (\S+) - (\S+) \((.+)\)$", re.MULTILINE)
PERMISSIVE = {"MIT", "ISC", "0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause"}


def listed() -> dict[str, tuple[str, str]]:
    """Return the version and the license of each package, as the build wrote them."""
    text = (STATIC / "dashboard/licenses.md").read_text()
    return {name: (version, license) for name, version, license in HEADING.findall(text)}


def test_versions_are_those_of_the_lock_file():
    locked = json.loads((ROOT / "dashboard/package-lock.json").read_text())["packages"]
    versions = {name: locked[f"node_modules/{name}"]["version"] for name in listed()}

    assert {name: version for name, (version, _) in listed().items()} == versions
    assert {"react", "react-dom", "react-router", "@tanstack/react-query"} <= versions.keys()


def test_bundled_licenses_are_permissive_and_the_font_is_listed():
    licenses = {name: license for name, (_, license) in listed().items()}
    fonts = list((STATIC / "dashboard/assets").glob("inter-*.woff2"))

    assert fonts
    assert licenses.pop(FONT) == "OFL-1.1"
    assert set(licenses.values()) <= PERMISSIVE


def test_the_api_reference_has_the_notices_of_its_viewer():
    notices = (STATIC / "reference/redoc.js.LICENSE.txt").read_text()

    assert "ReDoc" in notices
    assert "DOMPurify" in notices


def test_nothing_is_bundled_into_the_checkout():
    assert "dependencies" not in json.loads((ROOT / "sdk/js/package.json").read_text())
