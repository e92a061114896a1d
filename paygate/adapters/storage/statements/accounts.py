"""Statements of users, sessions and keys.

Ends are counted with ``clock_timestamp()``: real time, which no test moves.
"""

from __future__ import annotations

ADD_USER = """
INSERT INTO users (id, merchant_id, email, password_hash, role, is_active, is_operator,
    created_at, updated_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8)
ON CONFLICT (email, merchant_id) DO NOTHING RETURNING 1
"""
# Of several merchants' users the oldest: nobody takes the place of one who is there.
USER_BY_EMAIL = """
SELECT * FROM users WHERE email = $1 AND ($2::uuid IS NULL OR merchant_id = $2)
ORDER BY is_active DESC, created_at, id LIMIT 1
"""
LOCK_USER = "SELECT * FROM users WHERE id = $1 AND merchant_id = $2 FOR UPDATE"
# In one order, so that two who lock them never wait for each other. Whoever waited sees
# what the other one left.
LOCK_OWNERS = """
SELECT id FROM users WHERE merchant_id = $1 AND role = 'owner' AND is_active
ORDER BY id FOR UPDATE
"""
UPDATE_USER = "UPDATE users SET role = $2, is_active = $3, updated_at = $4 WHERE id = $1"
STORE_HASH = """
UPDATE users SET password_hash = $2, updated_at = $4
WHERE id = $1 AND ($3::varchar IS NULL OR password_hash = $3) RETURNING 1
"""

# The row is locked: a password change under way is waited for, and then this is no longer
# the password that was right.
LOGGED_IN = """
UPDATE users SET last_login_at = $3 WHERE id = $1 AND password_hash = $2 AND is_active
RETURNING 1
"""
OPEN_SESSION = """
INSERT INTO sessions (token_sha256, user_id, created_at, expires_at, last_seen_at, ip)
VALUES ($1, $2, $3, clock_timestamp() + $4::interval, clock_timestamp(), $5)
RETURNING expires_at
"""
FIND_SESSION = """
SELECT m.*, u.id AS user_id, u.email AS user_email, u.password_hash, u.role, u.is_operator,
    u.created_at AS user_created_at, u.last_login_at, s.expires_at,
    s.last_seen_at < clock_timestamp() - $3::interval AS is_stale
FROM sessions s JOIN users u ON u.id = s.user_id JOIN merchants m ON m.id = u.merchant_id
WHERE s.token_sha256 = $1 AND s.expires_at > clock_timestamp()
    AND s.last_seen_at > clock_timestamp() - $2::interval AND u.is_active AND m.is_active
"""
TOUCH_SESSION = """
UPDATE sessions SET last_seen_at = clock_timestamp()
WHERE token_sha256 = $1 AND last_seen_at < clock_timestamp() - $2::interval
"""
END_SESSION = "DELETE FROM sessions WHERE token_sha256 = $1"
END_SESSIONS = "DELETE FROM sessions WHERE user_id = $1"

# Counted before the password is looked at, so that many at once cannot try more. The row
# starts anew when its lock, or the time it counts within, is over.
TRY_PASSWORD = """
INSERT INTO login_tries AS t (id, tries, began_at) VALUES ($1, 1, clock_timestamp())
ON CONFLICT (id) DO UPDATE SET
    tries = CASE WHEN {is_over} THEN 1 ELSE t.tries + 1 END,
    began_at = CASE WHEN {is_over} THEN clock_timestamp() ELSE t.began_at END,
    locked_until = CASE
        WHEN {is_over} THEN NULL
        WHEN t.locked_until IS NULL AND t.tries + 1 >= $2 THEN clock_timestamp() + $4::interval
        ELSE t.locked_until
    END
RETURNING tries <= $2
""".format(is_over="coalesce(t.locked_until, t.began_at + $3::interval) < clock_timestamp()")
FORGIVE = "DELETE FROM login_tries WHERE id = $1"

PURGE_SESSIONS = """
DELETE FROM sessions WHERE token_sha256 IN (
    SELECT token_sha256 FROM sessions WHERE expires_at < clock_timestamp()
    LIMIT $1 FOR UPDATE SKIP LOCKED
) RETURNING 1
"""
PURGE_TRIES = """
DELETE FROM login_tries WHERE id IN (
    SELECT id FROM login_tries
    WHERE began_at < clock_timestamp() - $2::interval
        AND coalesce(locked_until, began_at) < clock_timestamp()
    LIMIT $1 FOR UPDATE SKIP LOCKED
) RETURNING 1
"""

ADD_KEY = """
INSERT INTO api_keys (id, merchant_id, label, key, secret_sha256, secret_last4, role, created_at,
    created_by, expires_at)
SELECT $1::uuid, $2::uuid, $3::varchar, $4::varchar, $5::varchar, $6::varchar, $7::varchar,
    $8::timestamptz, $9::uuid, $10::timestamptz
WHERE coalesce($10::timestamptz > clock_timestamp(), true) RETURNING 1
"""
ONE_KEY = "SELECT * FROM api_keys WHERE id = $1 AND merchant_id = $2"
LOCK_KEY = """
SELECT 1 FROM api_keys WHERE id = $1 AND merchant_id = $2 FOR NO KEY UPDATE
"""
REVOKE_KEY = """
UPDATE api_keys SET revoked_at = coalesce(revoked_at, $3)
WHERE id = $1 AND merchant_id = $2 RETURNING *
"""
REVOKE_KEYS_OF_USER = """
UPDATE api_keys SET revoked_at = $3
WHERE created_by = $1 AND revoked_at IS NULL AND role <> ALL($2::varchar[]) RETURNING *
"""
TOUCH_KEY = """
UPDATE api_keys SET last_used_at = clock_timestamp()
WHERE id = $1 AND coalesce(last_used_at < clock_timestamp() - $2::interval, true)
"""

ADD_AUDIT = """
INSERT INTO audit_log (merchant_id, at, actor_kind, actor_id, actor_label, action, subject, ip,
    detail)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9::text::jsonb)
"""
