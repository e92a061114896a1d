"""Adapters: one package for each port. They do not import each other."""
