"""Forgetting what is old."""


def _purge(table: str, at: str) -> str:
    # Several workers keep house; each takes rows that no other is at.
    return f"""
    DELETE FROM {table} WHERE id IN (
        SELECT id FROM {table} WHERE {at} < $1 ORDER BY {at} LIMIT $2 FOR UPDATE SKIP LOCKED
    ) RETURNING id
    """


PURGE_CALLS = _purge("plugin_calls", "started_at")

PURGE_CALLBACKS = _purge("processor_callbacks", "received_at")
