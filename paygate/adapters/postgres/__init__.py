"""PostgreSQL with Tortoise ORM, and with asyncpg on the same pool for hot paths."""

from __future__ import annotations
