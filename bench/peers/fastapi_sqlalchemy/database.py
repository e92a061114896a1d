"""The tables of ``peers/schema.sql``, the database and the queue."""

from __future__ import annotations

import os
import secrets
import string
from datetime import datetime
from typing import Any
from uuid import UUID

from arq.connections import RedisSettings
from sqlalchemy import JSON, DateTime, ForeignKey, String, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

# Server and database come from PGHOST, PGUSER and PGDATABASE.
engine = create_async_engine("postgresql+asyncpg://", pool_size=10, max_overflow=0)
Session = async_sessionmaker(engine, expire_on_commit=False)
redis_settings = RedisSettings(
    unix_socket_path=os.environ["REDIS_SOCKET"], database=int(os.environ["REDIS_DB"])
)

ALPHABET = string.ascii_letters + string.digits
Time = DateTime(timezone=True)


def new_id(prefix: str) -> str:
    return prefix + "".join(secrets.choice(ALPHABET) for _ in range(16))


class Base(DeclarativeBase):
    pass


class Merchant(Base):
    __tablename__ = "merchants"

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=func.gen_random_uuid())
    name: Mapped[str]
    email: Mapped[str]
    api_key: Mapped[str] = mapped_column(String(64))
    api_secret: Mapped[str] = mapped_column(String(64))
    webhook_url: Mapped[str | None]
    webhook_secret: Mapped[str | None]
    is_active: Mapped[bool]


class Order(Base):
    __tablename__ = "orders"

    id: Mapped[str] = mapped_column(primary_key=True)
    merchant_id: Mapped[UUID] = mapped_column(ForeignKey("merchants.id"))
    amount: Mapped[int]
    currency: Mapped[str] = mapped_column(default="INR")
    receipt: Mapped[str | None]
    notes: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    status: Mapped[str] = mapped_column(default="created")
    created_at: Mapped[datetime] = mapped_column(Time, server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(Time, server_default=func.now())


class Payment(Base):
    __tablename__ = "payments"

    id: Mapped[str] = mapped_column(primary_key=True)
    order_id: Mapped[str] = mapped_column(ForeignKey("orders.id"))
    merchant_id: Mapped[UUID] = mapped_column(ForeignKey("merchants.id"))
    amount: Mapped[int]
    currency: Mapped[str]
    method: Mapped[str]
    status: Mapped[str] = mapped_column(default="pending")
    vpa: Mapped[str | None]
    captured: Mapped[bool] = mapped_column(default=False)
    error_code: Mapped[str | None]
    error_description: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(Time, server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(Time, server_default=func.now())


class IdempotencyKey(Base):
    __tablename__ = "idempotency_keys"

    key: Mapped[str] = mapped_column(primary_key=True)
    merchant_id: Mapped[UUID] = mapped_column(ForeignKey("merchants.id"), primary_key=True)
    response: Mapped[Any] = mapped_column(JSON)
    expires_at: Mapped[datetime] = mapped_column(
        Time, server_default=func.now() + func.make_interval(0, 0, 0, 1)
    )


class WebhookLog(Base):
    __tablename__ = "webhook_logs"

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=func.gen_random_uuid())
    merchant_id: Mapped[UUID] = mapped_column(ForeignKey("merchants.id"))
    event: Mapped[str]
    payload: Mapped[Any] = mapped_column(JSON)
    status: Mapped[str] = mapped_column(default="pending")
    attempts: Mapped[int] = mapped_column(default=0)
    last_attempt_at: Mapped[datetime | None] = mapped_column(Time)
    response_code: Mapped[int | None]
    response_body: Mapped[str | None]
