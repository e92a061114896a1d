"""The installation: health, the test merchant, jobs, tables."""

from __future__ import annotations

from ..case import Case, Clause, clause
from ..gateway import NO_KEYS
from ..matching import TIME, WHOLE

TEST_MERCHANT = {
    "id": "550e8400-e29b-41d4-a716-446655440000",
    "email": "test@example.com",
    "api_key": "key_test_abc123",
    "seeded": True,
}


@clause(
    "K1",
    "`GET /health` answers 200 without keys: status healthy, database connected, and a UTC time.",
)
async def health(case: Case) -> None:
    """Check ``GET /health``."""
    answer = await case.gateway.call("GET", "/health", keys=NO_KEYS)
    answer.must(200, {"status": "healthy", "database": "connected", "timestamp": TIME})


@clause(
    "K2", "`GET /test/merchant` answers without keys exactly the id, address and key of the seed."
)
async def seeded_merchant(case: Case) -> None:
    """Check ``GET /test/merchant``."""
    answer = await case.gateway.call("GET", "/test/merchant", keys=NO_KEYS)
    answer.must(200, TEST_MERCHANT, exactly=True)


@clause(
    "K16",
    "`GET /test/jobs/status` answers without keys exactly four whole numbers, and worker_status "
    "running while a worker runs.",
    unseen=("that worker_status becomes stopped: the worker would have to be ended",),
)
async def jobs(case: Case) -> None:
    """Check ``GET /test/jobs/status``."""
    counts = dict.fromkeys(("pending", "processing", "completed", "failed"), WHOLE)
    answer = await case.gateway.call("GET", "/test/jobs/status", keys=NO_KEYS)
    answer.must(200, {**counts, "worker_status": "running"}, exactly=True)


tables = Clause(
    "K20",
    "The database has the tables merchants, orders, payments, refunds, webhook_logs and "
    "idempotency_keys, with their columns and indexes.",
    None,
    unseen=("the tables: this command uses HTTP only; look at them with psql",),
)
