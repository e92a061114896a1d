"""Paths and words of other gateways, whose clients work against us unchanged.

Where all of them agree, the route is in the module of its resource. What only one of
them does is here, and nothing but the composition root imports it.
"""
