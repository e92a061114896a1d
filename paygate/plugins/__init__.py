"""The plugin host: finds plugins, checks them, and isolates their calls from the core."""
