"""Whose request is it?"""

from __future__ import annotations

from quart import request

from ..domain.merchant import Merchant
from ..services.authenticate import authenticate
from ..services.deps import Deps


async def merchant_of_request(deps: Deps) -> Merchant:
    """The merchant named by ``X-Api-Key`` and ``X-Api-Secret``.

    Raises:
        AuthenticationError: They name nobody.
    """
    return await authenticate(
        api_key=request.headers.get("X-Api-Key", ""),
        api_secret=request.headers.get("X-Api-Secret", ""),
        deps=deps,
    )
