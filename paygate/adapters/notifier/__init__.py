"""Notifiers: inside one process, and over SAQ and Redis."""
