"""A payment gateway in the usual style of FastAPI and SQLAlchemy, to compare paygate with."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Annotated, Any

from arq import create_pool
from database import IdempotencyKey, Merchant, Order, Payment, Session, new_id, redis_settings
from fastapi import Depends, FastAPI, Header, HTTPException, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

VPA = re.compile(r"[a-zA-Z0-9._-]+@[a-zA-Z0-9]+")


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    app.state.queue = await create_pool(redis_settings)
    yield
    await app.state.queue.aclose()


app = FastAPI(lifespan=lifespan)


class OrderIn(BaseModel):
    amount: int = Field(ge=100)
    currency: str = "INR"
    receipt: str | None = None
    notes: dict[str, Any] | None = None


class OrderOut(OrderIn):
    model_config = ConfigDict(from_attributes=True)

    id: str
    status: str
    created_at: datetime


class PaymentIn(BaseModel):
    order_id: str
    method: str
    vpa: str | None = None


class PaymentOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: str
    order_id: str
    amount: int
    currency: str
    method: str
    vpa: str | None
    status: str
    captured: bool
    error_code: str | None
    error_description: str | None
    created_at: datetime
    updated_at: datetime


class PaymentList(BaseModel):
    data: list[PaymentOut]
    total: int
    limit: int
    offset: int


async def open_session() -> AsyncIterator[AsyncSession]:
    async with Session() as session:
        yield session


Database = Annotated[AsyncSession, Depends(open_session)]


async def authenticate(
    session: Database,
    x_api_key: Annotated[str, Header()] = "",
    x_api_secret: Annotated[str, Header()] = "",
) -> Merchant:
    merchant = await session.scalar(
        select(Merchant).where(
            Merchant.api_key == x_api_key, Merchant.api_secret == x_api_secret, Merchant.is_active
        )
    )
    if merchant is None:
        raise HTTPException(401, "Invalid API credentials")
    return merchant


Caller = Annotated[Merchant, Depends(authenticate)]


@app.get("/health")
async def health(session: Database) -> dict[str, str]:
    await session.execute(select(1))
    return {"status": "healthy", "database": "connected"}


@app.post("/api/v1/orders", status_code=201)
async def create_order(body: OrderIn, session: Database, merchant: Caller) -> OrderOut:
    order = Order(id=new_id("order_"), merchant_id=merchant.id, **body.model_dump())
    session.add(order)
    await session.commit()
    return OrderOut.model_validate(order)


@app.post("/api/v1/payments", status_code=201, response_model=PaymentOut)
async def create_payment(
    body: PaymentIn,
    request: Request,
    session: Database,
    merchant: Caller,
    idempotency_key: Annotated[str | None, Header()] = None,
) -> Any:
    if idempotency_key:
        stored = await session.scalar(
            select(IdempotencyKey.response).where(
                IdempotencyKey.key == idempotency_key,
                IdempotencyKey.merchant_id == merchant.id,
                IdempotencyKey.expires_at > func.now(),
            )
        )
        if stored is not None:
            return stored
    if body.method != "upi":
        raise HTTPException(400, "Invalid payment method")
    if not VPA.fullmatch(body.vpa or ""):
        raise HTTPException(400, "VPA format invalid")
    order = await session.scalar(
        select(Order).where(Order.id == body.order_id, Order.merchant_id == merchant.id)
    )
    if order is None:
        raise HTTPException(404, "Order not found")
    payment = Payment(
        id=new_id("pay_"),
        order_id=order.id,
        merchant_id=merchant.id,
        amount=order.amount,
        currency=order.currency,
        method=body.method,
        vpa=body.vpa,
    )
    session.add(payment)
    await session.commit()
    await request.app.state.queue.enqueue_job("process_payment", payment.id)
    response = PaymentOut.model_validate(payment)
    if idempotency_key:
        await session.execute(
            insert(IdempotencyKey)
            .values(
                key=idempotency_key,
                merchant_id=merchant.id,
                response=response.model_dump(mode="json"),
            )
            .on_conflict_do_nothing()
        )
        await session.commit()
    return response


@app.get("/api/v1/payments")
async def list_payments(
    session: Database,
    merchant: Caller,
    limit: Annotated[int, Query(ge=1, le=100)] = 10,
    offset: Annotated[int, Query(ge=0)] = 0,
) -> PaymentList:
    mine = Payment.merchant_id == merchant.id
    found = await session.scalars(
        select(Payment).where(mine).order_by(Payment.created_at.desc()).limit(limit).offset(offset)
    )
    total = await session.scalar(select(func.count()).select_from(Payment).where(mine))
    data = [PaymentOut.model_validate(each) for each in found]
    return PaymentList(data=data, total=total or 0, limit=limit, offset=offset)


@app.get("/api/v1/payments/{payment_id}")
async def get_payment(payment_id: str, session: Database, merchant: Caller) -> PaymentOut:
    payment = await session.scalar(
        select(Payment).where(Payment.id == payment_id, Payment.merchant_id == merchant.id)
    )
    if payment is None:
        raise HTTPException(404, "Payment not found")
    return PaymentOut.model_validate(payment)
