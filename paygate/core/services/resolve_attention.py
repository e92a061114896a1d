"""An operator has looked at money that our books and a processor's see differently."""

from __future__ import annotations

import re

from ..domain.account import Caller
from ..domain.errors import NotFoundError
from ..domain.redaction import redact
from ..ports.attention import Attention, Resolution
from .audit import actor_of
from .deps import Deps

_ITEM_ID = re.compile(r"(callback|answer|payment)-[A-Za-z0-9_]{1,64}", re.ASCII)


async def resolve_attention(item_id: str, note: str, caller: Caller, deps: Deps) -> Attention:
    """Take an item off the list of what needs attention; its history keeps it.

    Args:
        item_id: Which.
        note: What the operator found and did.
        caller: The operator.
        deps: The app.

    Raises:
        NotFoundError: No such item is open.
    """
    if not _ITEM_ID.fullmatch(item_id):
        raise NotFoundError("Open item")
    by = actor_of(caller).label
    resolution = Resolution(item_id, deps.clock.now(), by, redact(note))
    resolved = await deps.storage.attention.resolve(resolution)
    if resolved is None:
        raise NotFoundError("Open item")
    return resolved
