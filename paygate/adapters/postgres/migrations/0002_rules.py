"""What the database itself refuses and fills in, and the indexes that work is found by.

The rules stand here as well as in the domain: a second process, an older
version or a person with ``psql`` is bound by them too.
"""

from __future__ import annotations

from tortoise import migrations
from tortoise.migrations import operations as ops

# merchants: any write of an address or a secret asks for webhooks, so the
# endpoint is enabled again. A secret that SQL writes is the only one from then on: the sealed
# ones are removed. Sealing the same secret anew names no column of this trigger.
MERCHANTS = """
ALTER TABLE merchants
    ALTER COLUMN id SET DEFAULT gen_random_uuid(),
    ALTER COLUMN is_active SET DEFAULT true,
    ALTER COLUMN webhook_failures SET DEFAULT 0,
    ALTER COLUMN webhook_endpoints SET DEFAULT '[]',
    ALTER COLUMN is_test SET DEFAULT false,
    ALTER COLUMN created_at SET DEFAULT now(),
    ALTER COLUMN updated_at SET DEFAULT now();
CREATE INDEX merchants_webhook_disabled ON merchants (id) WHERE webhook_disabled_at IS NOT NULL;

CREATE FUNCTION paygate_webhook_settings() RETURNS trigger LANGUAGE plpgsql AS $$
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

# webhook_endpoints: an event is addressed with the list on the merchant's row, which is read
# anyway. The merchant is locked first and the list read after that, so that of two who change
# endpoints at once neither writes the other's away.
WEBHOOK_ENDPOINTS = """
ALTER TABLE webhook_endpoints
    ALTER COLUMN id SET DEFAULT gen_random_uuid(),
    ALTER COLUMN events SET DEFAULT '["*"]',
    ALTER COLUMN consecutive_failures SET DEFAULT 0,
    ALTER COLUMN created_at SET DEFAULT now(),
    ALTER COLUMN updated_at SET DEFAULT now(),
    ADD CONSTRAINT webhook_endpoints_reason_check CHECK (
        (disabled_at IS NULL) = (disabled_reason IS NULL));
CREATE INDEX webhook_endpoints_disabled ON webhook_endpoints (id) WHERE disabled_at IS NOT NULL;

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

# users: an e-mail address is one user's of each merchant.
USERS = """
ALTER TABLE users
    ALTER COLUMN id SET DEFAULT gen_random_uuid(),
    ALTER COLUMN is_active SET DEFAULT true,
    ALTER COLUMN is_operator SET DEFAULT false,
    ALTER COLUMN created_at SET DEFAULT now(),
    ALTER COLUMN updated_at SET DEFAULT now(),
    ADD CONSTRAINT users_role_check
        CHECK (role IN ('read_only', 'support', 'developer', 'owner')),
    ADD CONSTRAINT users_email_check CHECK (email = lower(email));
CREATE UNIQUE INDEX users_email_of_merchant ON users (email, merchant_id);
"""

# api_keys: a key ends with its user, so a user who made keys is not deleted.
API_KEYS = """
ALTER TABLE api_keys
    ADD CONSTRAINT api_keys_created_by_fkey
        FOREIGN KEY (created_by) REFERENCES users (id) ON DELETE RESTRICT,
    ADD CONSTRAINT api_keys_role_check
        CHECK (role IN ('read_only', 'support', 'developer', 'owner'));
"""

# audit_log: a program that reaches the tables through paygate can only add to the log.
AUDIT_LOG = """
ALTER TABLE audit_log
    ADD CONSTRAINT audit_log_actor_check
        CHECK (actor_kind IN ('key', 'user', 'anybody', 'system'));

CREATE FUNCTION paygate_audit_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit log is only ever added to'
        USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER audit_log_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_log
    FOR EACH STATEMENT EXECUTE FUNCTION paygate_audit_stays();
"""

# orders: amounts from one to ten thousand million of the main unit, in the smallest unit.
ORDERS = """
ALTER TABLE orders
    ALTER COLUMN currency SET DEFAULT 'INR',
    ALTER COLUMN status SET DEFAULT 'created',
    ALTER COLUMN capture_mode SET DEFAULT 'automatic',
    ALTER COLUMN created_at SET DEFAULT now(),
    ALTER COLUMN updated_at SET DEFAULT now(),
    ADD CONSTRAINT orders_amount_check CHECK (amount BETWEEN 100 AND 1000000000000),
    ADD CONSTRAINT orders_status_check CHECK (status IN ('created', 'attempted', 'paid')),
    ADD CONSTRAINT orders_capture_mode_check CHECK (capture_mode IN ('automatic', 'manual'));
CREATE INDEX orders_merchant_id ON orders (merchant_id);
"""

# payments: one live payment an order, and the moves between statuses that the domain knows.
# The instrument is indexed as a hash, because it may be larger than an entry of an index.
PAYMENTS = """
ALTER TABLE payments
    ALTER COLUMN currency SET DEFAULT 'INR',
    ALTER COLUMN status SET DEFAULT 'pending',
    ALTER COLUMN captured SET DEFAULT false,
    ALTER COLUMN flow SET DEFAULT '',
    ALTER COLUMN processor SET DEFAULT '',
    ALTER COLUMN instrument SET DEFAULT '{}',
    ALTER COLUMN capture_mode SET DEFAULT 'automatic',
    ALTER COLUMN amount_authorized SET DEFAULT 0,
    ALTER COLUMN amount_captured SET DEFAULT 0,
    ALTER COLUMN amount_refunded SET DEFAULT 0,
    ALTER COLUMN version SET DEFAULT 1,
    ALTER COLUMN last_seq SET DEFAULT 0,
    ALTER COLUMN created_at SET DEFAULT now(),
    ALTER COLUMN updated_at SET DEFAULT now(),
    ADD CONSTRAINT payments_capture_mode_check CHECK (capture_mode IN ('automatic', 'manual')),
    ADD CONSTRAINT payments_money_check CHECK (
        0 <= amount_refunded AND amount_refunded <= amount_captured
        AND amount_captured <= amount_authorized AND amount_authorized <= amount
    );
CREATE UNIQUE INDEX payments_one_live_per_order ON payments (order_id)
    WHERE status IN (
        'authorized', 'capturing', 'pending', 'processing', 'success', 'unknown', 'voiding');
CREATE INDEX payments_by_instrument
    ON payments (merchant_id, method, jsonb_hash_extended(instrument, 0), created_at);

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
CREATE TRIGGER payments_move AFTER INSERT OR UPDATE ON payments
    FOR EACH ROW EXECUTE FUNCTION paygate_payment_moves();
"""

# payment_transitions: a payment may fail and, late, succeed, each once.
PAYMENT_TRANSITIONS = """
CREATE UNIQUE INDEX payment_transitions_one_ending ON payment_transitions (payment_id, to_status)
    WHERE to_status IN ('success', 'failed', 'cancelled');
"""

# payment_decisions: rows are appended in the order of their times, so a BRIN index is enough
# to find what has been kept long enough. It takes a few pages and costs writers nothing.
PAYMENT_DECISIONS = """
ALTER TABLE payment_decisions
    ADD CONSTRAINT payment_decisions_kind_check CHECK (kind IN ('route', 'risk'));
CREATE INDEX payment_decisions_age ON payment_decisions USING brin (decided_at);
"""

# refunds: what SQL writes needs no column of paygate's own.
REFUNDS = """
ALTER TABLE refunds
    ALTER COLUMN status SET DEFAULT 'pending',
    ALTER COLUMN currency SET DEFAULT 'INR',
    ALTER COLUMN created_at SET DEFAULT now(),
    ADD CONSTRAINT refunds_amount_check CHECK (amount > 0),
    ADD CONSTRAINT refunds_status_check CHECK (status IN ('pending', 'processed', 'failed'));
"""

# operations: one charge a payment, one operation a refund, one capture or void at a time. What
# waits for a person, and what is still sealed, are few rows, and so small indexes.
OPERATIONS = """
ALTER TABLE operations
    ALTER COLUMN lease_state SET DEFAULT 'ready',
    ALTER COLUMN queries SET DEFAULT 0,
    ALTER COLUMN claims SET DEFAULT 0,
    ALTER COLUMN is_final SET DEFAULT true,
    ADD CONSTRAINT operations_lease_check CHECK (
        lease_state = CASE
            WHEN state IN ('succeeded', 'failed') THEN 'done'
            WHEN state = 'needs_review' THEN 'dead'
            ELSE 'ready'
        END
    ),
    ADD CONSTRAINT operations_sealed_check CHECK (sealed IS NULL OR lease_state <> 'done'),
    ADD CONSTRAINT operations_refund_check CHECK ((kind = 'refund') = (refund_id IS NOT NULL));
CREATE UNIQUE INDEX operations_one_charge ON operations (payment_id) WHERE kind = 'charge';
CREATE UNIQUE INDEX operations_one_refund ON operations (refund_id);
CREATE UNIQUE INDEX operations_one_capture_or_void ON operations (payment_id)
    WHERE kind IN ('capture', 'void') AND lease_state <> 'done';
CREATE INDEX operations_due ON operations (run_at) WHERE lease_state = 'ready';
CREATE INDEX operations_leased ON operations (lease_until) WHERE lease_token IS NOT NULL;
CREATE INDEX operations_set_aside ON operations (run_at) WHERE lease_state = 'dead';
CREATE INDEX operations_sealed ON operations (created_at)
    WHERE sealed IS NOT NULL AND sealed <> 'erased';
"""

# events: each end of a payment is one event, and a sequence counts them as they are written.
EVENTS = """
CREATE SEQUENCE events_position_seq OWNED BY events.position;
ALTER TABLE events ALTER COLUMN position SET DEFAULT nextval('events_position_seq');
CREATE UNIQUE INDEX events_one_ending ON events (payment_id, type)
    WHERE type IN ('payment.success', 'payment.failed', 'payment.cancelled');
CREATE INDEX events_merchant_position ON events (merchant_id, position);
CREATE INDEX events_age ON events USING brin (created_at);
"""

# webhook_logs: whoever sets a delivery's status with SQL need not know that "pending" and the
# moment of its next try go together, nor whose endpoint it is. A volatile function's queries
# have a snapshot each: leases are counted after the lock is held, so two workers that claim at
# once never exceed the share together. The worker that does not get the lock leaves the
# endpoint to the other; the lock ends with the claim's transaction.
WEBHOOK_LOGS = """
ALTER TABLE webhook_logs
    ALTER COLUMN id SET DEFAULT gen_random_uuid(),
    ALTER COLUMN event_id SET DEFAULT 'evt_' || replace(gen_random_uuid()::text, '-', ''),
    ALTER COLUMN sink SET DEFAULT 'webhook_http',
    ALTER COLUMN status SET DEFAULT 'pending',
    ALTER COLUMN attempts SET DEFAULT 0,
    ALTER COLUMN claims SET DEFAULT 0,
    ALTER COLUMN by_hand SET DEFAULT false,
    ALTER COLUMN retry_requested SET DEFAULT false,
    ALTER COLUMN created_at SET DEFAULT now(),
    ADD CONSTRAINT webhook_logs_status_check CHECK (status IN ('pending', 'success', 'failed')),
    ADD CONSTRAINT webhook_logs_due_check
        CHECK ((status = 'pending') = (next_retry_at IS NOT NULL));
CREATE INDEX webhook_logs_merchant_id ON webhook_logs (merchant_id);
CREATE INDEX webhook_logs_next_retry_at ON webhook_logs (next_retry_at) WHERE status = 'pending';
CREATE INDEX webhook_logs_endpoint_due ON webhook_logs (endpoint_id, (attempts > 0), next_retry_at)
    WHERE status = 'pending';
CREATE INDEX webhook_logs_untried ON webhook_logs (payment_id, endpoint_id, seq)
    WHERE status = 'pending' AND attempts = 0;
CREATE INDEX webhook_logs_first ON webhook_logs (endpoint_id)
    WHERE status = 'pending' AND attempts = 0;
CREATE INDEX webhook_logs_again ON webhook_logs (next_retry_at)
    WHERE status = 'pending' AND attempts > 0;
CREATE INDEX webhook_logs_by_hand ON webhook_logs (endpoint_id)
    WHERE status = 'pending' AND by_hand;
CREATE INDEX webhook_logs_leased ON webhook_logs (lease_until) WHERE lease_token IS NOT NULL;
CREATE INDEX webhook_logs_leased_by_endpoint ON webhook_logs (endpoint_id)
    WHERE lease_token IS NOT NULL;
CREATE INDEX webhook_logs_set_aside ON webhook_logs (created_at)
    WHERE status = 'failed' AND last_error IS NOT NULL;
CREATE INDEX webhook_logs_age ON webhook_logs USING brin (created_at);

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

# idempotency_keys: Tortoise knows no composite primary keys.
IDEMPOTENCY_KEYS = """
ALTER TABLE idempotency_keys
    DROP CONSTRAINT idempotency_keys_pkey,
    ADD PRIMARY KEY (key, merchant_id),
    ALTER COLUMN fingerprint SET DEFAULT ''::varchar,
    ALTER COLUMN response_code SET DEFAULT 200,
    ALTER COLUMN created_at SET DEFAULT now(),
    ALTER COLUMN expires_at SET DEFAULT now() + interval '24 hours';
"""

# processor_callbacks: what is old is purged.
PROCESSOR_CALLBACKS = """
ALTER TABLE processor_callbacks
    ADD CONSTRAINT processor_callbacks_effect_check CHECK (effect IN (
        'received', 'applied', 'duplicate', 'no_effect', 'refused', 'quarantined', 'conflict'));
CREATE INDEX processor_callbacks_received_at ON processor_callbacks (received_at);
"""

# plugin_calls: what is old is purged, and a plugin's health is read from what is young.
PLUGIN_CALLS = """
CREATE INDEX plugin_calls_started_at ON plugin_calls (started_at);
"""

# test_clock: an app has one time.
TEST_CLOCK = """
ALTER TABLE test_clock ADD CONSTRAINT test_clock_one_row CHECK (id = 1);
"""


class Migration(migrations.Migration):
    dependencies = [("paygate", "0001_tables")]

    initial = False

    # One operation: Tortoise copies its picture of all tables for each.
    operations = [
        ops.RunSQL(
            [
                MERCHANTS,
                WEBHOOK_ENDPOINTS,
                USERS,
                API_KEYS,
                AUDIT_LOG,
                ORDERS,
                PAYMENTS,
                PAYMENT_TRANSITIONS,
                PAYMENT_DECISIONS,
                REFUNDS,
                OPERATIONS,
                EVENTS,
                WEBHOOK_LOGS,
                IDEMPOTENCY_KEYS,
                PROCESSOR_CALLBACKS,
                PLUGIN_CALLS,
                TEST_CLOCK,
            ]
        )
    ]
