"""The generated parts of the client libraries are those of the API and of the table."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from sdk.generator.__main__ import NODE, generated
from sdk.generator.document import ROOT

INTERFACE = re.compile(r"^export interface .*?^}", re.MULTILINE | re.DOTALL)


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


def test_the_compiled_node_library_has_the_same_types():
    """Comparing them needs no TypeScript. `make pages` compares everything."""
    source = (NODE / "generated.ts").read_text(encoding="utf-8")
    compiled = (NODE.parent / "dist" / "generated.d.ts").read_text(encoding="utf-8")
    declared = [" ".join(each.split()) for each in INTERFACE.findall(source)]
    flat = " ".join(compiled.split())

    assert len(declared) > 20
    assert [each for each in declared if each not in flat] == [], "run make clients"
