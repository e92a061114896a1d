"""Interfaces that plugins implement, and the contexts that they receive."""
