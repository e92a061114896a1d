"""PostgreSQL, through Tortoise ORM and, where it is hot, by hand on the same pool."""

from __future__ import annotations
