"""What PostgreSQL itself can do: the rows of a created payment, stored by ``pgbench``."""

from __future__ import annotations

import asyncio
import re
from time import monotonic

from paygate.adapters.embedded import Machine
from paygate.adapters.embedded.binaries import find_postgres

from ..figures import PAYGATE, Figures, Row
from ..load import LoadError
from ..machine import CpuMeter
from ..plan import Run
from ..systems import PaygateSite

CLIENTS = 8
PAYMENTS = 24_000
BATCHES = (1, 30)
ENDS_WITHIN_S = 300.0
# Each of an order of its own.
STORED = """
SELECT count(*) FROM payments AS p JOIN orders AS o ON o.id = p.order_id
WHERE o.status = 'attempted' AND o.merchant_id = p.merchant_id
"""
TPS = re.compile(r"^tps = ([\d.]+)", re.MULTILINE)


class Limit:
    """One statement and one commit for one payment, and for thirty.

    The rows are copies of those that the API has stored for a payment with a key. Making their
    ids in SQL costs some microseconds, which the API spends itself.
    """

    name = "limit"

    async def __call__(self, run: Run) -> list[Row]:
        """Run ``pgbench`` on the API's core, and PostgreSQL alone on the other."""
        program = find_postgres(Machine()).folder / "pgbench"
        if not program.is_file():
            print(f"limit: left out, because there is no {program}")
            return []
        (site,) = await run.sites([PAYGATE])
        assert isinstance(site, PaygateSite)
        rows = []
        for batch in BATCHES:
            each = max(1, run.plan.scaled(PAYMENTS) // CLIENTS // batch)
            count = CLIENTS * each * batch
            statement = await site.create_statement(count, batch)
            script = run.servers.home / f"limit_{batch}.sql"
            script.write_text(statement)
            await site.settle_statistics()
            argv = [str(program), "--no-vacuum", "--protocol=prepared", f"--file={script}"]
            argv += [f"--client={CLIENTS}", f"--transactions={each}", f"--dbname={site.database}"]
            argv += [f"--host={run.servers.database_host}", "--username=paygate"]
            meter = CpuMeter([run.servers.postgres_pid])
            meter.start()
            output = await _output(run, f"limit_{batch}", argv)
            meter.stop()
            tps = TPS.search(output)
            stored = await site.connection.fetchval(STORED)
            if tps is None or stored != count:
                raise LoadError(f"pgbench stored {stored} payments and not {count}: {output}")
            figures = Figures(
                rps=float(tps[1]) * batch,
                pg_us=meter.used_us[0] / count,
            )
            note = f"pgbench, {batch} payments a statement, {CLIENTS} connections"
            rows.append(Row(f"limit_{batch}_per_commit", PAYGATE, figures, note))
            await site.empty()
        return rows


async def _output(run: Run, name: str, argv: list[str]) -> str:
    process = run.processes.start(name, argv, {}, core=run.servers.cores.api, cwd=run.servers.home)
    give_up_s = monotonic() + ENDS_WITHIN_S
    while process.is_alive() and monotonic() < give_up_s:
        await asyncio.sleep(0.01)
    await process.stop()
    return process.words()
