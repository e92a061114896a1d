"""A plugin in a folder, found by processes that have the folder on their path."""

from __future__ import annotations

from pathlib import Path


def install(folder: Path, name: str, source: str) -> Path:
    """Write the module and what an installer would leave beside it; the folder."""
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.py").write_text(source)
    declared = folder / f"{name}-1.0.dist-info"
    declared.mkdir()
    (declared / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (declared / "entry_points.txt").write_text(f"[paygate]\n{name} = {name}\n")
    return folder
