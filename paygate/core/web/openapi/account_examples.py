"""Examples of sessions, the team, keys and the audit log."""

from __future__ import annotations

from ..wire import accounts as wire
from .examples import MADE_AT, MERCHANT_ID, PAID_AT, PAYMENT_ID

USER_ID = "9d4c2f7e-52a1-4c7b-8a57-1f3f0c6a2b90"
KEY_ID = "3a9e1c55-0d7f-4b2e-9c61-7f0d5b8e4a12"
EMAIL = "asha@example.com"
PASSWORD = "Vq3-7mXcPz0LrT9aYkWs2dFhJn4bGu8eQi1oRt5yUxM"  # noqa: S105 - an example
SECRET = "secret_Hj2-9pLmQz7XcVb4nTr0sYkWd6fGu3aEiOq8RtPy1wZ"  # noqa: S105 - an example

LOGIN = {"email": EMAIL, "password": PASSWORD}
NEW_PASSWORD = {"current_password": PASSWORD, "new_password": "a longer sentence is better"}
SESSION: wire.Session = {
    "user": {"id": USER_ID, "email": EMAIL, "role": "owner"},
    "merchant": {"id": MERCHANT_ID, "name": "Test Merchant", "email": "test@example.com"},
    "csrf_token": "5d41402abc4b2a76b9719d911017c592ae4b8f27c6d0e193b1f3a0c7d2e6f581",
    "expires_at": "2026-01-15T22:30:00.000Z",
    "is_operator": False,
}
USER: wire.User = {
    "id": USER_ID,
    "email": EMAIL,
    "role": "support",
    "is_active": True,
    "created_at": MADE_AT,
    "last_login_at": None,
}
USER_REQUEST = {"email": EMAIL, "role": "support"}
USER_ADDED: wire.UserAdded = {**USER, "password": PASSWORD, "merchant_id": MERCHANT_ID}
PASSWORD_RESET: wire.PasswordReset = {"id": USER_ID, "email": EMAIL, "password": PASSWORD}
TEAM: wire.Team = {"data": [USER]}
KEY: wire.Key = {
    "id": KEY_ID,
    "label": "shop",
    "key": "key_Xk29dLm3Q8sT1vZa",
    "secret_last4": SECRET[-4:],
    "role": "developer",
    "created_at": MADE_AT,
    "last_used_at": PAID_AT,
    "revoked_at": None,
    "expires_at": None,
    "created_by": USER_ID,
}
KEY_REQUEST = {"label": "shop", "role": "developer"}
KEY_CREATED: wire.KeyCreated = {**KEY, "last_used_at": None, "secret": SECRET}
KEY_PAIR: wire.KeyPair = {
    "key": "key_Xk29dLm3Q8sT1vZa",
    "revoked_at": None,
    "previous_secret_until": None,
}
KEY_PAIR_REVOKED: wire.KeyPair = {**KEY_PAIR, "revoked_at": PAID_AT}
KEY_PAIR_ROTATED: wire.KeyPairRotated = {
    **KEY_PAIR,
    "previous_secret_until": "2026-01-16T10:30:00.000Z",
    "secret": SECRET,
}
KEYS: wire.Keys = {"data": [KEY]}
AUDIT_ENTRY: wire.AuditEntry = {
    "id": 1042,
    "at": PAID_AT,
    "actor": {"kind": "user", "id": USER_ID, "label": EMAIL},
    "action": "payment.capture",
    "subject": PAYMENT_ID,
    "ip": "203.0.113.7",
    "detail": {"amount": 20_000},
}
