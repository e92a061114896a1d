"""Who may see and change what belongs to everybody."""

from __future__ import annotations

from quart import g

from ..accounts.model import Caller, Merchant
from ..deps import Deps
from ..errors import ForbiddenError
from .auth import merchant_of_request


async def operator_of_request(deps: Deps) -> Merchant:
    """The caller, who runs this installation.

    Raises:
        AuthenticationError: They name nobody.
        ForbiddenError: They do not.
    """
    merchant = await merchant_of_request(deps)
    if not await is_operator(merchant, deps):
        raise ForbiddenError("This needs an operator of the installation")
    return merchant


async def is_operator(merchant: Merchant, deps: Deps) -> bool:  # noqa: ARG001 - the request knows who
    """Whether whoever was authenticated for this request runs this installation."""
    caller: Caller = g.caller
    return caller.is_operator
