"""Defaults, constraints, triggers and indexes.

The database enforces the rules of the models too, so that an older version of paygate or a
user of ``psql`` cannot break them.
"""

from __future__ import annotations

from tortoise import migrations
from tortoise.migrations import operations as ops

from paygate.core.money import KNOWN_EXPONENTS

from ._figures import FIGURES

# merchants: a write of the URL or the secret enables the endpoint again. A secret that SQL
# writes replaces the encrypted ones, which are removed. Encrypting the same secret with a new
# key writes no column of this trigger.
MERCHANTS = """
ALTER TABLE merchants
    ALTER COLUMN id SET DEFAULT gen_random_uuid(),
    ALTER COLUMN is_active SET DEFAULT true,
    ALTER COLUMN webhook_failures SET DEFAULT 0,
    ALTER COLUMN webhook_unanswered SET DEFAULT 0,
    ALTER COLUMN webhook_endpoints SET DEFAULT '[]',
    ALTER COLUMN is_test SET DEFAULT false,
    ALTER COLUMN created_at SET DEFAULT now(),
    ALTER COLUMN updated_at SET DEFAULT now();
CREATE INDEX merchants_webhook_disabled ON merchants (id) WHERE webhook_disabled_at IS NOT NULL;
CREATE INDEX merchants_webhook_breaker ON merchants (id)
    WHERE webhook_breaker_open_since IS NOT NULL;

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
    NEW.webhook_unanswered := 0;
    NEW.webhook_breaker_open_since := NULL;
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
    NEW.webhook_unanswered := 0;
    NEW.webhook_breaker_open_since := NULL;
    RETURN NEW;
END $$;
CREATE TRIGGER merchants_webhook_enabled
    BEFORE UPDATE OF webhook_disabled_at ON merchants
    FOR EACH ROW WHEN (OLD.webhook_disabled_at IS NOT NULL AND NEW.webhook_disabled_at IS NULL)
    EXECUTE FUNCTION paygate_webhook_enabled();
"""

# webhook_endpoints: the merchant's row contains a copy of its endpoints, because each event
# needs them and reads that row anyway. The copy is made after the merchant is locked, so that
# two concurrent changes of endpoints are both in it.
WEBHOOK_ENDPOINTS = """
ALTER TABLE webhook_endpoints
    ALTER COLUMN id SET DEFAULT gen_random_uuid(),
    ALTER COLUMN events SET DEFAULT '["*"]',
    ALTER COLUMN consecutive_failures SET DEFAULT 0,
    ALTER COLUMN unanswered SET DEFAULT 0,
    ALTER COLUMN created_at SET DEFAULT now(),
    ALTER COLUMN updated_at SET DEFAULT now(),
    ADD CONSTRAINT webhook_endpoints_reason_check CHECK (
        (disabled_at IS NULL) = (disabled_reason IS NULL));
CREATE INDEX webhook_endpoints_disabled ON webhook_endpoints (id) WHERE disabled_at IS NOT NULL;
CREATE INDEX webhook_endpoints_breaker ON webhook_endpoints (id)
    WHERE breaker_open_since IS NOT NULL;

CREATE FUNCTION paygate_webhook_subscriptions() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    owner uuid := coalesce(NEW.merchant_id, OLD.merchant_id);
BEGIN
    PERFORM 1 FROM merchants WHERE id = owner FOR NO KEY UPDATE;
    UPDATE merchants SET webhook_endpoints = coalesce((
        SELECT jsonb_agg(jsonb_build_object(
                'id', e.id, 'url', e.url, 'events', e.events, 'sink', e.sink)
            ORDER BY e.created_at, e.id)
        FROM webhook_endpoints e WHERE e.merchant_id = owner AND e.disabled_at IS NULL
    ), '[]') WHERE id = owner;
    RETURN NULL;
END $$;
CREATE TRIGGER webhook_endpoints_added_or_removed AFTER INSERT OR DELETE ON webhook_endpoints
    FOR EACH ROW EXECUTE FUNCTION paygate_webhook_subscriptions();
CREATE TRIGGER webhook_endpoints_change AFTER UPDATE ON webhook_endpoints
    FOR EACH ROW WHEN (
        (OLD.url, OLD.events, OLD.disabled_at IS NULL)
        IS DISTINCT FROM (NEW.url, NEW.events, NEW.disabled_at IS NULL)
    ) EXECUTE FUNCTION paygate_webhook_subscriptions();
"""

# users: an e-mail address is unique per merchant.
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

# api_keys: removing a user revokes its keys, so a user who created keys is not deleted.
API_KEYS = """
ALTER TABLE api_keys
    ADD CONSTRAINT api_keys_created_by_fkey
        FOREIGN KEY (created_by) REFERENCES users (id) ON DELETE RESTRICT,
    ADD CONSTRAINT api_keys_role_check
        CHECK (role IN ('read_only', 'support', 'developer', 'owner'));
"""

# audit_log: entries can be added, and deleted by a transaction that names a time since when
# entries are kept. That is housekeeping, where a setting limits the age of entries. Rows are
# added in the order of their times, so a BRIN index is enough to find old ones. A filter by
# actor matches its id or its label.
AUDIT_LOG = """
ALTER TABLE audit_log
    ADD CONSTRAINT audit_log_actor_check
        CHECK (actor_kind IN ('key', 'user', 'anybody', 'system'));
CREATE INDEX audit_log_newest_by_action ON audit_log (merchant_id, action, id);
CREATE INDEX audit_log_newest_by_subject ON audit_log (merchant_id, subject, id);
CREATE INDEX audit_log_newest_by_actor_id ON audit_log (merchant_id, actor_id, id);
CREATE INDEX audit_log_newest_by_actor_label ON audit_log (merchant_id, actor_label, id);
CREATE INDEX audit_log_age ON audit_log USING brin (at);

CREATE FUNCTION paygate_audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of audit_log cannot be changed or deleted'
        USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER audit_log_is_append_only BEFORE UPDATE OR TRUNCATE ON audit_log
    FOR EACH STATEMENT EXECUTE FUNCTION paygate_audit_is_append_only();

CREATE FUNCTION paygate_audit_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.at < nullif(current_setting('paygate.audit_kept_since', true), '')::timestamptz THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'rows of audit_log cannot be changed or deleted'
        USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER audit_log_is_kept BEFORE DELETE ON audit_log
    FOR EACH ROW EXECUTE FUNCTION paygate_audit_is_kept();
"""

# orders: amounts in the smallest unit of the currency; the limits are 1.00 and 10^10 INR, and 1
# in currencies without decimals.
# Here and below, the indexes ..._newest have the keys by which a list is filtered and ordered.
# Their last key is the row's id, so that rows of the same time have one order too.
_WITHOUT_DECIMALS = ", ".join(
    f"'{code}'" for code, digits in sorted(KNOWN_EXPONENTS.items()) if digits == 0
)
ORDERS = f"""
ALTER TABLE orders
    ALTER COLUMN currency SET DEFAULT 'INR',
    ALTER COLUMN status SET DEFAULT 'created',
    ALTER COLUMN capture_mode SET DEFAULT 'automatic',
    ALTER COLUMN created_at SET DEFAULT now(),
    ALTER COLUMN updated_at SET DEFAULT now(),
    ADD CONSTRAINT orders_amount_check CHECK (amount BETWEEN 100 AND 1000000000000
        OR (amount BETWEEN 1 AND 99 AND currency IN ({_WITHOUT_DECIMALS}))),
    ADD CONSTRAINT orders_status_check CHECK (status IN ('created', 'attempted', 'paid')),
    ADD CONSTRAINT orders_capture_mode_check CHECK (capture_mode IN ('automatic', 'manual')),
    ADD CONSTRAINT orders_link_check CHECK (link_id IS NOT NULL
        OR (link_description IS NULL AND link_expires_at IS NULL AND link_cancelled_at IS NULL));
CREATE INDEX orders_newest ON orders (merchant_id, created_at, id);
CREATE INDEX orders_newest_by_status ON orders (merchant_id, status, created_at, id);
CREATE UNIQUE INDEX orders_link ON orders (link_id) WHERE link_id IS NOT NULL;
CREATE INDEX orders_link_ends ON orders (link_expires_at) WHERE link_will_expire;
CREATE INDEX orders_newest_links ON orders (merchant_id, created_at, id) WHERE link_id IS NOT NULL;
"""

# payments: one live payment per order, and the changes of status that the model allows.
# The instrument is indexed by its hash, because it may be too large for an index entry.
# Failed payments whose money is kept are rare, and need attention.
PAYMENTS = """
ALTER TABLE payments
    DROP CONSTRAINT payments_merchant_id_fkey,
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
CREATE INDEX payments_newest ON payments (merchant_id, created_at, id);
CREATE INDEX payments_newest_by_status ON payments (merchant_id, status, created_at, id);
CREATE INDEX payments_newest_by_method ON payments (merchant_id, method, created_at, id);
CREATE INDEX payments_newest_by_card ON payments (merchant_id, card_last4, created_at, id)
    WHERE card_last4 IS NOT NULL;
CREATE INDEX payments_kept_money ON payments (updated_at)
    WHERE status = 'failed' AND amount_captured > amount_refunded;

CREATE FUNCTION paygate_payments_begin() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    wrong record;
BEGIN
    SELECT * INTO wrong FROM added WHERE status <> 'pending' OR version <> 1 LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'a payment begins pending at version 1, not % at %', wrong.status, wrong.version
            USING ERRCODE = 'check_violation';
    END IF;
    INSERT INTO payment_transitions (payment_id, version, from_status, to_status, at)
    SELECT id, 1, NULL, status, created_at FROM added;
    RETURN NULL;
END $$;
CREATE TRIGGER payments_begin AFTER INSERT ON payments REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION paygate_payments_begin();

-- The rows of a statement are joined by a hash: a nested loop, planned for a statement of one row
-- and kept for the session, would take minutes for thousands.
CREATE FUNCTION paygate_payment_moves() RETURNS trigger LANGUAGE plpgsql
SET enable_nestloop = off AS $$
DECLARE
    wrong record;
BEGIN
    SELECT o.id, o.status AS before, n.status AS after,
        o.version AS before_version, n.version AS after_version INTO wrong
    FROM old_rows o JOIN new_rows n ON n.id = o.id
    WHERE n.status <> o.status AND (n.version <> o.version + 1 OR (o.status, n.status) NOT IN (
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
    )) LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'payment % cannot go from % at version % to % at version %',
            wrong.id, wrong.before, wrong.before_version, wrong.after, wrong.after_version
            USING ERRCODE = 'check_violation';
    END IF;
    INSERT INTO payment_transitions (payment_id, version, from_status, to_status, at)
    SELECT n.id, n.version, o.status, n.status, n.updated_at
    FROM old_rows o JOIN new_rows n ON n.id = o.id WHERE n.status <> o.status;
    RETURN NULL;
END $$;
CREATE TRIGGER payments_move AFTER UPDATE ON payments
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION paygate_payment_moves();

CREATE FUNCTION paygate_payment_keeps_its_id() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'payment % cannot become %', OLD.id, NEW.id USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER payments_keep_their_id BEFORE UPDATE OF id ON payments
    FOR EACH ROW WHEN (NEW.id IS DISTINCT FROM OLD.id)
    EXECUTE FUNCTION paygate_payment_keeps_its_id();
"""

# payment_transitions: a payment may fail and later succeed, each once.
PAYMENT_TRANSITIONS = """
ALTER TABLE payment_transitions
    DROP CONSTRAINT payment_transitions_payment_id_fkey,
    DROP CONSTRAINT payment_transitions_pkey,
    DROP CONSTRAINT uid_payment_tra_payment_56ade6,
    ADD PRIMARY KEY (payment_id, version);
CREATE UNIQUE INDEX payment_transitions_one_ending ON payment_transitions (payment_id, to_status)
    WHERE to_status IN ('success', 'failed', 'cancelled');
"""

# payment_decisions: rows are added in the order of their times, so a BRIN index is enough to
# find old rows. It is small and does not slow down writes.
PAYMENT_DECISIONS = """
ALTER TABLE payment_decisions
    ADD CONSTRAINT payment_decisions_kind_check CHECK (kind IN ('route', 'risk', 'failover'));
CREATE INDEX payment_decisions_age ON payment_decisions USING brin (decided_at);
"""

# refunds: defaults for rows that merchants insert with SQL.
REFUNDS = """
ALTER TABLE refunds
    ALTER COLUMN status SET DEFAULT 'pending',
    ALTER COLUMN currency SET DEFAULT 'INR',
    ALTER COLUMN created_at SET DEFAULT now(),
    ADD CONSTRAINT refunds_amount_check CHECK (amount > 0),
    ADD CONSTRAINT refunds_status_check CHECK (status IN ('pending', 'processed', 'failed'));
CREATE INDEX refunds_newest ON refunds (merchant_id, created_at, id);
CREATE INDEX refunds_newest_by_status ON refunds (merchant_id, status, created_at, id);
"""

# Parts of texts are found by their trigrams. PostgreSQL brings the extension along, but a
# system may have it in a package of its own, and a user may not be allowed to create it. Then
# such searches read all rows: `paygate doctor` says so, and this function is called again.
# A list of pending entries that is short keeps a single insert from merging thousands of them.
PARTS_OF_TEXTS = """
CREATE FUNCTION paygate_index_texts() RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    CREATE EXTENSION IF NOT EXISTS pg_trgm;
    CREATE INDEX IF NOT EXISTS payments_vpa_parts ON payments
        USING gin (upper(vpa) gin_trgm_ops) WITH (gin_pending_list_limit = 512);
    CREATE INDEX IF NOT EXISTS orders_receipt_parts ON orders
        USING gin (upper(receipt) gin_trgm_ops) WITH (gin_pending_list_limit = 512);
    RETURN true;
EXCEPTION WHEN undefined_file OR insufficient_privilege OR feature_not_supported THEN
    RAISE WARNING 'parts of texts are not indexed: %', SQLERRM;
    RETURN false;
END $$;
SELECT paygate_index_texts();
"""

# operations: one charge per payment that has not failed, and one at each processor; one operation
# per refund, one capture or void at a time. A charge that may have been sent has no fallbacks.
# Few rows are dead-lettered or have encrypted details, so their indexes are small.
OPERATIONS = """
ALTER TABLE operations
    DROP CONSTRAINT operations_merchant_id_fkey,
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
    ADD CONSTRAINT operations_fallbacks_check CHECK (
        fallbacks IS NULL OR (kind = 'charge' AND state IN ('reserved', 'sent'))),
    ADD CONSTRAINT operations_refund_check CHECK ((kind = 'refund') = (refund_id IS NOT NULL));
CREATE UNIQUE INDEX operations_one_charge ON operations (payment_id)
    WHERE kind = 'charge' AND state <> 'failed';
CREATE UNIQUE INDEX operations_one_charge_per_processor ON operations (payment_id, processor)
    WHERE kind = 'charge';
CREATE UNIQUE INDEX operations_one_refund ON operations (refund_id);
CREATE UNIQUE INDEX operations_one_capture_or_void ON operations (payment_id)
    WHERE kind IN ('capture', 'void') AND lease_state <> 'done';
CREATE INDEX operations_due ON operations (run_at) WHERE lease_state = 'ready';
CREATE INDEX operations_leased ON operations (lease_until) WHERE lease_token IS NOT NULL;
CREATE INDEX operations_dead ON operations (run_at) WHERE lease_state = 'dead';
CREATE INDEX operations_sealed ON operations (created_at)
    WHERE sealed IS NOT NULL AND sealed <> 'erased';
"""

# events: each final status of a payment has one event; a sequence numbers events as written.
EVENTS = """
CREATE SEQUENCE events_position_seq OWNED BY events.position;
ALTER TABLE events
    DROP CONSTRAINT events_merchant_id_fkey,
    DROP CONSTRAINT events_payment_id_fkey,
    ALTER COLUMN position SET DEFAULT nextval('events_position_seq');
CREATE UNIQUE INDEX events_one_ending ON events (payment_id, type)
    WHERE type IN ('payment.success', 'payment.failed', 'payment.cancelled');
CREATE INDEX events_merchant_position ON events (merchant_id, position);
CREATE INDEX events_newest ON events (merchant_id, created_at, position);
CREATE INDEX events_newest_by_type ON events (merchant_id, type, created_at, position);
CREATE INDEX events_age ON events USING brin (created_at);
"""

# webhook_logs: if SQL sets only the status of a delivery, a trigger sets the time of the next
# attempt and the endpoint.
# The predicate of webhook_logs_untried has ``attempts < 1`` where webhook_logs_first has
# ``attempts = 0``. The numbers are the same, but a search for the deliveries of one payment must
# not use an index of all first attempts, which looks as cheap while the table is small.
# The third key of webhook_logs_newest orders the events of a payment; it is null for others. An
# event that an endpoint does not subscribe to may have no delivery at all.
WEBHOOK_LOGS = """
ALTER TABLE webhook_logs
    DROP CONSTRAINT webhook_logs_merchant_id_fkey,
    ALTER COLUMN id SET DEFAULT gen_random_uuid(),
    ALTER COLUMN event_id SET DEFAULT 'evt_' || replace(gen_random_uuid()::text, '-', ''),
    ALTER COLUMN sink SET DEFAULT 'webhook_http',
    ALTER COLUMN status SET DEFAULT 'pending',
    ALTER COLUMN attempts SET DEFAULT 0,
    ALTER COLUMN claims SET DEFAULT 0,
    ALTER COLUMN is_manual SET DEFAULT false,
    ALTER COLUMN retry_requested SET DEFAULT false,
    ALTER COLUMN created_at SET DEFAULT now(),
    ADD CONSTRAINT webhook_logs_status_check CHECK (status IN ('pending', 'success', 'failed')),
    ADD CONSTRAINT webhook_logs_due_check
        CHECK ((status = 'pending') = (next_retry_at IS NOT NULL));
CREATE INDEX webhook_logs_next_retry_at ON webhook_logs (next_retry_at) WHERE status = 'pending';
CREATE INDEX webhook_logs_endpoint_due ON webhook_logs (endpoint_id, (attempts > 0), next_retry_at)
    WHERE status = 'pending';
CREATE INDEX webhook_logs_untried ON webhook_logs (payment_id, endpoint_id, seq)
    WHERE status = 'pending' AND attempts < 1;
CREATE INDEX webhook_logs_first ON webhook_logs (endpoint_id)
    WHERE status = 'pending' AND attempts = 0;
CREATE INDEX webhook_logs_again ON webhook_logs (next_retry_at)
    WHERE status = 'pending' AND attempts > 0;
CREATE INDEX webhook_logs_manual ON webhook_logs (endpoint_id)
    WHERE status = 'pending' AND is_manual;
CREATE INDEX webhook_logs_leased ON webhook_logs (lease_until) WHERE lease_token IS NOT NULL;
CREATE INDEX webhook_logs_dead ON webhook_logs (created_at)
    WHERE status = 'failed' AND last_error IS NOT NULL;
CREATE INDEX webhook_logs_age ON webhook_logs USING brin (created_at);
CREATE INDEX webhook_logs_newest ON webhook_logs (
    merchant_id, created_at, (coalesce(seq, 0)), id);
CREATE INDEX webhook_logs_newest_pending ON webhook_logs (
    merchant_id, created_at, (coalesce(seq, 0)), id) WHERE status = 'pending';
CREATE INDEX webhook_logs_newest_failed ON webhook_logs (
    merchant_id, created_at, (coalesce(seq, 0)), id) WHERE status = 'failed';
CREATE INDEX webhook_logs_newest_by_endpoint ON webhook_logs (
    endpoint_id, created_at, (coalesce(seq, 0)), id);
CREATE INDEX webhook_logs_newest_by_event ON webhook_logs (
    merchant_id, event, created_at, (coalesce(seq, 0)), id);
CREATE INDEX delivery_attempts_age ON delivery_attempts USING brin (started_at);

CREATE FUNCTION paygate_delivery_defaults() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.endpoint_id := coalesce(NEW.endpoint_id, NEW.merchant_id);
    IF NEW.status = 'pending' THEN
        NEW.next_retry_at := coalesce(NEW.next_retry_at, clock_timestamp());
    ELSE
        NEW.next_retry_at := NULL;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER webhook_logs_defaults BEFORE INSERT OR UPDATE OF status ON webhook_logs
    FOR EACH ROW WHEN (
        NEW.endpoint_id IS NULL OR (NEW.status = 'pending') <> (NEW.next_retry_at IS NOT NULL)
    ) EXECUTE FUNCTION paygate_delivery_defaults();
"""

# In this order, and without bitmaps, the index of the leases is read. Other plans read all
# deliveries of an endpoint, or leave the entries of ended leases in the index.
LEASED_DELIVERIES = """
SELECT w.endpoint_id, w.merchant_id FROM webhook_logs w
WHERE w.lease_token IS NOT NULL AND w.lease_until > clock_timestamp()
ORDER BY w.lease_until
"""

# Each query of a volatile function has its own snapshot, so leases are counted after the locks are
# held, and two workers together do not exceed the share of an endpoint. A worker that does not get
# the lock of an endpoint leaves it to the other. The locks are released at the end of the
# transaction that claims.
DELIVERY_SLOTS = f"""
CREATE FUNCTION paygate_leased_deliveries()
RETURNS TABLE (endpoint_id uuid, merchant_id uuid, leased bigint)
LANGUAGE plpgsql VOLATILE SET enable_bitmapscan = off AS $$
BEGIN
    RETURN QUERY
        WITH found AS MATERIALIZED ({LEASED_DELIVERIES})
        SELECT found.endpoint_id, found.merchant_id, count(*) FROM found
        GROUP BY found.endpoint_id, found.merchant_id;
END $$;
CREATE FUNCTION paygate_delivery_slots(endpoints uuid[], shares int[])
RETURNS TABLE (endpoint_id uuid, free int) LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    locked uuid[];
    locked_shares int[];
BEGIN
    SELECT array_agg(asked.endpoint), array_agg(asked.share) INTO locked, locked_shares
    FROM unnest(endpoints, shares) AS asked(endpoint, share)
    WHERE pg_try_advisory_xact_lock(hashtext('paygate_delivery_slots'), hashtext(asked.endpoint::text));
    RETURN QUERY
        SELECT mine.endpoint, greatest(0, mine.share - coalesce(busy.leased, 0))::int
        FROM unnest(locked, locked_shares) AS mine(endpoint, share)
            LEFT JOIN paygate_leased_deliveries() AS busy ON busy.endpoint_id = mine.endpoint;
END $$;
"""

# idempotency_keys: Tortoise has no composite primary keys.
IDEMPOTENCY_KEYS = """
ALTER TABLE idempotency_keys
    DROP CONSTRAINT idempotency_keys_merchant_id_fkey,
    DROP CONSTRAINT idempotency_keys_pkey,
    ADD PRIMARY KEY (key, merchant_id),
    ALTER COLUMN fingerprint SET DEFAULT ''::varchar,
    ALTER COLUMN response_code SET DEFAULT 200,
    ALTER COLUMN created_at SET DEFAULT now(),
    ALTER COLUMN expires_at SET DEFAULT now() + interval '24 hours';
"""

# processor_callbacks: old rows are purged.
PROCESSOR_CALLBACKS = """
ALTER TABLE processor_callbacks
    ADD CONSTRAINT processor_callbacks_effect_check CHECK (effect IN (
        'received', 'applied', 'duplicate', 'no_effect', 'refused', 'quarantined', 'conflict'));
CREATE INDEX processor_callbacks_received_at ON processor_callbacks (received_at);
"""

# plugin_calls: old rows are purged; recent rows show a plugin's health.
PLUGIN_CALLS = """
CREATE INDEX plugin_calls_started_at ON plugin_calls (started_at);
"""

# workers: without breakers all processors respond.
WORKERS = """
ALTER TABLE workers ALTER COLUMN breakers SET DEFAULT '{}';
"""

# test_clock: an app has one clock.
TEST_CLOCK = """
ALTER TABLE test_clock ADD CONSTRAINT test_clock_one_row CHECK (id = 1);
"""

# The lease is one row: its owner deletes old rows, and other workers do not.
RETENTION = """
CREATE TABLE retention_lease (
    id smallint PRIMARY KEY CHECK (id = 1),
    owner varchar(64) NOT NULL,
    until timestamptz NOT NULL
);
CREATE TABLE retention_progress (
    rows varchar(40) PRIMARY KEY,
    position timestamptz NOT NULL,
    began_at timestamptz NOT NULL
);
"""


class Migration(migrations.Migration):
    dependencies = [("paygate", "0001_tables")]

    initial = False

    # One operation: Tortoise copies its state of all tables for each.
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
                PARTS_OF_TEXTS,
                OPERATIONS,
                EVENTS,
                WEBHOOK_LOGS,
                DELIVERY_SLOTS,
                IDEMPOTENCY_KEYS,
                PROCESSOR_CALLBACKS,
                PLUGIN_CALLS,
                WORKERS,
                TEST_CLOCK,
                RETENTION,
                *FIGURES,
            ]
        )
    ]
