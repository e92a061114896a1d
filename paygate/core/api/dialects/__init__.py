"""Dialects of other gateways, whose clients work with paygate unchanged.

A route that all of them share is in the module of its resource. What only one of them
needs is here, and only the composition root imports it.
"""
