"""Settles payments and delivers webhooks: ``arq worker.Settings``."""

from __future__ import annotations

import asyncio
import hmac
import json
import os
import time
from typing import Any

import aiohttp
from arq import Retry
from database import Merchant, Payment, Session, WebhookLog, redis_settings
from sqlalchemy import func, select, update

DELAY_S = int(os.environ["PROCESSING_DELAY"]) / 1000
EVENT = "payment.success"


async def process_payment(context: dict[str, Any], payment_id: str) -> None:
    await asyncio.sleep(DELAY_S)
    async with Session() as session:
        payment = await session.scalar(
            update(Payment)
            .where(Payment.id == payment_id, Payment.status == "pending")
            .values(status="success", updated_at=func.now())
            .returning(Payment)
        )
        if payment is None:
            return
        merchant = await session.get_one(Merchant, payment.merchant_id)
        log = None
        if merchant.webhook_url is not None:
            fields = {
                "id": payment.id,
                "order_id": payment.order_id,
                "amount": payment.amount,
                "currency": payment.currency,
                "method": payment.method,
                "vpa": payment.vpa,
                "status": payment.status,
                "created_at": payment.created_at.isoformat(),
            }
            payload = {"event": EVENT, "timestamp": int(time.time()), "data": {"payment": fields}}
            log = WebhookLog(merchant_id=merchant.id, event=EVENT, payload=payload)
            session.add(log)
        await session.commit()
    if log is not None:
        await context["redis"].enqueue_job("deliver", str(log.id))


async def deliver(context: dict[str, Any], log_id: str) -> None:
    async with Session() as session:
        found = await session.execute(
            select(WebhookLog, Merchant)
            .join(Merchant, Merchant.id == WebhookLog.merchant_id)
            .where(WebhookLog.id == log_id, WebhookLog.status == "pending")
        )
        row = found.one_or_none()
    if row is None:
        return
    log, merchant = row
    body = json.dumps(log.payload).encode()
    signature = hmac.new((merchant.webhook_secret or "").encode(), body, "sha256").hexdigest()
    headers = {"Content-Type": "application/json", "X-Webhook-Signature": signature}
    code, text = None, ""
    try:
        async with context["http"].post(merchant.webhook_url, data=body, headers=headers) as answer:
            code, text = answer.status, await answer.text()
    except (aiohttp.ClientError, TimeoutError) as error:
        text = repr(error)
    ok = code is not None and 200 <= code < 300
    async with Session() as session:
        await session.execute(
            update(WebhookLog)
            .where(WebhookLog.id == log.id)
            .values(
                status="success" if ok else "pending",
                attempts=WebhookLog.attempts + 1,
                last_attempt_at=func.now(),
                response_code=code,
                response_body=text,
            )
        )
        await session.commit()
    if not ok:
        raise Retry(defer=2 ** context["job_try"])


async def on_startup(context: dict[str, Any]) -> None:
    context["http"] = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5))


async def on_shutdown(context: dict[str, Any]) -> None:
    await context["http"].close()


class Settings:
    functions = (process_payment, deliver)
    redis_settings = redis_settings
    on_startup = on_startup
    on_shutdown = on_shutdown
    max_jobs = 50
    poll_delay = 0.05
    keep_result = 0
