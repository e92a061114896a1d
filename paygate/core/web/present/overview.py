"""Figures to the wire's words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from ...figures import Figures, QueueCounts, StuckWork, Window, WorkerSeen
from ...payments.store import Attention
from ...queue.notifier import Queue
from ...redaction import redact
from ..wire import overview as wire
from .entities import timestamp


def overview(window: Window, figures: Figures) -> wire.Overview:
    """``GET /overview``."""
    return {
        "from": timestamp(window.since),
        "to": timestamp(window.until),
        "bucket_s": int(window.bucket.total_seconds()),
        "volume": [
            {
                "at": timestamp(window.since + row["bucket"] * window.bucket),
                "payments": row["payments"],
                "succeeded": row["succeeded"],
                "failed": row["failed"],
                "amount_minor": row["amount_minor"],
            }
            for row in figures.volume
        ],
        "methods": [wire.MethodShare(**row) for row in figures.methods],  # type: ignore[typeddict-item]  # rows of that shape
        "declines": [wire.DeclineShare(**row) for row in figures.declines],  # type: ignore[typeddict-item]  # rows of that shape
        "latency_ms": wire.Latency(**figures.latency),  # type: ignore[typeddict-item]  # a row of that shape
        "deliveries": wire.DeliveryFigures(**figures.deliveries),  # type: ignore[typeddict-item]  # a row of that shape
        "refunds": wire.RefundFigures(**figures.refunds),  # type: ignore[typeddict-item]  # a row of that shape
    }


def attention(found: Sequence[Attention]) -> wire.AttentionList:
    """``GET /attention``."""
    return {"data": [attention_item(each) for each in found]}


def attention_item(found: Attention) -> wire.AttentionItem:
    """One of them."""
    resolved: wire.AttentionResolved | None = None
    if found.resolved_at is not None:
        resolved = {
            "at": timestamp(found.resolved_at),
            "by": found.resolved_by or "",
            "note": found.note or "",
        }
    return {
        "id": found.id,
        "kind": found.kind,
        "at": timestamp(found.at),
        "processor": found.processor,
        "payment_id": found.payment_id,
        "operation_id": found.operation_id,
        "reason": found.reason,
        "resolved": resolved,
    }


def workers(
    seen: Sequence[WorkerSeen], queues: Sequence[QueueCounts], stuck: Sequence[StuckWork]
) -> wire.Workers:
    """``GET /workers``."""
    return {
        "workers": [
            {
                "id": each.id,
                "kind": each.kind,
                "started_at": timestamp(each.started_at),
                "heartbeat_at": timestamp(each.heartbeat_at),
                "is_alive": each.is_alive,
            }
            for each in seen
        ],
        "queues": [
            {
                "name": each.queue,
                "waiting": each.waiting,
                "due": each.due,
                "leased": each.leased,
                "set_aside": each.set_aside,
                "oldest_due_at": moment(each.oldest_due_at),
            }
            for each in queues
        ],
        "stuck": [
            {
                "id": each.id,
                "queue": each.queue,
                "state": each.state,
                "payment_id": each.payment_id,
                "due_at": moment(each.due_at),
                "claims": each.claims,
                "reason": redact(each.reason),
            }
            for each in stuck
        ],
    }


def released(row_id: str, queue: Queue, due_at: datetime) -> wire.Released:
    """``POST /workers/stuck/{queue}/{id}/release``."""
    return {"id": row_id, "queue": queue, "due_at": timestamp(due_at)}


def moment(at: datetime | None) -> str | None:
    """A timestamp, or null."""
    return timestamp(at) if at else None
