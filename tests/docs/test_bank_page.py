"""The page about the bank names all that the bank answers."""

from __future__ import annotations

import re
from pathlib import Path

from paygate.bank.api import PATHS
from paygate.bank.operation import BankSettings
from paygate.bank.wire import RESPONSE_CODES, ChargeBody, FollowUpBody

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "reference" / "bank.md").read_text()
CODE = re.compile(r'BankError\(\s*\d+, "(\w+)"')


def row(path: str) -> set[str]:
    """Return the fields that the page lists for a route."""
    [line] = [line for line in PAGE.splitlines() if line.startswith(f"| `POST /{path}`")]
    return set(re.findall(r"`(\w+)`", line.partition(" | ")[2]))


def test_every_route_is_listed_with_its_fields():
    for path, (_, model) in PATHS.items():
        captures = {"final"} if path == "captures" else set()
        fields = set(ChargeBody.model_fields) | {"number", "vpa"}
        if model is FollowUpBody:
            fields = set(FollowUpBody.model_fields) - {"final"} | captures
        assert row(path) == fields, path


def test_every_response_code_error_and_setting_is_listed():
    source = "".join(path.read_text() for path in (ROOT / "paygate" / "bank").glob("*.py"))
    codes = (
        set(CODE.findall(source)) | set(RESPONSE_CODES.values()) | set(BankSettings.model_fields)
    )

    assert {code for code in codes if f"`{code}`" not in PAGE} == set()
