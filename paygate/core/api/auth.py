"""Authenticate requests and check their origin."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from quart import g, request

from ..accounts.authenticate import (
    authenticate,
    caller_of_session,
    find_session,
    is_csrf_token,
    secret_digest,
)
from ..accounts.model import Caller, Merchant, Role, Session
from ..accounts.refusals import Refusal
from ..deps import Deps
from ..errors import AuthenticationError, ForbiddenError, ForeignPageError
from ..payments.create import check_client_secret
from .audit_note import stated
from .context import dialect_of_app
from .documented import Documented

COOKIE = "__Host-paygate"
CSRF_HEADER = "X-Csrf-Token"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
NO_BODY: Mapping[str, Any] = {}


async def caller_of_request(deps: Deps) -> Caller:
    """Who asks, if they may do what the route says that it needs.

    They name themselves by ``X-Api-Key`` and ``X-Api-Secret``, or by the cookie of a
    session. Whoever names nobody is the test merchant, where the profile says so.

    Raises:
        AuthenticationError: They name nobody.
        ForbiddenError: Their role is too low, or it is not their own page that asks.
    """
    caller = await _named(deps)
    g.caller = caller
    _check_role(caller, stated())
    return caller


async def merchant_of_request(deps: Deps) -> Merchant:
    """The merchant of ``caller_of_request``."""
    return (await caller_of_request(deps)).merchant


async def session_of_request(deps: Deps) -> tuple[Session, str]:
    """The session that the cookie opens, and the cookie's token.

    Raises:
        AuthenticationError: It opens none.
        ForbiddenError: It is not their own page that asks.
    """
    found = await _session(deps)
    if found is None:
        raise AuthenticationError("There is no session")
    return found


async def identify_caller(deps: Deps) -> None:
    """On a route that is anyone's: whoever names themselves is held to their role.

    And written down. Whoever names nobody may, where such routes are served.

    Raises:
        ForbiddenError: Their role is too low, or it is not their own page that asks.
    """
    try:
        caller = await _named(deps)
    except AuthenticationError:
        return
    g.caller = caller
    _check_role(caller, stated())


def check_origin(deps: Deps) -> None:
    """Refuse what a foreign page's script or form asks for.

    Raises:
        ForbiddenError: It does.
    """
    origin = request.headers.get("Origin")
    if origin is None or origin in deps.policy.origins:
        return
    # Behind a proxy the scheme may be another one than we see; the name is the browser's.
    if _host_of(origin) != request.host.lower():
        raise ForeignPageError("This page may not use the session")


def _host_of(origin: str) -> str | None:
    """None for what is no URL: no page of ours is there."""
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return None


async def _named(deps: Deps) -> Caller:
    key, secret = (request.headers.get(f"X-Api-{name}", "") for name in ("Key", "Secret"))
    if key or secret:
        return await authenticate(api_key=key, api_secret=secret, ip=request.remote_addr, deps=deps)
    found = await _session(deps)
    if found is not None:
        session, token = found
        return caller_of_session(session, secret_digest(token))
    merchant = await dialect_of_app().anonymous_merchant(deps)
    if merchant is None:
        raise AuthenticationError
    return Caller(merchant, Role.OWNER, "anybody", str(merchant.id), "anybody")


async def _session(deps: Deps) -> tuple[Session, str] | None:
    token = request.cookies.get(COOKIE, "")
    session = await find_session(token, deps) if token else None
    if session is None:
        return None
    if request.method not in SAFE_METHODS:
        g.claimed = caller_of_session(session, secret_digest(token))
        check_origin(deps)
        if not is_csrf_token(request.headers.get(CSRF_HEADER, ""), token, deps):
            raise ForeignPageError(f"{CSRF_HEADER} is missing or wrong")
    return session, token


def _check_role(caller: Caller, said: Documented) -> None:
    if not caller.role.covers(said.needs):
        raise ForbiddenError(f"This needs the role {said.needs}; yours is {caller.role}")
    if said.needs_operator and not caller.is_operator:
        raise ForbiddenError("This needs an operator")


async def check_browser(order_id: str, deps: Deps, body: Mapping[str, Any] = NO_BODY) -> None:
    """Check the order's ``client_secret``: a header, in the query or in the body.

    Raises:
        AuthenticationError: It is wrong, or missing where it is required.
    """
    given = (
        request.headers.get("X-Client-Secret")
        or request.args.get("client_secret")
        or body.get("client_secret")
    )
    try:
        await check_client_secret(order_id, _text(given), deps)
    except AuthenticationError as error:
        deps.refusals.count(Refusal("client_secret.refused", str(error), request.remote_addr))
        raise


def _text(given: object) -> str | None:
    if given is not None and not isinstance(given, str):
        raise AuthenticationError("Invalid client_secret")
    return given or None


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
