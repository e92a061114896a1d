"""What is needed so that no answer of a processor is lost or waited for without end."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

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
        ('pending', 'processing'), ('pending', 'failed'), ('pending', 'unknown'),
        ('processing', 'success'), ('processing', 'authorized'), ('processing', 'failed'),
        ('processing', 'unknown'),
        ('unknown', 'success'), ('unknown', 'authorized'), ('unknown', 'failed'),
        ('unknown', 'processing'),
        ('authorized', 'capturing'), ('authorized', 'voiding'), ('authorized', 'cancelled'),
        ('authorized', 'success'),
        ('capturing', 'success'), ('capturing', 'authorized'), ('capturing', 'cancelled'),
        ('voiding', 'cancelled'), ('voiding', 'success'), ('voiding', 'authorized'),
        ('failed', 'success'), ('failed', 'authorized')
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

# Before these columns, one counter stood for both.
COUNTERS = "UPDATE operations SET sends = queries, queries = 0 WHERE state = 'reserved'"


class Migration(migrations.Migration):
    dependencies = [("paygate", "0016_delivery_shares")]

    initial = False

    operations = [
        ops.AddField(
            model_name="PaymentRow",
            name="hold_ended_at",
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddField(
            model_name="OperationRow",
            name="sends",
            field=fields.IntField(default=0, db_default=0),
        ),
        ops.AddField(
            model_name="OperationRow",
            name="expires_at",
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.RunSQL(COUNTERS),
        ops.RunSQL(TRIGGER),
    ]
