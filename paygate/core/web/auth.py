"""Whose request is it?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from quart import request

from ..domain.errors import AuthenticationError
from ..domain.merchant import Merchant
from ..services.authenticate import authenticate
from ..services.client_secret import check_client_secret
from ..services.deps import Deps
from .routes import dialects

NO_BODY: Mapping[str, Any] = {}


async def merchant_of_request(deps: Deps) -> Merchant:
    """The merchant named by ``X-Api-Key`` and ``X-Api-Secret``.

    Whoever names nobody is the test merchant, where the profile says so.

    Raises:
        AuthenticationError: They name nobody.
    """
    key, secret = (request.headers.get(f"X-Api-{name}", "") for name in ("Key", "Secret"))
    if not key and not secret and deps.profile == "open-demo":
        return await dialects.anybody(deps)
    return await authenticate(api_key=key, api_secret=secret, deps=deps)


def check_browser(order_id: str, deps: Deps, body: Mapping[str, Any] = NO_BODY) -> None:
    """Check the order's ``client_secret``: a header, in the query or in the body.

    Raises:
        AuthenticationError: It is wrong, or missing where it is required.
    """
    given = (
        request.headers.get("X-Client-Secret")
        or request.args.get("client_secret")
        or body.get("client_secret")
    )
    if given is not None and not isinstance(given, str):
        raise AuthenticationError("Invalid client_secret")
    check_client_secret(order_id, given or None, deps)
