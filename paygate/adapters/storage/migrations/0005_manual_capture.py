"""Orders whose money is held until the merchant takes it or lets it go."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

RULES = """
ALTER TABLE orders ALTER COLUMN capture_mode SET DEFAULT 'automatic',
    ADD CONSTRAINT orders_capture_mode_check CHECK (capture_mode IN ('automatic', 'manual'));
ALTER TABLE payments ALTER COLUMN capture_mode SET DEFAULT 'automatic',
    ALTER COLUMN amount_authorized SET DEFAULT 0,
    ADD CONSTRAINT payments_capture_mode_check CHECK (capture_mode IN ('automatic', 'manual'));
ALTER TABLE operations ALTER COLUMN is_final SET DEFAULT true;
UPDATE payments SET amount_authorized = amount_captured;
ALTER TABLE payments DROP CONSTRAINT payments_money_check,
    ADD CONSTRAINT payments_money_check CHECK (
        0 <= amount_refunded AND amount_refunded <= amount_captured
        AND amount_captured <= amount_authorized AND amount_authorized <= amount
    );
"""

INDEXES = """
DROP INDEX payments_one_live_per_order;
CREATE UNIQUE INDEX payments_one_live_per_order ON payments (order_id)
    WHERE status IN (
        'authorized', 'capturing', 'pending', 'processing', 'success', 'unknown', 'voiding');
DROP INDEX payment_transitions_one_ending;
CREATE UNIQUE INDEX payment_transitions_one_ending ON payment_transitions (payment_id)
    WHERE to_status IN ('success', 'failed', 'cancelled');
DROP INDEX events_one_ending;
CREATE UNIQUE INDEX events_one_ending ON events (payment_id)
    WHERE type IN ('payment.success', 'payment.failed', 'payment.cancelled');
-- A hold is taken or let go of by one at a time.
CREATE UNIQUE INDEX operations_one_capture_or_void ON operations (payment_id)
    WHERE kind IN ('capture', 'void') AND lease_state <> 'done';
"""

TRIGGER = """
CREATE OR REPLACE FUNCTION paygate_payment_moves() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.status <> 'pending' OR NEW.version <> 1 THEN
            RAISE EXCEPTION 'a payment begins pending at version 1, not % at %', NEW.status, NEW.version
                USING ERRCODE = 'check_violation';
        END IF;
        INSERT INTO payment_transitions (payment_id, version, from_status, to_status, at)
        VALUES (NEW.id, 1, NULL, NEW.status, NEW.created_at);
        RETURN NEW;
    END IF;
    IF NEW.status = OLD.status THEN
        RETURN NEW;
    END IF;
    IF (OLD.status, NEW.status) NOT IN (
        ('pending', 'processing'),
        ('processing', 'success'), ('processing', 'authorized'), ('processing', 'failed'),
        ('processing', 'unknown'),
        ('unknown', 'success'), ('unknown', 'authorized'), ('unknown', 'failed'),
        ('unknown', 'processing'),
        ('authorized', 'capturing'), ('authorized', 'voiding'),
        ('capturing', 'success'), ('capturing', 'authorized'),
        ('voiding', 'cancelled'), ('voiding', 'success'), ('voiding', 'authorized')
    ) THEN
        RAISE EXCEPTION 'payment % cannot go from % to %', OLD.id, OLD.status, NEW.status
            USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.version <> OLD.version + 1 THEN
        RAISE EXCEPTION 'payment % went from version % to %', OLD.id, OLD.version, NEW.version
            USING ERRCODE = 'check_violation';
    END IF;
    INSERT INTO payment_transitions (payment_id, version, from_status, to_status, at)
    VALUES (NEW.id, NEW.version, OLD.status, NEW.status, NEW.updated_at);
    RETURN NEW;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("paygate", "0004_refunds")]

    initial = False

    operations = [
        ops.AddField(
            model_name="OrderRow",
            name="capture_mode",
            field=fields.CharField(default="automatic", max_length=10),
        ),
        ops.AddField(
            model_name="PaymentRow",
            name="capture_mode",
            field=fields.CharField(default="automatic", max_length=10),
        ),
        ops.AddField(
            model_name="PaymentRow",
            name="amount_authorized",
            field=fields.BigIntField(default=0),
        ),
        ops.AddField(
            model_name="OperationRow",
            name="is_final",
            field=fields.BooleanField(default=True),
        ),
        ops.RunSQL(RULES),
        ops.RunSQL(INDEXES),
        ops.RunSQL(TRIGGER),
    ]
