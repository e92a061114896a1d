"""How much somebody may do."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Role(StrEnum):
    """What somebody may do; each role may do all that those before it may."""

    READ_ONLY = "read_only"
    SUPPORT = "support"
    DEVELOPER = "developer"
    OWNER = "owner"

    def covers(self, needed: Role) -> bool:
        """Whether this role may do what the other may."""
        return _RANKS[self] >= _RANKS[needed]


_RANKS: Mapping[Role, int] = {role: rank for rank, role in enumerate(Role)}
