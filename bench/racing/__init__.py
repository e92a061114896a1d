"""Concurrent requests about one payment, over HTTP, and their results."""
