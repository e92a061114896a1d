"""Sessions, the team, keys and the audit log in the wire's words."""

from __future__ import annotations

from datetime import datetime

from ...accounts.api_keys import NewKey, RotatedPair
from ...accounts.model import ApiKey, AuditEntry, KeyPair, Session, User
from ..wire import accounts as wire
from .entities import timestamp


def session(session: Session, csrf_token: str) -> wire.Session:
    """Somebody who has signed in."""
    user, merchant = session.user, session.merchant
    return {
        "user": {"id": str(user.id), "email": user.email, "role": user.role.value},
        "merchant": {"id": str(merchant.id), "name": merchant.name, "email": merchant.email},
        "csrf_token": csrf_token,
        "expires_at": timestamp(session.expires_at),
        "is_operator": user.is_operator,
    }


def user(user: User) -> wire.User:
    """Somebody of the team."""
    return {
        "id": str(user.id),
        "email": user.email,
        "role": user.role.value,
        "is_active": user.is_active,
        "created_at": timestamp(user.created_at),
        "last_login_at": _moment(user.last_login_at),
    }


def user_added(added: User, password: str) -> wire.UserAdded:
    """Somebody new."""
    return {**user(added), "password": password, "merchant_id": str(added.merchant_id)}


def password_reset(user: User, password: str) -> wire.PasswordReset:
    """Somebody with another password."""
    return {"id": str(user.id), "email": user.email, "password": password}


def key(key: ApiKey) -> wire.Key:
    """A key, without its secret."""
    return {
        "id": str(key.id),
        "label": key.label,
        "key": key.key,
        "secret_last4": key.secret_last4,
        "role": key.role.value,
        "created_at": timestamp(key.created_at),
        "last_used_at": _moment(key.last_used_at),
        "revoked_at": _moment(key.revoked_at),
        "expires_at": _moment(key.expires_at),
        "created_by": None if key.created_by is None else str(key.created_by),
    }


def key_created(made: NewKey) -> wire.KeyCreated:
    """A key with its secret."""
    return {**key(made.key), "secret": made.secret}


def key_pair(pair: KeyPair) -> wire.KeyPair:
    """The pair on the merchant, without its secret."""
    return {
        "key": pair.key,
        "revoked_at": _moment(pair.revoked_at),
        "previous_secret_until": _moment(pair.previous_until),
    }


def key_pair_rotated(rotated: RotatedPair) -> wire.KeyPairRotated:
    """The pair with its new secret."""
    return {**key_pair(rotated.pair), "secret": rotated.secret}


def audit_entry(entry: AuditEntry) -> wire.AuditEntry:
    """A line of the audit log."""
    actor = entry.actor
    assert entry.id is not None, "only what is stored is shown"
    return {
        "id": entry.id,
        "at": timestamp(entry.at),
        "actor": {"kind": actor.kind, "id": actor.id, "label": actor.label},
        "action": entry.action,
        "subject": entry.subject,
        "ip": entry.ip,
        "detail": dict(entry.detail),
    }


def _moment(at: datetime | None) -> str | None:
    return None if at is None else timestamp(at)
