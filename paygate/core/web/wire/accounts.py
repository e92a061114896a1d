"""Sessions, the team, keys and the audit log on the wire."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema
from typing_extensions import TypedDict

from ...limits import (
    ACTION_CHARS_MAX,
    KEY_GRACE_DEFAULT,
    KEY_GRACE_MAX,
    KEY_LABEL_CHARS_MAX,
    PASSWORD_CHARS_MAX,
    PASSWORD_CHARS_MIN,
    TEXT_CHARS_MAX,
)
from .answers import At, Uuid
from .request_bodies import PageQuery, Request, Text, maybe_moment, maybe_uuid

RoleName = Literal["read_only", "support", "developer", "owner"]

_EMAIL = re.compile(r"[\x21-\x3f\x41-\x7e]{1,64}@[\x21-\x3f\x41-\x7e]{1,189}")


def _email(value: str) -> str:
    if not _EMAIL.fullmatch(value):
        raise ValueError("must be an e-mail address")
    return value.lower()


def _new_password(value: str) -> str:
    if len(value) < PASSWORD_CHARS_MIN:
        raise ValueError(f"must be at least {PASSWORD_CHARS_MIN} characters")
    return value


Email = Annotated[
    str,
    Field(max_length=TEXT_CHARS_MAX),
    AfterValidator(_email),
    WithJsonSchema(
        {"type": "string", "pattern": rf"^{_EMAIL.pattern}$", "examples": ["asha@example.com"]}
    ),
]
Password = Annotated[str, Field(min_length=1, max_length=PASSWORD_CHARS_MAX)]
NewPassword = Annotated[
    str,
    Field(max_length=PASSWORD_CHARS_MAX),
    AfterValidator(_new_password),
    WithJsonSchema(
        {"type": "string", "minLength": PASSWORD_CHARS_MIN, "maxLength": PASSWORD_CHARS_MAX}
    ),
]


class LoginRequest(Request):
    """``POST /session``."""

    email: Text = Field(min_length=1)
    password: Password
    merchant_id: Annotated[UUID | None, BeforeValidator(maybe_uuid)] = Field(
        None, description="whom they work for; of several, the one they joined first if left out"
    )


class PasswordRequest(Request):
    """``PUT /session/password``."""

    current_password: Password
    new_password: NewPassword


class UserRequest(Request):
    """``POST /team``."""

    email: Email
    role: RoleName


class UserChangeRequest(Request):
    """``PATCH /team/{id}``. What is left out stays as it is."""

    role: RoleName | None = None
    is_active: bool | None = None


class KeyRequest(Request):
    """``POST /keys``."""

    label: Annotated[str, Field(min_length=1, max_length=KEY_LABEL_CHARS_MAX)]
    role: RoleName = "developer"
    expires_at: Annotated[datetime | None, BeforeValidator(maybe_moment)] = Field(
        None, description="when the key ends by itself, in real time; never if left out"
    )


class RotateKeyRequest(Request):
    """``POST /keys/root/rotate``."""

    grace_seconds: int = Field(
        int(KEY_GRACE_DEFAULT.total_seconds()),
        ge=0,
        le=int(KEY_GRACE_MAX.total_seconds()),
        description="how long the secret before works beside the new one; 0 ends it at once",
    )


class AuditQuery(PageQuery):
    """``?limit=&offset=`` and what to look for."""

    action: Annotated[str, Field(max_length=ACTION_CHARS_MAX)] | None = Field(
        None, description="such as refund.create"
    )
    actor: Text | None = Field(None, description="an id, an e-mail address or a key")
    subject: Text | None = Field(None, description="the id of what it was done to")


class SessionUser(TypedDict):
    """Who has signed in."""

    id: Uuid
    email: str
    role: RoleName


class SessionMerchant(TypedDict):
    """Whom they work for."""

    id: Uuid
    name: str
    email: str


class Session(TypedDict):
    """Somebody who has signed in."""

    user: SessionUser
    merchant: SessionMerchant
    csrf_token: Annotated[str, Field(description="send it as X-Csrf-Token with every change")]
    expires_at: At
    is_operator: bool


class User(TypedDict):
    """Somebody of the team."""

    id: Uuid
    email: str
    role: RoleName
    is_active: bool
    created_at: At
    last_login_at: At | None


class UserAdded(User):
    """Somebody new, and their password, which is shown this once."""

    password: str
    merchant_id: Annotated[Uuid, Field(description="to sign in with, by who works for several")]


class PasswordReset(TypedDict):
    """A password that was made for somebody, shown this once."""

    id: Uuid
    email: str
    password: str


class Team(TypedDict):
    """Who may sign in."""

    data: list[User]


class Key(TypedDict):
    """A key beside the merchant's own."""

    id: Uuid
    label: str
    key: Annotated[str, Field(examples=["key_Xk29dLm3Q8sT1vZa"])]
    secret_last4: str
    role: RoleName
    created_at: At
    last_used_at: At | None
    revoked_at: At | None
    expires_at: At | None
    created_by: Annotated[Uuid | None, Field(description="the user it ends with; null for none")]


class KeyCreated(Key):
    """A new key and its secret, which is shown this once."""

    secret: str


class KeyPair(TypedDict):
    """The pair on the merchant."""

    key: Annotated[str, Field(examples=["key_Xk29dLm3Q8sT1vZa"])]
    revoked_at: At | None
    previous_secret_until: Annotated[
        At | None, Field(description="until then the secret before works beside the new one")
    ]


class KeyPairRotated(KeyPair):
    """The pair and its new secret, which is shown this once."""

    secret: str


class Keys(TypedDict):
    """A merchant's keys, the newest first."""

    data: list[Key]


class AuditActor(TypedDict):
    """Who did it."""

    kind: Literal["user", "key", "anybody", "system"]
    id: str
    label: str


class AuditEntry(TypedDict):
    """Something that somebody did."""

    id: int
    at: At
    actor: AuditActor
    action: Annotated[str, Field(examples=["refund.create"])]
    subject: str
    ip: str | None
    detail: dict[str, Any]
