"""What moves on a page."""

from __future__ import annotations

ENDLESS = """() => document.getAnimations()
    .filter(each => each.effect.getComputedTiming().iterations === Infinity)
    .map(each => each.animationName)"""
"""A script for a page: the names of the animations that never end."""
