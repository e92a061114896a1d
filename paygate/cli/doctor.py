"""``paygate doctor``: report the configuration and stuck work."""

from __future__ import annotations

from collections.abc import AsyncIterator

from ..adapters.postgres.database import connection
from ..adapters.postgres.database_url import parse_database_url
from ..adapters.postgres.migrate import missing_migrations
from ..adapters.postgres.storage import PostgresStorage
from ..adapters.postgres.tables.searches import INDEXES_TEXTS
from ..adapters.postgres.tables.workers import ALIVE_IDS
from ..bootstrap import App, open_app
from ..core.clock import format_shift
from ..core.limits import OVERDUE_AFTER, STUCK_ROWS_MAX, WORKER_DEAD_AFTER
from ..core.redaction import redact
from .serve import machine_name
from .setup import Setup


async def doctor(setup: Setup) -> AsyncIterator[str]:
    """Yield lines for a person; the first word of each is ``ok``, ``note`` or ``warn``.

    Raises:
        OperatorError: Nothing can be checked, for example without a database.
    """
    storage = await PostgresStorage.connect(setup.settings.database_url, pool_size=2)
    try:
        version = await storage.executor.fetchval("SHOW server_version")
        yield f"ok    PostgreSQL {version}"
        missing = await missing_migrations(storage.executor)
        yield (
            f"warn  {len(missing)} migration(s) missing, run `paygate migrate`"
            if missing
            else "ok    the schema is up to date"
        )
        if not missing and not await storage.executor.fetchval(INDEXES_TEXTS):
            yield (
                "warn  searches for a part of a receipt or VPA read all rows: as an owner of the "
                "database, run `CREATE EXTENSION pg_trgm; SELECT paygate_index_texts()`"
            )
    finally:
        await storage.close()
    if missing:
        return
    tolerant = setup.settings.model_copy(update={"redis_optional": True})
    async with open_app(tolerant, setup.environ) as app:
        for line in [*_clock(app, setup.settings.port), *_plugins(app)]:
            yield line
        async for line in _work(app):
            yield line


def _clock(app: App, port: int) -> list[str]:
    clock = app.deps.test_clock
    if clock is None:
        return []
    if not clock.shown.is_moved:
        return ["ok    the test clock runs with the real time"]
    release = f"release it: curl -X POST http://localhost:{port}/api/v1/test/clock/release"
    if not clock.shown.is_held:
        return [f"note  the test clock runs {format_shift(clock.shown.shift)}; {release}"]
    at = f"{clock.shown.now():%Y-%m-%d %H:%M:%S} UTC"
    return [f"warn  the test clock is stopped at {at}: no work becomes due; {release}"]


def _plugins(app: App) -> list[str]:
    registry = app.deps.registry
    lines = [f"ok    plugin {name} {version}" for name, version in registry.plugins.items()]
    carried_out = {m for p in registry.processors.values() for m in p.capabilities.methods}
    lines += [
        f"warn  no processor supports method {method}"
        for method in registry.methods
        if method not in carried_out
    ]
    if not registry.methods:
        lines.append("warn  no payment method is installed, nothing can be paid")
    return lines


async def _work(app: App) -> AsyncIterator[str]:
    workers = app.deps.storage.workers
    notifier = await app.deps.notifier.is_connected()
    words = {
        True: "ok    workers are notified over Redis",
        False: "warn  Redis cannot be reached: workers poll the database once a second",
        None: "note  no Redis is configured: workers poll the database once a second",
    }
    refusal = app.deps.notifier.refusal
    yield (
        f"warn  Redis refuses the queue ({refusal}): workers poll the database"
        if refusal
        else words[notifier]
    )
    alive = await workers.alive(within=WORKER_DEAD_AFTER)
    yield (
        f"ok    {alive} worker(s) alive"
        if alive
        else "warn  no worker is running, start `paygate work`"
    )
    counts = await workers.counts()
    yield (
        f"note  work: {counts.waiting} waiting, {counts.leased} in progress, "
        f"{counts.done} done, {counts.failed} failed"
    )
    due_before = app.deps.clock.now() - OVERDUE_AFTER
    for stuck in await workers.stuck(due_before=due_before, limit=STUCK_ROWS_MAX):
        yield redact(
            f"warn  {stuck.table} {stuck.row_id}: due {stuck.due_at:%Y-%m-%d %H:%M:%S} UTC, "
            f"claimed {stuck.claims} time(s), {stuck.reason}"
        )


async def worker_lives(setup: Setup) -> bool:
    """Check whether a worker of this machine or container has sent a heartbeat lately.

    It is fast, for supervisors that check every few seconds: it loads no plugin.

    Raises:
        OperatorError: The database is not available.
    """
    async with connection(parse_database_url(setup.settings.database_url)) as direct:
        names = await direct.fetch(ALIVE_IDS, WORKER_DEAD_AFTER)
    return any(row["id"].startswith(f"{machine_name()}:") for row in names)
