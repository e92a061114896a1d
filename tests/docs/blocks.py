"""The blocks of code that the documentation shows."""

from __future__ import annotations

import re
from pathlib import Path
from types import ModuleType

from paygate.plugins.host import Found

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"```(\w+)\n(.*?)```", re.DOTALL)


def blocks_of(name: str, language: str = "python") -> list[str]:
    """Return a page's blocks of one language, in order."""
    page = (ROOT / "docs" / name).read_text()
    return [code for found, code in BLOCK.findall(page) if found == language]


def plugin_of(name: str, blocks: list[str], *, add: str = "") -> Found:
    """Return a plugin whose module is these blocks, one after the other."""
    module = ModuleType(f"documented_{name}")
    exec(compile("\n".join([*blocks, add]), name, "exec"), vars(module))
    return Found(name, module, "0.1.0")
