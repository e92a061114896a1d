"""Names of parametrised tests: the same in every process, or pytest-xdist runs none of them."""

from __future__ import annotations

NAME_CHARS_MAX = 40


def named(value: object) -> str:
    """Return the value's representation without memory addresses."""
    shown = repr(value)
    if " at 0x" in shown:
        return getattr(value, "__name__", type(value).__name__)
    return shown[:NAME_CHARS_MAX]
