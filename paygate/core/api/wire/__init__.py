"""Dialects of plugins: the APIs of other gateways, served by the app."""
