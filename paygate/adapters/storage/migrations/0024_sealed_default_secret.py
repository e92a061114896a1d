"""The default endpoint's secret is sealed, unless SQL wrote it."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

# A secret that SQL writes is the only one from then on, as before: the sealed ones are
# removed. Sealing the same secret anew names no column of this trigger.
SETTINGS = """
CREATE OR REPLACE FUNCTION paygate_webhook_settings() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.webhook_secret IS DISTINCT FROM OLD.webhook_secret
        AND nullif(NEW.webhook_secret, '') IS NOT NULL
        AND NEW.webhook_sealed IS NOT DISTINCT FROM OLD.webhook_sealed
    THEN
        NEW.webhook_sealed := NULL;
        NEW.webhook_secret_hint := NULL;
    END IF;
    IF (NEW.webhook_secret, NEW.webhook_sealed)
            IS DISTINCT FROM (OLD.webhook_secret, OLD.webhook_sealed)
        AND (NEW.webhook_previous_secret, NEW.webhook_previous_sealed, NEW.webhook_previous_until)
            IS NOT DISTINCT FROM
            (OLD.webhook_previous_secret, OLD.webhook_previous_sealed, OLD.webhook_previous_until)
    THEN
        NEW.webhook_previous_secret := NULL;
        NEW.webhook_previous_sealed := NULL;
        NEW.webhook_previous_until := NULL;
    END IF;
    NEW.webhook_disabled_at := NULL;
    NEW.webhook_disabled_reason := NULL;
    NEW.webhook_failures := 0;
    NEW.webhook_first_failure_at := NULL;
    RETURN NEW;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("paygate", "0023_running_clock")]

    initial = False

    operations = [
        # None rewrites its table: only the catalog changes, behind a short lock.
        ops.RunSQL("SET LOCAL lock_timeout = '5s'"),
        ops.AddField(
            model_name="MerchantRow",
            name="webhook_sealed",
            field=fields.TextField(null=True, unique=False),
        ),
        ops.AddField(
            model_name="MerchantRow",
            name="webhook_secret_hint",
            field=fields.CharField(null=True, max_length=16),
        ),
        ops.AddField(
            model_name="MerchantRow",
            name="webhook_previous_sealed",
            field=fields.TextField(null=True, unique=False),
        ),
        ops.RunSQL(SETTINGS),
    ]
