"""A declined payment whose money came after all may succeed; a processor may be woken."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

RULES = """
-- A payment may be told to have failed and, late, to have succeeded: each once.
DROP INDEX payment_transitions_one_ending;
CREATE UNIQUE INDEX payment_transitions_one_ending ON payment_transitions (payment_id, to_status)
    WHERE to_status IN ('success', 'failed', 'cancelled');
DROP INDEX events_one_ending;
CREATE UNIQUE INDEX events_one_ending ON events (payment_id, type)
    WHERE type IN ('payment.success', 'payment.failed', 'payment.cancelled');
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
        ('voiding', 'cancelled'), ('voiding', 'success'), ('voiding', 'authorized'),
        ('failed', 'success')
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
    dependencies = [("paygate", "0006_stories")]

    initial = False

    operations = [
        ops.AddField(
            model_name="MerchantRow",
            name="default_scenario",
            field=fields.CharField(null=True, max_length=64),
        ),
        ops.RunSQL(RULES),
        ops.RunSQL(TRIGGER),
    ]
