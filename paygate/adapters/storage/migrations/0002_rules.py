"""What the database itself refuses, and the indexes work is claimed by.

The rules stand here as well as in the domain: a second process, an older
version or a person with ``psql`` is bound by them too.
"""

from tortoise import migrations
from tortoise.migrations import operations as ops

DEFAULTS = """
ALTER TABLE merchants
    ALTER COLUMN id SET DEFAULT gen_random_uuid(),
    ALTER COLUMN is_active SET DEFAULT true,
    ALTER COLUMN created_at SET DEFAULT now(),
    ALTER COLUMN updated_at SET DEFAULT now();
ALTER TABLE orders
    ALTER COLUMN currency SET DEFAULT 'INR',
    ALTER COLUMN status SET DEFAULT 'created',
    ALTER COLUMN created_at SET DEFAULT now(),
    ALTER COLUMN updated_at SET DEFAULT now();
ALTER TABLE payments
    ALTER COLUMN currency SET DEFAULT 'INR',
    ALTER COLUMN status SET DEFAULT 'pending',
    ALTER COLUMN captured SET DEFAULT false,
    ALTER COLUMN amount_captured SET DEFAULT 0,
    ALTER COLUMN amount_refunded SET DEFAULT 0,
    ALTER COLUMN version SET DEFAULT 1,
    ALTER COLUMN last_seq SET DEFAULT 0,
    ALTER COLUMN created_at SET DEFAULT now(),
    ALTER COLUMN updated_at SET DEFAULT now();
ALTER TABLE operations
    ALTER COLUMN lease_state SET DEFAULT 'ready',
    ALTER COLUMN queries SET DEFAULT 0,
    ALTER COLUMN claims SET DEFAULT 0;
ALTER TABLE webhook_logs
    ALTER COLUMN id SET DEFAULT gen_random_uuid(),
    ALTER COLUMN status SET DEFAULT 'pending',
    ALTER COLUMN attempts SET DEFAULT 0,
    ALTER COLUMN claims SET DEFAULT 0,
    ALTER COLUMN created_at SET DEFAULT now();
"""

CHECKS = """
ALTER TABLE orders
    ADD CONSTRAINT orders_amount_check CHECK (amount BETWEEN 100 AND 1000000000000),
    ADD CONSTRAINT orders_status_check CHECK (status IN ('created', 'attempted', 'paid'));
ALTER TABLE payments
    ADD CONSTRAINT payments_money_check CHECK (
        0 <= amount_refunded AND amount_refunded <= amount_captured AND amount_captured <= amount
    );
ALTER TABLE operations
    ADD CONSTRAINT operations_lease_check CHECK (
        lease_state = CASE
            WHEN state IN ('succeeded', 'failed') THEN 'done'
            WHEN state = 'needs_review' THEN 'dead'
            ELSE 'ready'
        END
    ),
    ADD CONSTRAINT operations_sealed_check CHECK (sealed IS NULL OR lease_state <> 'done');
ALTER TABLE webhook_logs
    ADD CONSTRAINT webhook_logs_status_check CHECK (status IN ('pending', 'success', 'failed')),
    ADD CONSTRAINT webhook_logs_due_check CHECK ((status = 'pending') = (next_retry_at IS NOT NULL));
"""

INDEXES = """
CREATE UNIQUE INDEX payments_one_live_per_order ON payments (order_id)
    WHERE status IN ('pending', 'processing', 'unknown', 'success');
CREATE UNIQUE INDEX payment_transitions_one_ending ON payment_transitions (payment_id)
    WHERE to_status IN ('success', 'failed');
CREATE UNIQUE INDEX operations_one_charge ON operations (payment_id) WHERE kind = 'charge';
CREATE INDEX operations_due ON operations (run_at) WHERE lease_state = 'ready';
CREATE INDEX operations_leased ON operations (lease_until) WHERE lease_token IS NOT NULL;
CREATE INDEX webhook_logs_next_retry_at ON webhook_logs (next_retry_at) WHERE status = 'pending';
CREATE INDEX webhook_logs_merchant_id ON webhook_logs (merchant_id);
CREATE INDEX webhook_logs_lanes ON webhook_logs (endpoint_id, (attempts > 0), next_retry_at)
    WHERE status = 'pending';
CREATE INDEX webhook_logs_untried ON webhook_logs (payment_id, endpoint_id, seq)
    WHERE status = 'pending' AND attempts = 0;
CREATE INDEX webhook_logs_leased ON webhook_logs (lease_until) WHERE lease_token IS NOT NULL;
CREATE UNIQUE INDEX events_one_ending ON events (payment_id)
    WHERE type IN ('payment.success', 'payment.failed');
CREATE INDEX orders_merchant_id ON orders (merchant_id);
"""

TRIGGER = """
CREATE FUNCTION paygate_payment_moves() RETURNS trigger LANGUAGE plpgsql AS $$
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
        ('processing', 'success'), ('processing', 'failed'), ('processing', 'unknown'),
        ('unknown', 'success'), ('unknown', 'failed'), ('unknown', 'processing')
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
CREATE TRIGGER payments_move AFTER INSERT OR UPDATE ON payments
    FOR EACH ROW EXECUTE FUNCTION paygate_payment_moves();
"""


class Migration(migrations.Migration):
    dependencies = [("paygate", "0001_tables")]

    operations = [
        ops.RunSQL(DEFAULTS),
        ops.RunSQL(CHECKS),
        ops.RunSQL(INDEXES),
        ops.RunSQL(TRIGGER),
    ]
