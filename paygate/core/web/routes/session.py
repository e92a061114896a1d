"""People sign in and out."""

from __future__ import annotations

from quart import Blueprint, Response, request

from ...accounts.authenticate import csrf_token
from ...accounts.sessions import LoggedIn, change_password, log_in, log_out
from ...deps import Deps
from ...limits import SESSION_LASTS
from .. import parse
from ..auth import COOKIE, check_origin, session_of_request
from ..body import body_of_request
from ..errors import json_response
from ..openapi import account_examples as examples
from ..openapi import documented
from ..present import accounts as present
from ..wire import accounts as wire

ABOUT_LOGIN = (
    "Sets the cookie `__Host-paygate`. A session ends after twelve hours, after two without a "
    "request, and with the password it was begun with. Ten wrong passwords for one account "
    "from one address within a quarter of an hour refuse it for half an hour, with the same "
    "answer."
)


def blueprint(deps: Deps) -> Blueprint:
    """``/session``."""
    routes = Blueprint("session", __name__)

    def opened(logged_in: LoggedIn) -> Response:
        token = logged_in.token
        shown = present.session(logged_in.session, csrf_token(token))
        response = json_response(shown)
        response.set_cookie(
            COOKIE,
            token,
            max_age=SESSION_LASTS,
            secure=True,
            httponly=True,
            samesite="Lax",
        )
        return response

    @routes.post("/session")
    @documented(
        "Sign in",
        wire.Session,
        examples.SESSION,
        access="anyone",
        body=wire.LoginRequest,
        body_examples={"example": examples.LOGIN},
        about=ABOUT_LOGIN,
        refuses=frozenset({401, 403}),
    )
    async def create() -> Response:
        check_origin(deps)
        asked = parse.login(
            await body_of_request(),
            ip=request.remote_addr,
            replaces=request.cookies.get(COOKIE),
        )
        return opened(await log_in(asked, deps))

    @routes.get("/session")
    @documented("Show who has signed in", wire.Session, examples.SESSION, access="session")
    async def show() -> Response:
        session, token = await session_of_request(deps)
        return json_response(present.session(session, csrf_token(token)))

    @routes.delete("/session")
    @documented("Sign out", None, None, status=204, access="session")
    async def end() -> Response:
        session, token = await session_of_request(deps)
        await log_out(session, token, deps, ip=request.remote_addr)
        response = Response(status=204)
        response.delete_cookie(COOKIE, secure=True, httponly=True, samesite="Lax")
        return response

    @routes.put("/session/password")
    @documented(
        "Change one's password",
        wire.Session,
        examples.SESSION,
        access="session",
        body=wire.PasswordRequest,
        body_examples={"example": examples.NEW_PASSWORD},
        about="All other sessions of the user end; this one goes on with another cookie.",
    )
    async def password() -> Response:
        session, _ = await session_of_request(deps)
        asked = parse.password(await body_of_request(), session, ip=request.remote_addr)
        return opened(await change_password(asked, deps))

    return routes
