"""Figures of payments and refunds, kept by the transactions that change them: SQL of ``0002_rules``.

Each statement that changes payments or refunds appends what it adds to the figures to
``figure_changes``: concurrent payments of a merchant never wait for a counter. Housekeeping
adds the changes to ``hourly_figures`` and ``merchant_totals``. A reader adds up both.
"""

from __future__ import annotations

KEY = "merchant_id, hour, method, currency, decline_code"
SUMS = "payments, succeeded, failed, captured_minor, refunds, refunded_minor"
_SUMMED = ", ".join(f"sum({name})" for name in SUMS.split(", "))

# figure_changes has no primary key: rows are only added, read by merchant, and deleted in
# batches. The decline code is empty for payments that have not failed, the method for refunds.
TABLES = """
CREATE TABLE figure_changes (
    merchant_id uuid NOT NULL,
    hour timestamptz NOT NULL,
    method varchar(20) NOT NULL,
    currency varchar(3) NOT NULL,
    decline_code varchar(50) NOT NULL,
    payments bigint NOT NULL,
    succeeded bigint NOT NULL,
    failed bigint NOT NULL,
    captured_minor bigint NOT NULL,
    refunds bigint NOT NULL,
    refunded_minor bigint NOT NULL
);
CREATE INDEX figure_changes_merchant ON figure_changes (merchant_id);
CREATE TABLE hourly_figures (
    LIKE figure_changes,
    PRIMARY KEY (merchant_id, hour, method, currency, decline_code)
);
CREATE TABLE merchant_totals (
    merchant_id uuid NOT NULL,
    currency varchar(3) NOT NULL,
    payments bigint NOT NULL,
    succeeded bigint NOT NULL,
    captured_minor bigint NOT NULL,
    PRIMARY KEY (merchant_id, currency)
);
"""


def payments_of(rows: str, sign: int) -> str:
    """Return a statement: what each payment adds to the figures."""
    return f"""
        SELECT merchant_id, date_trunc('hour', created_at, 'UTC') AS hour, method, currency,
            CASE WHEN status = 'failed' THEN coalesce(decline_code, '') ELSE '' END
                AS decline_code,
            {sign} AS payments, {sign} * (status = 'success')::int AS succeeded,
            {sign} * (status = 'failed')::int AS failed,
            CASE WHEN status = 'success' THEN {sign} * amount_captured ELSE 0 END
                AS captured_minor,
            0 AS refunds, 0 AS refunded_minor
        FROM {rows}"""


def refunds_of(rows: str, sign: int) -> str:
    """Return a statement: what each refund adds to the figures. A failed one adds nothing."""
    return f"""
        SELECT merchant_id, date_trunc('hour', created_at, 'UTC') AS hour, '' AS method, currency,
            '' AS decline_code, 0 AS payments, 0 AS succeeded, 0 AS failed, 0 AS captured_minor,
            {sign} AS refunds, {sign} * amount AS refunded_minor
        FROM {rows} WHERE status <> 'failed'"""


def add_sums(table: str, *rows: str) -> str:
    """Return a statement that adds the sums of rows to a table; sums of zero are left out."""
    return f"""
    INSERT INTO {table} ({KEY}, {SUMS})
    SELECT {KEY}, {_SUMMED} FROM ({" UNION ALL ".join(rows)}) AS rows GROUP BY {KEY}
    HAVING ({_SUMMED}) <> (0, 0, 0, 0, 0, 0);"""


# A change of status that the figures do not show, such as from pending to processing, adds
# nothing. The functions are called once per statement.
PAYMENTS = f"""
CREATE FUNCTION paygate_count_payments() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        {add_sums("figure_changes", payments_of("new_rows", 1))}
    ELSIF TG_OP = 'UPDATE' THEN
        {add_sums("figure_changes", payments_of("old_rows", -1), payments_of("new_rows", 1))}
    ELSE
        {add_sums("figure_changes", payments_of("old_rows", -1))}
    END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION paygate_count_refunds() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        {add_sums("figure_changes", refunds_of("new_rows", 1))}
    ELSIF TG_OP = 'UPDATE' THEN
        {add_sums("figure_changes", refunds_of("old_rows", -1), refunds_of("new_rows", 1))}
    ELSE
        {add_sums("figure_changes", refunds_of("old_rows", -1))}
    END IF;
    RETURN NULL;
END $$;
"""


def triggers(table: str) -> str:
    """Return the triggers that count a table's changes."""
    function = f"FOR EACH STATEMENT EXECUTE FUNCTION paygate_count_{table}()"
    return f"""
CREATE TRIGGER {table}_count_new AFTER INSERT ON {table}
    REFERENCING NEW TABLE AS new_rows {function};
CREATE TRIGGER {table}_count_changed AFTER UPDATE ON {table}
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows {function};
CREATE TRIGGER {table}_count_deleted AFTER DELETE ON {table}
    REFERENCING OLD TABLE AS old_rows {function};
CREATE TRIGGER {table}_count_none AFTER TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION paygate_count_again();
"""


# For rows that were stored before, or without triggers. No transaction changes payments or
# refunds meanwhile.
COUNT_AGAIN = f"""
CREATE FUNCTION paygate_count_all() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    LOCK TABLE payments, refunds IN SHARE MODE;
    DELETE FROM figure_changes;
    DELETE FROM hourly_figures;
    DELETE FROM merchant_totals;
    {add_sums("hourly_figures", payments_of("payments", 1), refunds_of("refunds", 1))}
    INSERT INTO merchant_totals (merchant_id, currency, payments, succeeded, captured_minor)
    SELECT merchant_id, currency, sum(payments), sum(succeeded), sum(captured_minor)
    FROM hourly_figures GROUP BY merchant_id, currency HAVING sum(payments) <> 0;
END $$;
CREATE FUNCTION paygate_count_again() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM paygate_count_all();
    RETURN NULL;
END $$;
"""


FIGURES = [TABLES, PAYMENTS, COUNT_AGAIN, triggers("payments"), triggers("refunds")]
