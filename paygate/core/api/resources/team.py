"""Users of a merchant."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from quart import Blueprint, Response
from typing_extensions import TypedDict

from ...accounts.model import Caller, Role, User
from ...accounts.team import AddUser, ChangeUser, add_user, change_user, reset_password
from ...deps import Deps
from ..auth import caller_of_request
from ..bodies import body_of_request
from ..context import deps_of_app
from ..documented import EMAIL, MADE_AT, MERCHANT_ID, PASSWORD, USER_ID, Audited, documented
from ..errors import json_response
from ..fields import Body, Email, Request, checked, parse_uuid
from ..idempotency import changed
from ..shapes import At, RoleName, Uuid, maybe_timestamp, timestamp


class UserRequest(Request):
    """``POST /team``."""

    email: Email
    role: RoleName


class UserChangeRequest(Request):
    """``PATCH /team/{id}``. What is left out stays as it is."""

    role: RoleName | None = None
    is_active: bool | None = None


class UserJson(TypedDict):
    """Somebody of the team."""

    id: Uuid
    email: str
    role: RoleName
    is_active: bool
    created_at: At
    last_login_at: At | None


class UserAddedJson(UserJson):
    """Somebody new, and their password, which is shown this once."""

    password: str
    merchant_id: Annotated[Uuid, Field(description="to sign in with, by who works for several")]


class PasswordResetJson(TypedDict):
    """A password that was made for somebody, shown this once."""

    id: Uuid
    email: str
    password: str


class TeamJson(TypedDict):
    """Who may sign in."""

    data: list[UserJson]


def parse_user(body: Body, caller: Caller, *, password: str) -> AddUser:
    """``POST /team``."""
    asked = checked(UserRequest, body)
    return AddUser(caller.merchant.id, asked.email, Role(asked.role), password)


def parse_user_change(body: Body, user_id: str, caller: Caller) -> ChangeUser:
    """``PATCH /team/{id}``."""
    asked = checked(UserChangeRequest, body)
    role = None if asked.role is None else Role(asked.role)
    return ChangeUser(caller, parse_uuid(user_id, "User"), role, asked.is_active)


def user_to_json(user: User) -> UserJson:
    """Somebody of the team."""
    return {
        "id": str(user.id),
        "email": user.email,
        "role": user.role.value,
        "is_active": user.is_active,
        "created_at": timestamp(user.created_at),
        "last_login_at": maybe_timestamp(user.last_login_at),
    }


def user_added_to_json(added: User, password: str) -> UserAddedJson:
    """Somebody new."""
    return {**user_to_json(added), "password": password, "merchant_id": str(added.merchant_id)}


def password_reset_to_json(user: User, password: str) -> PasswordResetJson:
    """Somebody with another password."""
    return {"id": str(user.id), "email": user.email, "password": password}


USER_EXAMPLE: UserJson = {
    "id": USER_ID,
    "email": EMAIL,
    "role": "support",
    "is_active": True,
    "created_at": MADE_AT,
    "last_login_at": None,
}
USER_REQUEST_EXAMPLE = {"email": EMAIL, "role": "support"}
USER_ADDED_EXAMPLE: UserAddedJson = {
    **USER_EXAMPLE,
    "password": PASSWORD,
    "merchant_id": MERCHANT_ID,
}
PASSWORD_RESET_EXAMPLE: PasswordResetJson = {"id": USER_ID, "email": EMAIL, "password": PASSWORD}
TEAM_EXAMPLE: TeamJson = {"data": [USER_EXAMPLE]}
SHOWN_ONCE = "The password is shown this once and replayed by no Idempotency-Key."


routes = Blueprint("team", __name__)


@routes.get("/team")
@documented("List who may sign in", TeamJson, TEAM_EXAMPLE)
async def index() -> Response:
    deps = deps_of_app()
    caller = await caller_of_request(deps)
    users = await deps.storage.users.of_merchant(caller.merchant.id)
    return json_response({"data": [user_to_json(user) for user in users]})


@routes.post("/team")
@documented(
    "Let somebody in",
    UserAddedJson,
    USER_ADDED_EXAMPLE,
    status=201,
    needs=Role.OWNER,
    audit=Audited("user.create", shows=("email", "role")),
    body=UserRequest,
    body_examples={"example": USER_REQUEST_EXAMPLE},
    about=SHOWN_ONCE,
)
async def create() -> Response:
    deps = deps_of_app()
    caller = await caller_of_request(deps)
    command = parse_user(await body_of_request(), caller, password=deps.ids.token())
    # Before anyone is locked: it takes long on purpose.
    hashed = await deps.passwords.hash(command.password)

    async def do(bound: Deps) -> tuple[object, int]:
        user = await add_user(command, bound, hashed=hashed)
        return user_added_to_json(user, command.password), 201

    return await changed(deps, do)


@routes.patch("/team/<user_id>")
@documented(
    "Change what somebody may do",
    UserJson,
    USER_EXAMPLE,
    needs=Role.OWNER,
    audit=Audited("user.update", shows=("role", "is_active")),
    body=UserChangeRequest,
    body_examples={"role": {"role": "developer"}, "off": {"is_active": False}},
    about="It counts from the next request on. The last active owner stays one.",
)
async def update(user_id: str) -> Response:
    deps = deps_of_app()
    caller = await caller_of_request(deps)
    body = await body_of_request()

    async def do(bound: Deps) -> tuple[object, int]:
        command = parse_user_change(body, user_id, caller)
        return user_to_json(await change_user(command, bound)), 200

    return await changed(deps, do)


@routes.post("/team/<user_id>/password")
@documented(
    "Make a new password for somebody",
    PasswordResetJson,
    PASSWORD_RESET_EXAMPLE,
    needs=Role.OWNER,
    audit=Audited("user.reset_password"),
    about=f"All sessions of the user end. {SHOWN_ONCE}",
)
async def password(user_id: str) -> Response:
    deps = deps_of_app()
    caller = await caller_of_request(deps)
    named = parse_uuid(user_id, "User")
    made = deps.ids.token()
    # Before the row is locked: it takes long on purpose.
    hashed = await deps.passwords.hash(made)

    async def do(bound: Deps) -> tuple[object, int]:
        user = await reset_password(caller, named, hashed, bound)
        return password_reset_to_json(user, made), 200

    return await changed(deps, do)
