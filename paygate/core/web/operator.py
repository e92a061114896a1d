"""Who may see and change what belongs to everybody."""

from __future__ import annotations

from ..domain.merchant import Merchant
from ..services.deps import Deps


async def is_operator(merchant: Merchant, deps: Deps) -> bool:  # noqa: ARG001 - who they are decides where there are accounts
    """Whether the caller runs this installation: outside production everybody does."""
    return deps.test_merchant is not None
