"""The plugin host: finds guests, checks them, and stands between them and the core."""
