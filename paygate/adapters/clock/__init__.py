"""Clocks: the database's, and one that tests can stop and move."""
