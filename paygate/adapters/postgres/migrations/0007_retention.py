"""Find old rows, and delete them."""

from __future__ import annotations

from tortoise import migrations
from tortoise.migrations import operations as ops

# The lease is one row: its owner deletes old rows, and other workers do not.
TABLES = """
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

# Rows are added in the order of their times, so a BRIN index is enough to find old ones.
INDEXES = """
CREATE INDEX delivery_attempts_age ON delivery_attempts USING brin (started_at);
CREATE INDEX audit_log_age ON audit_log USING brin (at);
"""

# audit_log: entries can be added, and deleted by a transaction that names a time since when
# entries are kept. That is housekeeping, where a setting limits the age of entries.
AUDIT_LOG = """
CREATE FUNCTION paygate_audit_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.at < nullif(current_setting('paygate.audit_kept_since', true), '')::timestamptz THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'rows of audit_log cannot be changed or deleted'
        USING ERRCODE = 'restrict_violation';
END $$;
DROP TRIGGER audit_log_is_append_only ON audit_log;
CREATE TRIGGER audit_log_is_append_only BEFORE UPDATE OR TRUNCATE ON audit_log
    FOR EACH STATEMENT EXECUTE FUNCTION paygate_audit_is_append_only();
CREATE TRIGGER audit_log_is_kept BEFORE DELETE ON audit_log
    FOR EACH ROW EXECUTE FUNCTION paygate_audit_is_kept();
"""


class Migration(migrations.Migration):
    dependencies = [("paygate", "0006_claims_of_deliveries")]

    initial = False

    operations = [ops.RunSQL([TABLES, INDEXES, AUDIT_LOG])]
