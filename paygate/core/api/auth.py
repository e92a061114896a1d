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
from ..errors import (
    AuthenticationError,
    ClientSecretError,
    CredentialsMissingError,
    ForbiddenError,
    ForeignPageError,
    SessionMissingError,
)
from ..payments.create import check_client_secret
from .audit_note import documentation_of_request
from .context import current_request, dialect_of_app
from .documented import Documented

COOKIE = "__Host-paygate"
CSRF_HEADER = "X-Csrf-Token"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
NO_BODY: Mapping[str, Any] = {}


async def caller_of_request(deps: Deps) -> Caller:
    """Return the caller of the request, if its role is sufficient for the route.

    It authenticates with ``X-Api-Key`` and ``X-Api-Secret``, or with the cookie of a
    session. In the profile open-demo, a caller without credentials is the test merchant.

    Raises:
        AuthenticationError: The credentials are missing or invalid.
        ForbiddenError: The role is too low, or the request comes from a foreign page.
    """
    caller = await _named(deps)
    g.caller = caller
    _check_role(caller, documentation_of_request())
    return caller


async def merchant_of_request(deps: Deps) -> Merchant:
    """Return the merchant of ``caller_of_request``."""
    return (await caller_of_request(deps)).merchant


async def session_of_request(deps: Deps) -> tuple[Session, str]:
    """Return the session of the cookie, and the cookie's token.

    Raises:
        AuthenticationError: There is no such session.
        ForbiddenError: The request comes from a foreign page.
    """
    found = await _session(deps)
    if found is None:
        raise SessionMissingError
    return found


async def identify_caller(deps: Deps) -> None:
    """Check the credentials on a public route, if there are any, and record the caller.

    Requests without credentials are allowed.

    Raises:
        ForbiddenError: The role is too low, or the request comes from a foreign page.
    """
    try:
        caller = await _named(deps)
    except AuthenticationError:
        return
    g.caller = caller
    _check_role(caller, documentation_of_request())


def check_origin(deps: Deps) -> None:
    """Refuse requests from scripts or forms of foreign pages.

    Raises:
        ForeignPageError: The request comes from one.
    """
    origin = request.headers.get("Origin")
    if origin is None or origin in deps.policy.origins:
        return
    # A proxy may use another scheme; the host name is the one that the browser sends.
    if _host_of(origin) != request.host.lower():
        raise ForeignPageError("This page may not use the session")


def _host_of(origin: str) -> str | None:
    """Return the host of an origin; None if it is not a URL."""
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return None


async def _named(deps: Deps) -> Caller:
    asked = current_request()
    key, secret = asked.headers.get("X-Api-Key", ""), asked.headers.get("X-Api-Secret", "")
    if key or secret:
        return await authenticate(api_key=key, api_secret=secret, ip=asked.remote_addr, deps=deps)
    found = await _session(deps)
    if found is not None:
        session, token = found
        return caller_of_session(session, secret_digest(token))
    merchant = await dialect_of_app().anonymous_merchant(deps)
    if merchant is None:
        raise CredentialsMissingError
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


def _check_role(caller: Caller, doc: Documented) -> None:
    if not caller.role.covers(doc.needs):
        raise ForbiddenError(f"This needs the role {doc.needs}; yours is {caller.role}")
    if doc.needs_operator and not caller.is_operator:
        raise ForbiddenError("This needs an operator")


async def check_browser(order_id: str, deps: Deps, body: Mapping[str, Any] = NO_BODY) -> None:
    """Check the order's ``client_secret`` in a header, in the query or in the body.

    Raises:
        AuthenticationError: It is wrong, or missing although it is required.
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
        raise ClientSecretError("Invalid client_secret")
    return given or None


async def operator_of_request(deps: Deps) -> Merchant:
    """Return the caller, which must be an operator.

    Raises:
        AuthenticationError: The credentials are missing or invalid.
        ForbiddenError: The caller is not an operator.
    """
    merchant = await merchant_of_request(deps)
    if not await is_operator(merchant, deps):
        raise ForbiddenError("This needs an operator of the installation")
    return merchant


async def is_operator(merchant: Merchant, deps: Deps) -> bool:  # noqa: ARG001 - the request knows who
    """Check whether the caller of the request is an operator."""
    caller: Caller = g.caller
    return caller.is_operator
