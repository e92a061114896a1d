"""Attacks on a running gateway: random requests, hostile bytes and floods. ``make attack``."""
