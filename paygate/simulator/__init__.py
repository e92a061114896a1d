"""Shared parts of simulated processors: decisions, delays and stored operations."""
