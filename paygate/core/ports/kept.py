"""The value that says that something stays as it is."""

from __future__ import annotations

from enum import Enum


class Kept(Enum):
    """Says that something stays as it is, where None says something else."""

    KEEP = "keep"


KEEP = Kept.KEEP
