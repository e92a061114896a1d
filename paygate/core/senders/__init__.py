"""Senders of requests: their addresses, and how much they may send."""
