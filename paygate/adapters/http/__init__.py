"""The guarded HTTP client: the only way for plugins to the network."""
