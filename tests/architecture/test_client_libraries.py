"""The generated parts of the client libraries are those of the API and of the table."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from sdk.generator.__main__ import generated
from sdk.generator.document import ROOT


@pytest.fixture(scope="module")
def files() -> Mapping[Path, str]:
    return generated()


def test_generated_files_are_up_to_date(files: Mapping[Path, str]):
    stale = [
        path.relative_to(ROOT).as_posix()
        for path, code in files.items()
        if path.read_text(encoding="utf-8") != code
    ]

    assert stale == [], "run make clients"
