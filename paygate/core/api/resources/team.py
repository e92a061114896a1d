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
from ..fields import Body, Email, Request, RoleName, checked, parse_uuid
from ..idempotency import changed
from ..shapes import At, Uuid, maybe_timestamp, timestamp


class UserRequest(Request):
    """Body of ``POST /team``."""

    email: Email
    role: RoleName


class UserChangeRequest(Request):
    """Body of ``PATCH /team/{id}``. Missing fields stay unchanged."""

    role: RoleName | None = None
    is_active: bool | None = None


class UserJson(TypedDict):
    """A user of the merchant."""

    id: Uuid
    email: str
    role: Role
    is_active: bool
    created_at: At
    last_login_at: At | None


class UserAddedJson(UserJson):
    """A new user with the password, which is shown only once."""

    password: str
    merchant_id: Annotated[
        Uuid, Field(description="needed to sign in by users of several merchants")
    ]


class PasswordResetJson(TypedDict):
    """A new password of a user, shown only once."""

    id: Uuid
    email: str
    password: str


class TeamJson(TypedDict):
    """The users of the merchant."""

    data: list[UserJson]


def parse_user(body: Body, caller: Caller, *, password: str) -> AddUser:
    """Parse the body of ``POST /team``."""
    asked = checked(UserRequest, body)
    return AddUser(caller.merchant.id, asked.email, asked.role, password)


def parse_user_change(body: Body, user_id: str, caller: Caller) -> ChangeUser:
    """Parse the body of ``PATCH /team/{id}``."""
    asked = checked(UserChangeRequest, body)
    return ChangeUser(caller, parse_uuid(user_id, "User"), asked.role, asked.is_active)


def user_to_json(user: User) -> UserJson:
    """Return a user."""
    return {
        "id": str(user.id),
        "email": user.email,
        "role": user.role,
        "is_active": user.is_active,
        "created_at": timestamp(user.created_at),
        "last_login_at": maybe_timestamp(user.last_login_at),
    }


def user_added_to_json(added: User, password: str) -> UserAddedJson:
    """Return a new user with the password."""
    return {**user_to_json(added), "password": password, "merchant_id": str(added.merchant_id)}


def password_reset_to_json(user: User, password: str) -> PasswordResetJson:
    """Return a user with the new password."""
    return {"id": str(user.id), "email": user.email, "password": password}


USER_EXAMPLE: UserJson = {
    "id": USER_ID,
    "email": EMAIL,
    "role": Role.SUPPORT,
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
SHOWN_ONCE = "The password is shown only once; an Idempotency-Key does not repeat it."


routes = Blueprint("team", __name__)


@routes.get("/team")
@documented("List users", TeamJson, TEAM_EXAMPLE)
async def index() -> Response:
    deps = deps_of_app()
    caller = await caller_of_request(deps)
    users = await deps.storage.users.of_merchant(caller.merchant.id)
    return json_response({"data": [user_to_json(user) for user in users]})


@routes.post("/team")
@documented(
    "Create a user",
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
    # Before rows are locked: hashing is slow on purpose.
    hashed = await deps.passwords.hash(command.password)

    async def do(bound: Deps) -> tuple[object, int]:
        user = await add_user(command, bound, hashed=hashed)
        return user_added_to_json(user, command.password), 201

    return await changed(deps, do)


@routes.patch("/team/<user_id>")
@documented(
    "Change a user",
    UserJson,
    USER_EXAMPLE,
    needs=Role.OWNER,
    audit=Audited("user.update", shows=("role", "is_active")),
    body=UserChangeRequest,
    body_examples={"role": {"role": "developer"}, "off": {"is_active": False}},
    about="Applies from the next request. The last active owner cannot be changed.",
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
    "Reset a user's password",
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
    # Before the row is locked: hashing is slow on purpose.
    hashed = await deps.passwords.hash(made)

    async def do(bound: Deps) -> tuple[object, int]:
        user = await reset_password(caller, named, hashed, bound)
        return password_reset_to_json(user, made), 200

    return await changed(deps, do)
