"""The project's own source files, parsed."""

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
STDLIB = sys.stdlib_module_names


@dataclass(frozen=True)
class Source:
    """A file, its text, and what Python makes of it."""

    path: Path
    text: str
    tree: ast.Module

    @property
    def name(self):
        """Where it is, as people say it: ``paygate/core/money.py``."""
        return self.path.relative_to(ROOT).as_posix()

    def imports(self) -> Iterator[tuple[int, str]]:
        """Return line and module of every absolute import, also of those inside functions."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from ((node.lineno, alias.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                yield node.lineno, node.module

    def third_parties(self) -> Iterator[tuple[int, str]]:
        """Return line and library of every import of a library."""
        for line, module in self.imports():
            library = module.partition(".")[0]
            if library not in STDLIB and library != "paygate":
                yield line, library


@lru_cache
def sources(folder: str) -> tuple[Source, ...]:
    """Return every Python file under a folder, tests aside."""
    found = sorted(path for path in (ROOT / folder).rglob("*.py") if "tests" not in path.parts)
    assert found, f"there is nothing in {folder}"
    texts = [path.read_text() for path in found]
    return tuple(
        Source(path, text, ast.parse(text)) for path, text in zip(found, texts, strict=True)
    )


def host():
    """Return the files of the distribution ``paygate``."""
    return sources("paygate")


def plugins():
    """Return the files of all plugins, the example included."""
    return sources("plugins") + sources("examples/plugins")


def everything():
    """Return all that is installed on a merchant's machine."""
    return host() + sources("plugins")
