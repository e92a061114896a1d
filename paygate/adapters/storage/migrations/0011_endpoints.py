"""More than one webhook endpoint a merchant, secrets that overlap, endpoints that rest."""

from datetime import datetime

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

# Nobody waits long behind a change of a busy table; who loses the race starts again.
PATIENCE = "SET LOCAL lock_timeout = '5s'"

DEFAULTS = """
ALTER TABLE merchants ALTER COLUMN webhook_failures SET DEFAULT 0,
    ALTER COLUMN webhook_endpoints SET DEFAULT '[]';
ALTER TABLE webhook_logs ALTER COLUMN by_hand SET DEFAULT false;
ALTER TABLE webhook_endpoints ALTER COLUMN id SET DEFAULT gen_random_uuid(),
    ALTER COLUMN events SET DEFAULT '["*"]',
    ALTER COLUMN consecutive_failures SET DEFAULT 0,
    ALTER COLUMN created_at SET DEFAULT now(),
    ALTER COLUMN updated_at SET DEFAULT now(),
    ADD CONSTRAINT webhook_endpoints_reason_check CHECK (
        (disabled_at IS NULL) = (disabled_reason IS NULL));
"""

INDEXES = """
CREATE INDEX webhook_logs_by_hand ON webhook_logs (endpoint_id)
    WHERE status = 'pending' AND by_hand;
CREATE INDEX webhook_endpoints_disabled ON webhook_endpoints (id) WHERE disabled_at IS NOT NULL;
CREATE INDEX merchants_webhook_disabled ON merchants (id) WHERE webhook_disabled_at IS NOT NULL;
"""

# Who writes an address or a secret, by whatever way, wants webhooks: the endpoint is
# enabled again, and a secret written by hand is the only one from then on.
SETTINGS = """
CREATE FUNCTION paygate_webhook_settings() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.webhook_secret IS DISTINCT FROM OLD.webhook_secret
        AND (NEW.webhook_previous_secret, NEW.webhook_previous_until)
            IS NOT DISTINCT FROM (OLD.webhook_previous_secret, OLD.webhook_previous_until)
    THEN
        NEW.webhook_previous_secret := NULL;
        NEW.webhook_previous_until := NULL;
    END IF;
    NEW.webhook_disabled_at := NULL;
    NEW.webhook_disabled_reason := NULL;
    NEW.webhook_failures := 0;
    NEW.webhook_first_failure_at := NULL;
    RETURN NEW;
END $$;
CREATE TRIGGER merchants_webhook_settings
    BEFORE UPDATE OF webhook_url, webhook_secret ON merchants
    FOR EACH ROW EXECUTE FUNCTION paygate_webhook_settings();

CREATE FUNCTION paygate_webhook_enabled() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.webhook_disabled_reason := NULL;
    NEW.webhook_failures := 0;
    NEW.webhook_first_failure_at := NULL;
    RETURN NEW;
END $$;
CREATE TRIGGER merchants_webhook_enabled
    BEFORE UPDATE OF webhook_disabled_at ON merchants
    FOR EACH ROW WHEN (OLD.webhook_disabled_at IS NOT NULL AND NEW.webhook_disabled_at IS NULL)
    EXECUTE FUNCTION paygate_webhook_enabled();
"""

# An event is addressed with what stands on the merchant's row, which is read anyway.
# Locked first: what the list is made of is read after the lock, so that of two who
# change endpoints at once neither writes the other's away.
SUBSCRIPTIONS = """
CREATE FUNCTION paygate_webhook_subscriptions() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    owner uuid := coalesce(NEW.merchant_id, OLD.merchant_id);
BEGIN
    PERFORM 1 FROM merchants WHERE id = owner FOR NO KEY UPDATE;
    UPDATE merchants SET webhook_endpoints = coalesce((
        SELECT jsonb_agg(jsonb_build_object('id', e.id, 'url', e.url, 'events', e.events)
            ORDER BY e.created_at, e.id)
        FROM webhook_endpoints e WHERE e.merchant_id = owner AND e.disabled_at IS NULL
    ), '[]') WHERE id = owner;
    RETURN NULL;
END $$;
CREATE TRIGGER webhook_endpoints_come_and_go AFTER INSERT OR DELETE ON webhook_endpoints
    FOR EACH ROW EXECUTE FUNCTION paygate_webhook_subscriptions();
CREATE TRIGGER webhook_endpoints_change AFTER UPDATE ON webhook_endpoints
    FOR EACH ROW WHEN (
        (OLD.url, OLD.events, OLD.disabled_at IS NULL)
        IS DISTINCT FROM (NEW.url, NEW.events, NEW.disabled_at IS NULL)
    ) EXECUTE FUNCTION paygate_webhook_subscriptions();
"""


def _moment() -> fields.DatetimeField[datetime | None]:
    return fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)


class Migration(migrations.Migration):
    dependencies = [("paygate", "0010_accounts")]

    initial = False

    operations = [
        ops.RunSQL(PATIENCE),
        ops.AddField(
            model_name="MerchantRow",
            name="webhook_previous_secret",
            field=fields.CharField(null=True, max_length=64),
        ),
        ops.AddField(model_name="MerchantRow", name="webhook_previous_until", field=_moment()),
        ops.AddField(model_name="MerchantRow", name="webhook_disabled_at", field=_moment()),
        ops.AddField(
            model_name="MerchantRow",
            name="webhook_disabled_reason",
            field=fields.CharField(null=True, max_length=20),
        ),
        ops.AddField(
            model_name="MerchantRow", name="webhook_failures", field=fields.IntField(default=0)
        ),
        ops.AddField(model_name="MerchantRow", name="webhook_first_failure_at", field=_moment()),
        ops.AddField(
            model_name="MerchantRow",
            name="webhook_endpoints",
            field=fields.JSONField(default=[]),
        ),
        ops.AddField(
            model_name="DeliveryRow", name="by_hand", field=fields.BooleanField(default=False)
        ),
        ops.AddField(
            model_name="DeliveryAttemptRow",
            name="url",
            field=fields.TextField(null=True, unique=False),
        ),
        ops.AddField(
            model_name="DeliveryAttemptRow",
            name="request_headers",
            field=fields.JSONField(null=True),
        ),
        ops.AddField(
            model_name="DeliveryAttemptRow", name="took_ms", field=fields.IntField(null=True)
        ),
        ops.CreateModel(
            name="EndpointRow",
            fields=[
                ("id", fields.UUIDField(primary_key=True, unique=True, db_index=True)),
                (
                    "merchant",
                    fields.ForeignKeyField(
                        "paygate.MerchantRow",
                        source_field="merchant_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="endpoints",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("url", fields.TextField(unique=False)),
                ("description", fields.TextField(null=True, unique=False)),
                ("events", fields.JSONField()),
                ("sealed", fields.TextField(unique=False)),
                ("secret_hint", fields.CharField(max_length=16)),
                ("previous_sealed", fields.TextField(null=True, unique=False)),
                ("previous_until", _moment()),
                ("disabled_at", _moment()),
                ("disabled_reason", fields.CharField(null=True, max_length=20)),
                ("consecutive_failures", fields.IntField(default=0)),
                ("first_failure_at", _moment()),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("updated_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "webhook_endpoints",
                "app": "paygate",
                "indexes": [Index(fields=["merchant_id"])],
                "pk_attr": "id",
                "table_description": "Where events go beside the merchant's own row.",
            },
            bases=["Model"],
        ),
        ops.RunSQL(DEFAULTS),
        ops.RunSQL(INDEXES),
        ops.RunSQL(SETTINGS),
        ops.RunSQL(SUBSCRIPTIONS),
    ]
