"""Who may sign in for a merchant."""

from __future__ import annotations

from quart import Blueprint, Response

from ...accounts.model import Role
from ...accounts.team import add_user, change_user, reset_password
from ...deps import Deps
from .. import parse
from ..auth import caller_of_request
from ..body import body_of_request
from ..errors import json_response
from ..idempotency import changed
from ..openapi import Audited, documented
from ..openapi import account_examples as examples
from ..present import accounts as present
from ..wire import accounts as wire

SHOWN_ONCE = "The password is shown this once and replayed by no Idempotency-Key."


def blueprint(deps: Deps) -> Blueprint:
    """``/team``."""
    routes = Blueprint("team", __name__)

    @routes.get("/team")
    @documented("List who may sign in", wire.Team, examples.TEAM)
    async def index() -> Response:
        caller = await caller_of_request(deps)
        users = await deps.storage.users.of_merchant(caller.merchant.id)
        return json_response({"data": [present.user(user) for user in users]})

    @routes.post("/team")
    @documented(
        "Let somebody in",
        wire.UserAdded,
        examples.USER_ADDED,
        status=201,
        needs=Role.OWNER,
        audit=Audited("user.create", shows=("email", "role")),
        body=wire.UserRequest,
        body_examples={"example": examples.USER_REQUEST},
        about=SHOWN_ONCE,
    )
    async def create() -> Response:
        caller = await caller_of_request(deps)
        command = parse.user(await body_of_request(), caller, password=deps.ids.token())
        # Before anyone is locked: it takes long on purpose.
        hashed = await deps.passwords.hash(command.password)

        async def do(bound: Deps) -> tuple[object, int]:
            user = await add_user(command, bound, hashed=hashed)
            return present.user_added(user, command.password), 201

        return await changed(deps, do)

    @routes.patch("/team/<user_id>")
    @documented(
        "Change what somebody may do",
        wire.User,
        examples.USER,
        needs=Role.OWNER,
        audit=Audited("user.update", shows=("role", "is_active")),
        body=wire.UserChangeRequest,
        body_examples={"role": {"role": "developer"}, "off": {"is_active": False}},
        about="It counts from the next request on. The last active owner stays one.",
    )
    async def update(user_id: str) -> Response:
        caller = await caller_of_request(deps)
        body = await body_of_request()

        async def do(bound: Deps) -> tuple[object, int]:
            command = parse.user_change(body, user_id, caller)
            return present.user(await change_user(command, bound)), 200

        return await changed(deps, do)

    @routes.post("/team/<user_id>/password")
    @documented(
        "Make a new password for somebody",
        wire.PasswordReset,
        examples.PASSWORD_RESET,
        needs=Role.OWNER,
        audit=Audited("user.reset_password"),
        about=f"All sessions of the user end. {SHOWN_ONCE}",
    )
    async def password(user_id: str) -> Response:
        caller = await caller_of_request(deps)
        named = parse.uuid(user_id, "User")
        made = deps.ids.token()
        # Before the row is locked: it takes long on purpose.
        hashed = await deps.passwords.hash(made)

        async def do(bound: Deps) -> tuple[object, int]:
            user = await reset_password(caller, named, hashed, bound)
            return present.password_reset(user, made), 200

        return await changed(deps, do)

    return routes
