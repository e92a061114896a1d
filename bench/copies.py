"""Databases filled with copies of rows that paygate itself has stored.

The rows of one payment, whatever this version stores, are kept in a schema of their own and
copied by SQL, each copy with ids of its own. No column is named here, so that a change of
paygate's tables does not change the benchmark.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

# Of these the rows stay when a database is emptied; all others belong to payments.
KEPT_TABLES = {
    "api_keys",
    "merchants",
    "plugin_settings",
    "retention_lease",
    "retention_progress",
    "sessions",
    "tortoise_migrations",
    "users",
    "webhook_endpoints",
    "workers",
}
# What was once, which no request of the loads reads: it would only take time to copy.
HISTORY_TABLES = {"payment_decisions", "payment_transitions", "plugin_calls"}
# Counted again from the copies, because they are written without triggers.
FIGURE_TABLES = {"figure_changes", "hourly_figures", "merchant_totals"}
# Rows whose writing a checkpoint would interrupt.
MUCH = 100_000
# An id of ours: a prefix, and enough characters to be no word.
ID = re.compile(r"[a-z]+_[A-Za-z0-9]{16,}")


async def payment_tables(connection: asyncpg.Connection[Any]) -> list[str]:
    """Return the tables whose rows belong to payments."""
    listed = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    return sorted({str(row[0]) for row in listed} - KEPT_TABLES)


async def remove_payments(connection: asyncpg.Connection[Any]) -> None:
    """Remove all payments and orders, and what belongs to them."""
    async with connection.transaction():
        # Without triggers: that of the audit log refuses it.
        await connection.execute("SET LOCAL session_replication_role = replica")
        tables = ", ".join(await payment_tables(connection))
        await connection.execute(f"TRUNCATE {tables}")


class Copies:
    """Rows that are kept in a schema, to be copied.

    Args:
        connection: To paygate's database.
        schema: Holds the rows. What was in it before is gone.
    """

    def __init__(self, connection: asyncpg.Connection[Any], schema: str) -> None:
        self._connection = connection
        self._schema = schema
        self._uuids: set[UUID] = set()
        self.tables: list[str] = []

    async def keep_order(self, id: str) -> None:
        """Keep one order, and leave it where it is."""
        await self._begin()
        order = f"CREATE TABLE {self._schema}.orders AS SELECT * FROM orders WHERE id = '{id}'"
        await self._connection.execute(order)
        self.tables = ["orders"]

    async def keep(self) -> None:
        """Keep what belongs to payments now, and remove it from paygate's tables."""
        await self._begin()
        left_out = HISTORY_TABLES | FIGURE_TABLES
        for table in sorted({*await payment_tables(self._connection)} - left_out):
            if await self._connection.fetchval(f"SELECT EXISTS (SELECT FROM {table})"):
                kept = f"{self._schema}.{table}"
                await self._connection.execute(f"CREATE TABLE {kept} AS TABLE {table}")
                self.tables.append(table)
                rows = await self._connection.fetch(f"SELECT * FROM {kept}")
                self._uuids |= {row["id"] for row in rows if isinstance(row.get("id"), UUID)}
        await remove_payments(self._connection)

    async def _begin(self) -> None:
        await self._connection.execute(f"DROP SCHEMA IF EXISTS {self._schema} CASCADE")
        await self._connection.execute(f"CREATE SCHEMA {self._schema}")
        self.tables = []

    async def fill(self, count: int) -> None:
        """Empty paygate's tables and store so many copies of everything."""
        await remove_payments(self._connection)
        async with self._writing_much(count):
            for table in self.tables:
                async with self._without_indexes(table):
                    await self.insert(table, count)
        await self._connection.execute("SELECT paygate_count_all()")
        await self._connection.execute("VACUUM ANALYZE")

    async def insert(self, table: str, count: int, *, salt: str = "") -> None:
        """Store so many copies of the rows of one table.

        Args:
            table: Which one.
            count: How many copies.
            salt: Makes other ids than another salt does.
        """
        numbers = f"generate_series(1, {count}) AS n"
        await self._connection.execute(await self.insert_statement(table, numbers, salt))

    async def insert_statement(self, table: str, numbers: str, salt: str = "") -> str:
        """Return the statement that stores a copy of a table's rows for every number ``n``.

        Args:
            table: Which one.
            numbers: Where the numbers come from.
            salt: Makes other ids than another salt does.
        """
        kept = f"{self._schema}.{table}"
        columns = await columns_of(self._connection, table)
        example = await self._connection.fetchrow(f"SELECT * FROM {kept}")
        assert example is not None
        values = ", ".join(self._value(name, example[name], salt) for name in columns)
        return (
            f"INSERT INTO {table} ({', '.join(columns)}) SELECT {values} FROM {kept} t, {numbers}"
        )

    async def pay_orders_statement(self, numbers: str) -> str:
        """Return the statement that marks the copy of an order as attempted, for every ``n``."""
        kept = f"{self._schema}.orders"
        id = await self._connection.fetchval(f"SELECT id FROM {kept}")
        return (
            "UPDATE orders SET status = 'attempted', updated_at = now()"
            f" FROM (SELECT {self._value('id', id, '')} AS id FROM {kept} t, {numbers}) AS paid"
            " WHERE orders.id = paid.id AND orders.status = 'created'"
        )

    def _value(self, column: str, value: object, salt: str) -> str:
        """Return the SQL of a column of a copy.

        The same id gives the same new one in every table, so that rows of different tables
        still belong together.
        """
        if isinstance(value, str) and ID.fullmatch(value):
            digest = f"md5(t.{column} || '{salt}' || n)"
            return f"split_part(t.{column}, '_', 1) || '_' || substr({digest}, 1, 16)"
        if value in self._uuids:
            # Other UUIDs are those of merchants and endpoints, which are not copied.
            return f"md5(t.{column}::text || '{salt}' || n)::uuid"
        if isinstance(value, datetime):
            # Each is older than the one before.
            return f"t.{column} - n * interval '1 second'"
        return f"t.{column}"

    @asynccontextmanager
    async def _writing_much(self, count: int) -> AsyncIterator[None]:
        """Write without triggers and foreign keys; much of it without checkpoints in between."""
        execute, is_much = self._connection.execute, count >= MUCH
        if is_much:
            await execute("ALTER SYSTEM SET max_wal_size = '32GB'")
            await execute("SELECT pg_reload_conf()")
        await execute("SET session_replication_role = replica")
        await execute("SET maintenance_work_mem = '512MB'")
        try:
            yield
        finally:
            await execute("RESET maintenance_work_mem")
            await execute("RESET session_replication_role")
            if is_much:
                await execute("ALTER SYSTEM RESET max_wal_size")
                await execute("SELECT pg_reload_conf()")

    @asynccontextmanager
    async def _without_indexes(self, table: str) -> AsyncIterator[None]:
        """Build a table's indexes afterwards, except those of its constraints."""
        indexes = await self._connection.fetch(
            "SELECT indexrelid::regclass::text AS name, pg_get_indexdef(indexrelid) AS definition"
            " FROM pg_index WHERE indrelid = $1::regclass AND NOT EXISTS"
            " (SELECT FROM pg_constraint WHERE conindid = indexrelid)",
            table,
        )
        async with self._connection.transaction():
            for index in indexes:
                await self._connection.execute(f"DROP INDEX {index['name']}")
            yield
            for index in indexes:
                await self._connection.execute(index["definition"])


def copied_id(id: str, number: int, salt: str = "") -> str:
    """Return the id that a copy has, as the statements make it."""
    digest = hashlib.md5(f"{id}{salt}{number}".encode()).hexdigest()
    return f"{id.partition('_')[0]}_{digest[:16]}"


async def columns_of(connection: asyncpg.Connection[Any], table: str) -> Sequence[str]:
    """Return the columns to write: not those that count by themselves."""
    rows = await connection.fetch(
        "SELECT column_name FROM information_schema.columns"
        " WHERE table_schema = 'public' AND table_name = $1 AND is_generated = 'NEVER'"
        " AND is_identity = 'NO' AND coalesce(column_default, '') NOT LIKE 'nextval%'"
        " ORDER BY ordinal_position",
        table,
    )
    return [str(row[0]) for row in rows]
