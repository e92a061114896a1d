"""What operators set of plugins."""

ALL = 'SELECT plugin, "values", sealed FROM plugin_settings'

LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('plugin_settings ' || $1, 0))"

FIND = f"{ALL} WHERE plugin = $1"

STORE = """
INSERT INTO plugin_settings (plugin, "values", sealed, updated_at)
VALUES ($1, $2::jsonb, $3, clock_timestamp())
ON CONFLICT (plugin) DO UPDATE
SET "values" = excluded."values", sealed = excluded.sealed, updated_at = excluded.updated_at
"""
