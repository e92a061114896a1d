"""Sign in and out."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import BeforeValidator, Field
from quart import Blueprint, Response, request
from typing_extensions import TypedDict

from ...accounts.authenticate import csrf_token
from ...accounts.model import Role, Session
from ...accounts.sessions import ChangePassword, LoggedIn, LogIn, change_password, log_in, log_out
from ...limits import SESSION_LASTS
from ..auth import COOKIE, check_origin, session_of_request
from ..bodies import body_of_request
from ..context import deps_of_app
from ..documented import EMAIL, MERCHANT_ID, PASSWORD, USER_ID, documented
from ..errors import json_response
from ..fields import Body, NewPassword, Password, Request, Text, checked, maybe_uuid
from ..shapes import At, Uuid, timestamp


class LoginRequest(Request):
    """Body of ``POST /session``."""

    email: Text = Field(min_length=1)
    password: Password
    merchant_id: Annotated[UUID | None, BeforeValidator(maybe_uuid)] = Field(
        None, description="the user's merchant; default: the one that the user joined first"
    )


class PasswordRequest(Request):
    """Body of ``PUT /session/password``."""

    current_password: Password
    new_password: NewPassword


class SessionUserJson(TypedDict):
    """The user of a session."""

    id: Uuid
    email: str
    role: Role


class SessionMerchantJson(TypedDict):
    """The merchant of a session."""

    id: Uuid
    name: str
    email: str


class SessionJson(TypedDict):
    """A session."""

    user: SessionUserJson
    merchant: SessionMerchantJson
    csrf_token: Annotated[str, Field(description="send it as X-Csrf-Token with every change")]
    expires_at: At
    is_operator: bool


def parse_login(body: Body, *, ip: str | None, replaces: str | None) -> LogIn:
    """Parse the body of ``POST /session``."""
    asked = checked(LoginRequest, body)
    return LogIn(asked.email, asked.password, ip, replaces, asked.merchant_id)


def parse_password(body: Body, session: Session, *, ip: str | None) -> ChangePassword:
    """Parse the body of ``PUT /session/password``."""
    asked = checked(PasswordRequest, body)
    return ChangePassword(session, asked.current_password, asked.new_password, ip)


def session_to_json(session: Session, csrf_token: str) -> SessionJson:
    """Return a session."""
    user, merchant = session.user, session.merchant
    return {
        "user": {"id": str(user.id), "email": user.email, "role": user.role},
        "merchant": {"id": str(merchant.id), "name": merchant.name, "email": merchant.email},
        "csrf_token": csrf_token,
        "expires_at": timestamp(session.expires_at),
        "is_operator": user.is_operator,
    }


LOGIN_EXAMPLE = {"email": EMAIL, "password": PASSWORD}
NEW_PASSWORD_EXAMPLE = {"current_password": PASSWORD, "new_password": "a longer sentence is better"}
SESSION_EXAMPLE: SessionJson = {
    "user": {"id": USER_ID, "email": EMAIL, "role": Role.OWNER},
    "merchant": {"id": MERCHANT_ID, "name": "Test Merchant", "email": "test@example.com"},
    "csrf_token": "5d41402abc4b2a76b9719d911017c592ae4b8f27c6d0e193b1f3a0c7d2e6f581",
    "expires_at": "2026-01-15T22:30:00.000Z",
    "is_operator": False,
}
ABOUT_LOGIN = (
    "Sets the cookie `__Host-paygate`. A session ends after twelve hours, after two hours without "
    "a request, and when the password changes. Ten wrong passwords for one account "
    "from one address within 15 minutes lock it for 30 minutes, with the same "
    "answer."
)


routes = Blueprint("session", __name__)


def opened(logged_in: LoggedIn) -> Response:
    token = logged_in.token
    shown = session_to_json(logged_in.session, csrf_token(token))
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
    SessionJson,
    SESSION_EXAMPLE,
    access="anyone",
    body=LoginRequest,
    body_examples={"example": LOGIN_EXAMPLE},
    about=ABOUT_LOGIN,
    rate="sign-ins",
    refuses=frozenset({401, 403}),
)
async def create() -> Response:
    deps = deps_of_app()
    check_origin(deps)
    asked = parse_login(
        await body_of_request(),
        ip=request.remote_addr,
        replaces=request.cookies.get(COOKIE),
    )
    return opened(await log_in(asked, deps))


@routes.get("/session")
@documented("Show the session", SessionJson, SESSION_EXAMPLE, access="session")
async def show() -> Response:
    deps = deps_of_app()
    session, token = await session_of_request(deps)
    return json_response(session_to_json(session, csrf_token(token)))


@routes.delete("/session")
@documented("Sign out", None, None, status=204, access="session")
async def end() -> Response:
    deps = deps_of_app()
    session, token = await session_of_request(deps)
    await log_out(session, token, deps, ip=request.remote_addr)
    response = Response(status=204)
    response.delete_cookie(COOKIE, secure=True, httponly=True, samesite="Lax")
    return response


@routes.put("/session/password")
@documented(
    "Change the password",
    SessionJson,
    SESSION_EXAMPLE,
    access="session",
    body=PasswordRequest,
    body_examples={"example": NEW_PASSWORD_EXAMPLE},
    about="All other sessions of the user end; this one continues with another cookie.",
    rate="sign-ins",
)
async def password() -> Response:
    deps = deps_of_app()
    session, _ = await session_of_request(deps)
    asked = parse_password(await body_of_request(), session, ip=request.remote_addr)
    return opened(await change_password(asked, deps))
