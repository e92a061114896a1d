"""Claims of deliveries that cost what is due, an exact share per endpoint, retries during a try."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

# Nobody waits long behind a change of a busy table; who loses the race starts again.
PATIENCE = "SET LOCAL lock_timeout = '5s'"

COLUMN = "ALTER TABLE webhook_logs ALTER COLUMN retry_requested SET DEFAULT false"

INDEXES = """
CREATE INDEX webhook_logs_first ON webhook_logs (endpoint_id)
    WHERE status = 'pending' AND attempts = 0;
CREATE INDEX webhook_logs_again ON webhook_logs (next_retry_at)
    WHERE status = 'pending' AND attempts > 0;
CREATE INDEX webhook_logs_leased_by_endpoint ON webhook_logs (endpoint_id)
    WHERE lease_token IS NOT NULL;
"""

# Each query of a volatile function has a snapshot of its own: the leases are counted after
# the lock is held, so two workers that claim at once never exceed the share together. Who
# does not get the lock leaves this endpoint to the worker that has it. The lock ends with
# the claim's transaction.
SLOTS = """
CREATE FUNCTION paygate_delivery_slots(endpoint uuid, share int) RETURNS int
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtext('paygate_delivery_slots'), hashtext(endpoint::text))
    THEN
        RETURN 0;
    END IF;
    RETURN greatest(0, share - (
        SELECT count(*) FROM webhook_logs
        WHERE endpoint_id = endpoint AND lease_token IS NOT NULL
            AND lease_until > clock_timestamp()
    ));
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("paygate", "0015_test_merchants")]

    initial = False

    operations = [
        ops.RunSQL(PATIENCE),
        ops.AddField(
            model_name="DeliveryRow",
            name="retry_requested",
            field=fields.BooleanField(default=False),
        ),
        ops.RunSQL(COLUMN),
        ops.RunSQL(INDEXES),
        ops.RunSQL(SLOTS),
    ]
