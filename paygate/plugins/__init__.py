"""The plugin host: finds plugins, checks them, and stands between them and the core."""
