"""One run: load and faults, then quiet, then the audit."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import asyncpg

from bench.figures import percentile
from tests.harness.failover import PostgresPair
from tests.harness.processes import Client

from . import plan
from .audit import Books, audit, deadlocks, failed_recordings, read_books, stuck
from .faults import cause
from .journal import OK
from .merchants import Merchants
from .receivers import Receiver, open_receiver
from .site import Site, open_site

# Everything has to settle within this time after the last fault. What has not is reported.
QUIET_WITHIN_S = 60.0
LOOK_AGAIN_S = 0.5
PENDING = "SELECT count(*) FROM webhook_logs WHERE status = 'pending'"


@dataclass(frozen=True, slots=True)
class Chaos:
    """What to run.

    Args:
        seed: Of the plan.
        seconds: How long faults happen.
        payments: How many payments to begin; None: until the faults have ended.
        programs: How many merchants' programs sell at the same time.
        has_standby: Whether PostgreSQL has a standby, and fails over twice.
    """

    seed: int
    seconds: float
    payments: int | None
    programs: int
    has_standby: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """The result of a run.

    Args:
        figures: The last line of the output.
        must_be_zero: Those of the figures that must be 0.
        sentences: What was found, at most 20 of a kind.
    """

    figures: Mapping[str, Any]
    must_be_zero: Mapping[str, int]
    sentences: Sequence[str]

    @property
    def is_good(self) -> bool:
        """Whether nothing happened that must not."""
        return not any(self.must_be_zero.values())


async def run(chaos: Chaos, logs: Path) -> Report:
    """Run it once.

    Args:
        chaos: What to run.
        logs: A folder for the book and the processes' logs.
    """
    book = logs / "book.jsonl"
    # A folder may have been used before.
    book.write_text("")
    async with open_receiver(Random(f"receiver {chaos.seed}")) as receiver:
        async with open_site(book, logs, has_standby=chaos.has_standby) as site:
            await _subscribe(site, receiver)
            rng = Random(f"merchants {chaos.seed}")
            merchants = Merchants(site.apis, plan.purchases(chaos.seed), rng)
            selling = asyncio.create_task(
                merchants.sell(programs=chaos.programs, payments=chaos.payments)
            )
            faults = await cause(_planned(chaos), site)
            over_s = time.monotonic()
            merchants.stop()
            await selling
            quiet_s = await _until_quiet(site, book) - over_s
            counts, sentences, known = await _report(site, merchants, receiver, book)
            counts["deadlocks"] = deadlocks(site.postgres.logs)
        # Complete when the processes have ended.
        counts["recording_failed"] = failed_recordings(_process_logs(logs))
    figures = {
        **known,
        "faults": faults,
        "quiet_after_s": round(quiet_s, 1),
        **counts,
        "seed": chaos.seed,
    }
    return Report(figures, counts, sentences)


def _planned(chaos: Chaos) -> Sequence[plan.PlannedFault]:
    return plan.faults(chaos.seed, chaos.seconds, has_standby=chaos.has_standby)


async def _subscribe(site: Site, receiver: Receiver) -> None:
    status, answer = await Client(site.apis[0]).call(
        "PATCH", "/api/v1/merchant/webhook", json={"webhook_url": receiver.url}
    )
    assert status == OK, answer


async def _until_quiet(site: Site, book: Path) -> float:
    """Wait until everything is settled and delivered; return when that was."""
    give_up_s = time.monotonic() + QUIET_WITHIN_S
    while time.monotonic() < give_up_s:
        with suppress(asyncpg.PostgresError, OSError):
            connection = await asyncpg.connect(site.postgres.admin_url)
            try:
                pending = await connection.fetchval(PENDING)
                if not pending and not stuck(await read_books(connection, book)):
                    return time.monotonic()
            finally:
                await connection.close()
        await asyncio.sleep(LOOK_AGAIN_S)
    return time.monotonic()


async def _report(
    site: Site, merchants: Merchants, receiver: Receiver, book: Path
) -> tuple[dict[str, int], Sequence[str], dict[str, Any]]:
    connection = await asyncpg.connect(site.postgres.admin_url)
    try:
        books = await read_books(connection, book)
        counts, sentences = await audit(connection, books, merchants.journal, receiver.accepted)
    finally:
        await connection.close()
    known = _figures(books, merchants, receiver)
    if isinstance(site.postgres, PostgresPair):
        created_s = merchants.journal.created_s
        known["created_after_promotion_s"] = [
            round(min(at for at in created_s if at > promoted_s) - promoted_s, 2)
            for promoted_s in site.postgres.promoted_s
        ]
    return counts, sentences, known


def _figures(books: Books, merchants: Merchants, receiver: Receiver) -> dict[str, Any]:
    settled_s = sorted(
        row["settled_s"] for row in books.payments.values() if row["settled_s"] is not None
    )
    kinds = [row["kind"] for row in books.operations.values()]
    return {
        "payments": len(books.payments),
        "refunds": len(books.refunds),
        "captures": kinds.count("capture"),
        "voids": kinds.count("void"),
        "statuses": {str(s): n for s, n in sorted(merchants.journal.statuses.items())},
        "unknowable": len(books.unknowable),
        "duplicate_deliveries": sum(times - 1 for times in receiver.accepted.values()),
        "settle_p50_s": round(percentile(settled_s, 0.50), 2) if settled_s else None,
        "settle_p99_s": round(percentile(settled_s, 0.99), 2) if settled_s else None,
        "settle_max_s": round(settled_s[-1], 2) if settled_s else None,
    }


def _process_logs(folder: Path) -> Iterable[Path]:
    return folder.glob("process-*.log")
