"""Responses that are stored by idempotency key."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from paygate.core.idempotency import Answer, StoredAnswer
from tests.harness.apps import TestApp

MERCHANT = UUID("550e8400-e29b-41d4-a716-446655440000")


async def test_only_an_expired_response_is_replaced(app: TestApp):
    now, hour = app.app.deps.clock.now(), timedelta(hours=1)

    async def remember(text: str, at: object) -> bool:
        kept = StoredAnswer(frozenset({"f"}), Answer(200, text.encode()), now + hour)
        async with app.app.storage.transaction() as storage:
            return await storage.idempotency.save(MERCHANT, "k", kept, at=at)

    stored = [await remember("1", now), await remember("2", now + hour / 2)]
    assert stored == [True, False]
    assert await app.value("SELECT response::text FROM idempotency_keys") == "1"
    assert await remember("3", now + hour)
    assert await app.value("SELECT response::text FROM idempotency_keys") == "3"
