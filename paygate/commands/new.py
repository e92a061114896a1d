"""``paygate new``: a plugin's package, and what to do with it."""

from __future__ import annotations

from ..scaffold import NewPlugin, write_package


def new(plugin: NewPlugin) -> str:
    """Write the package; what to tell its author.

    Raises:
        OperatorError: It could not be written.
    """
    root = write_package(plugin)
    return "\n".join(
        (
            f"wrote {root}",
            "",
            "next:",
            f"  cd {root}",
            "  pip install --editable '.[dev]'",
            "  pytest",
            f"  paygate plugin check {plugin.name}",
        )
    )
