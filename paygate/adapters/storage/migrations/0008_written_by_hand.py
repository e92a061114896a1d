"""Rows that people write with SQL: what we added beside the known columns fills itself."""

from tortoise import migrations
from tortoise.migrations import operations as ops

DEFAULTS = """
ALTER TABLE payments ALTER COLUMN flow SET DEFAULT '', ALTER COLUMN processor SET DEFAULT '',
    ALTER COLUMN instrument SET DEFAULT '{}';
ALTER TABLE refunds ALTER COLUMN currency SET DEFAULT 'INR';
ALTER TABLE idempotency_keys ALTER COLUMN fingerprint SET DEFAULT '',
    ALTER COLUMN response_code SET DEFAULT 200,
    ALTER COLUMN created_at SET DEFAULT now(),
    ALTER COLUMN expires_at SET DEFAULT now() + interval '24 hours';
ALTER TABLE webhook_logs ALTER COLUMN sink SET DEFAULT 'webhook_http',
    ALTER COLUMN event_id SET DEFAULT 'evt_' || replace(gen_random_uuid()::text, '-', '');
"""

# Who sets a delivery's status by hand need not know that "pending" and the moment of its
# next try go together, nor whose endpoint it is.
TRIGGER = """
CREATE FUNCTION paygate_delivery_by_hand() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.endpoint_id := coalesce(NEW.endpoint_id, NEW.merchant_id);
    IF NEW.status = 'pending' THEN
        NEW.next_retry_at := coalesce(NEW.next_retry_at, clock_timestamp());
    ELSE
        NEW.next_retry_at := NULL;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER webhook_logs_by_hand BEFORE INSERT OR UPDATE OF status ON webhook_logs
    FOR EACH ROW EXECUTE FUNCTION paygate_delivery_by_hand();
"""


class Migration(migrations.Migration):
    dependencies = [("paygate", "0007_late_success")]

    initial = False

    operations = [ops.RunSQL(DEFAULTS), ops.RunSQL(TRIGGER)]
