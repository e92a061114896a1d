"""The guarded HTTP client, which is the only network access of plugins."""
