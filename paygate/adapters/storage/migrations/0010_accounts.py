"""Users and their sessions, keys beside the merchants' own, and who did what."""

from typing import Any

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

RULES = """
ALTER TABLE users
    ADD CONSTRAINT users_role_check
        CHECK (role IN ('read_only', 'support', 'developer', 'owner')),
    ADD CONSTRAINT users_email_check CHECK (email = lower(email)),
    ALTER COLUMN id SET DEFAULT gen_random_uuid(),
    ALTER COLUMN is_active SET DEFAULT true,
    ALTER COLUMN is_operator SET DEFAULT false,
    ALTER COLUMN created_at SET DEFAULT now(),
    ALTER COLUMN updated_at SET DEFAULT now();
ALTER TABLE api_keys
    ADD CONSTRAINT api_keys_role_check
        CHECK (role IN ('read_only', 'support', 'developer', 'owner'));
ALTER TABLE audit_log
    ADD CONSTRAINT audit_log_actor_check
        CHECK (actor_kind IN ('key', 'user', 'anybody', 'system'));
"""

# Whoever reaches the tables through us can add to the log and nothing else.
TRIGGER = """
CREATE FUNCTION paygate_audit_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit log is only ever added to'
        USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER audit_log_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_log
    FOR EACH STATEMENT EXECUTE FUNCTION paygate_audit_stays();
"""


def _of(model: str, related_name: str, on_delete: OnDelete, column: str) -> Any:
    return fields.ForeignKeyField(
        f"paygate.{model}",
        source_field=column,
        db_constraint=True,
        to_field="id",
        related_name=related_name,
        on_delete=on_delete,
    )


def _moment(**more: Any) -> Any:
    return fields.DatetimeField(auto_now=False, auto_now_add=False, **more)


class Migration(migrations.Migration):
    dependencies = [("paygate", "0009_holds_expire")]

    initial = False

    operations = [
        ops.CreateModel(
            name="UserRow",
            fields=[
                ("id", fields.UUIDField(primary_key=True, unique=True, db_index=True)),
                ("merchant", _of("MerchantRow", "users", OnDelete.RESTRICT, "merchant_id")),
                ("email", fields.CharField(unique=True, max_length=255)),
                ("password_hash", fields.CharField(max_length=255)),
                ("role", fields.CharField(max_length=20)),
                ("is_active", fields.BooleanField(default=True)),
                ("is_operator", fields.BooleanField(default=False)),
                ("created_at", _moment()),
                ("updated_at", _moment()),
                ("last_login_at", _moment(null=True)),
            ],
            options={
                "table": "users",
                "app": "paygate",
                "indexes": [Index(fields=["merchant_id"])],
                "pk_attr": "id",
                "table_description": "A person who signs in. The address is in lower case.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="SessionRow",
            fields=[
                (
                    "token_sha256",
                    fields.CharField(primary_key=True, unique=True, db_index=True, max_length=64),
                ),
                ("user", _of("UserRow", "sessions", OnDelete.CASCADE, "user_id")),
                ("created_at", _moment()),
                ("expires_at", _moment()),
                ("last_seen_at", _moment()),
                ("ip", fields.CharField(null=True, max_length=64)),
            ],
            options={
                "table": "sessions",
                "app": "paygate",
                "indexes": [Index(fields=["user_id"]), Index(fields=["expires_at"])],
                "pk_attr": "token_sha256",
                "table_description": "Somebody who has signed in. Only the digest of what their cookie holds.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="LoginTriesRow",
            fields=[
                (
                    "id",
                    fields.CharField(primary_key=True, unique=True, db_index=True, max_length=64),
                ),
                ("tries", fields.IntField()),
                ("began_at", _moment()),
                ("locked_until", _moment(null=True)),
            ],
            options={
                "table": "login_tries",
                "app": "paygate",
                "indexes": [Index(fields=["began_at"])],
                "pk_attr": "id",
                "table_description": "Passwords tried for one account from one address, both as one digest.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="ApiKeyRow",
            fields=[
                ("id", fields.UUIDField(primary_key=True, unique=True, db_index=True)),
                ("merchant", _of("MerchantRow", "api_keys", OnDelete.RESTRICT, "merchant_id")),
                ("label", fields.CharField(max_length=100)),
                ("key", fields.CharField(unique=True, max_length=64)),
                ("secret_sha256", fields.CharField(max_length=64)),
                ("secret_last4", fields.CharField(max_length=4)),
                ("role", fields.CharField(max_length=20)),
                ("created_at", _moment()),
                ("last_used_at", _moment(null=True)),
                ("revoked_at", _moment(null=True)),
            ],
            options={
                "table": "api_keys",
                "app": "paygate",
                "indexes": [Index(fields=["merchant_id"])],
                "pk_attr": "id",
                "table_description": "A key beside the pair that stands on the merchant.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="AuditRow",
            fields=[
                ("id", fields.BigIntField(primary_key=True, unique=True, db_index=True)),
                ("merchant", _of("MerchantRow", "audit_log", OnDelete.RESTRICT, "merchant_id")),
                ("at", _moment()),
                ("actor_kind", fields.CharField(max_length=10)),
                ("actor_id", fields.CharField(max_length=64)),
                ("actor_label", fields.CharField(max_length=255)),
                ("action", fields.CharField(max_length=64)),
                ("subject", fields.CharField(max_length=255)),
                ("ip", fields.CharField(null=True, max_length=64)),
                ("detail", fields.JSONField()),
            ],
            options={
                "table": "audit_log",
                "app": "paygate",
                "indexes": [Index(fields=["merchant_id", "id"])],
                "pk_attr": "id",
                "table_description": "Who did what. A trigger refuses to change or to remove a row.",
            },
            bases=["Model"],
        ),
        ops.RunSQL(RULES),
        ops.RunSQL(TRIGGER),
    ]
