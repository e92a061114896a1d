"""Who signs in, who may, and who did."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from ...accounts.api_keys import CreateKey
from ...accounts.model import AuditFilter, Caller, Role, Session
from ...accounts.sessions import ChangePassword, LogIn
from ...accounts.team import AddUser, ChangeUser
from ..wire import accounts, request_bodies
from .checked import Body, checked, uuid


def origins(body: Body) -> list[str] | None:
    """``PATCH /merchant``; None to leave them as they are."""
    found = checked(request_bodies.MerchantRequest, body).allowed_origins
    return None if found is None else list(dict.fromkeys(found))


def login(body: Body, *, ip: str | None, replaces: str | None) -> LogIn:
    """``POST /session``."""
    asked = checked(accounts.LoginRequest, body)
    return LogIn(asked.email, asked.password, ip, replaces, asked.merchant_id)


def password(body: Body, session: Session, *, ip: str | None) -> ChangePassword:
    """``PUT /session/password``."""
    asked = checked(accounts.PasswordRequest, body)
    return ChangePassword(session, asked.current_password, asked.new_password, ip)


def user(body: Body, caller: Caller, *, password: str) -> AddUser:
    """``POST /team``."""
    asked = checked(accounts.UserRequest, body)
    return AddUser(caller.merchant.id, asked.email, Role(asked.role), password)


def user_change(body: Body, user_id: str, caller: Caller) -> ChangeUser:
    """``PATCH /team/{id}``."""
    asked = checked(accounts.UserChangeRequest, body)
    role = None if asked.role is None else Role(asked.role)
    return ChangeUser(caller, uuid(user_id, "User"), role, asked.is_active)


def key(body: Body, caller: Caller) -> CreateKey:
    """``POST /keys``."""
    asked = checked(accounts.KeyRequest, body)
    return CreateKey(caller, asked.label, Role(asked.role), asked.expires_at)


def grace(body: Body) -> timedelta:
    """``POST /keys/root/rotate``: how long the secret before is to work."""
    return timedelta(seconds=checked(accounts.RotateKeyRequest, body).grace_seconds)


def audit(query: Mapping[str, str]) -> AuditFilter:
    """``?action=&actor=&subject=`` of ``GET /audit``; an empty one counts as left out."""
    names = ("action", "actor", "subject")
    given = {name: query[name].replace("\0", "") for name in names if query.get(name)}
    asked = checked(accounts.AuditQuery, given)
    return AuditFilter(asked.action, asked.actor, asked.subject)
