"""The schema, step by step. Written once, never changed after it has shipped."""

from __future__ import annotations
