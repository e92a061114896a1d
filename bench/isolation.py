"""Whether receivers and processors that hang delay the others, as one line of JSON.

A worker delivers to servers of which some accept requests and never answer, or whose names
cannot be resolved, and it calls a processor that hangs. Nothing of that may delay the first
attempts of deliveries to healthy servers, or payments of another processor.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter, sleep
from typing import Any
from uuid import UUID, uuid4

import asyncpg
from pydantic import BaseModel

from paygate import (
    Approved,
    AuthorizeRequest,
    CallContext,
    Capabilities,
    FollowUp,
    Instrument,
    MethodContext,
    MethodInfo,
    OperationKind,
    Outcome,
    PaymentMethod,
    PluginInfo,
    Processor,
    hookimpl,
)
from paygate.adapters.embedded import start_servers
from paygate.adapters.postgres.database_url import with_database
from paygate.adapters.postgres.migrate import migrate
from paygate.core.limits import DELIVERIES_IN_FLIGHT_MAX, OPERATIONS_IN_FLIGHT_MAX
from paygate.core.queue.worker import Worker
from paygate.core.webhooks.endpoints import sealed_as
from paygate.logs import configure_logging
from paygate.plugins.host import Found, installed_plugins

sys.path.insert(0, str(Path(__file__).parents[1]))
from bench.receiver import Receiver, open_receiver
from tests.harness.apps import TestApp, running_app
from tests.harness.folders import open_folder

FIRST_ATTEMPT_P99_MAX_S = 2.0
SETTLED_P99_MAX_S = 1.0
DEAD = ".dead.test"
DEAD_NAME_S = 20.0
"""How long a lookup of a dead name takes, as with name servers that do not answer."""

ADD_MERCHANTS = """
INSERT INTO merchants (id, name, email, api_key, api_secret, webhook_url, webhook_secret)
SELECT m.id, 'M', m.id || '@example.com', 'key_' || m.id, '', m.url, 'whsec_of_all'
FROM unnest($1::uuid[], $2::text[]) AS m(id, url)
"""
ADD_ENDPOINT = """
INSERT INTO webhook_endpoints (id, merchant_id, url, sealed, secret_hint)
VALUES ($1, $2, $3, $4, '…')
"""
ADD_DELIVERIES = """
INSERT INTO webhook_logs (merchant_id, endpoint_id, event_id, event, payload, next_retry_at, sink)
SELECT d.merchant_id, d.endpoint_id, d.event_id, 'webhook.test', '{}', now(), 'webhook_http'
FROM unnest($1::uuid[], $2::uuid[], $3::text[]) AS d(merchant_id, endpoint_id, event_id)
"""


@dataclass(frozen=True)
class Plan:
    """How long and how much.

    Attributes:
        seconds: How long events and payments are made.
        per_s: How many deliveries of each endpoint in a second.
        timeout_ms: When an attempt without an answer ends.
        processor_s: When a call of a processor without an answer ends.
        hanging_payments: Payments of the processor that hangs.
        operations: How many operations the worker processes at the same time.
        deliveries: How many deliveries.
        arrived_max_s: How late the first attempts may be.
        settled_max_s: How late the payments may be.
    """

    seconds: float = 20.0
    per_s: float = 5.0
    timeout_ms: int = 5_000
    processor_s: float = 10.0
    hanging_payments: int = 450
    operations: int = OPERATIONS_IN_FLIGHT_MAX
    deliveries: int = DELIVERIES_IN_FLIGHT_MAX
    arrived_max_s: float = FIRST_ATTEMPT_P99_MAX_S
    settled_max_s: float = SETTLED_P99_MAX_S


QUICK = Plan(seconds=2.5, timeout_ms=1_000, processor_s=2.5, hanging_payments=420)


@dataclass(frozen=True)
class Target:
    """An endpoint."""

    merchant_id: UUID
    id: UUID
    url: str


def merchants(count: int, url: str) -> list[Target]:
    """Return merchants with one endpoint each."""
    ids = [uuid4() for _ in range(count)]
    return [Target(id, id, url) for id in ids]


@dataclass
class Scene:
    """A receiver that answers and one that hangs, and the endpoints that use them.

    Attributes:
        end_hanging: Closes the connections of the one that hangs.
        healthy: Endpoints whose first attempts are measured.
        others: Endpoints whose deliveries must not delay those.
        backlog: Deliveries of each of the others that are due at the start.
    """

    answers: Receiver
    hangs: Receiver
    end_hanging: Callable[[], Awaitable[None]]
    healthy: Sequence[Target] = ()
    others: Sequence[Target] = ()
    backlog: int = 32


async def add_targets(app: TestApp, targets: Sequence[Target]) -> None:
    """Store merchants and endpoints."""
    own = [each for each in targets if each.id == each.merchant_id]
    await app.rows(ADD_MERCHANTS, [each.id for each in own], [each.url for each in own])
    for each in targets:
        if each.id != each.merchant_id:
            sealed = app.app.deps.vault.seal({"secret": "s"}, context=sealed_as(each.id))
            await app.rows(ADD_ENDPOINT, each.id, each.merchant_id, each.url, sealed)


async def add_deliveries(app: TestApp, worker: Worker, targets: Sequence[Target]) -> list[bytes]:
    """Store a delivery for each target, and notify the worker as the API does."""
    events = [f"evt_{uuid4().hex}" for _ in targets]
    await app.rows(
        ADD_DELIVERIES,
        [each.merchant_id for each in targets],
        [each.id for each in targets],
        events,
    )
    worker.wake("webhooks")
    return [event.encode() for event in events]


async def run_deliveries(app: TestApp, scene: Scene, plan: Plan) -> Mapping[str, Any]:
    """Deliver to healthy and other endpoints; return how long first attempts took to arrive."""
    await add_targets(app, [*scene.healthy, *scene.others])
    created_s: dict[bytes, float] = {}
    async with app.working() as worker:
        await add_deliveries(app, worker, list(scene.others) * scene.backlog)
        began_s = perf_counter()
        while perf_counter() - began_s < plan.seconds:
            now_s = perf_counter()
            for event in await add_deliveries(app, worker, scene.healthy):
                created_s[event] = now_s
            await add_deliveries(app, worker, scene.others)
            await asyncio.sleep(max(0.0, 1 / plan.per_s - (perf_counter() - now_s)))
        await _until_arrived(scene.answers, created_s)
        # Ends the attempts in progress, for which the worker would wait.
        await scene.end_hanging()
    late_s = [
        scene.answers.arrived_s.get(event, perf_counter()) - at_s
        for event, at_s in created_s.items()
    ]
    attempts = await app.value("SELECT count(*) FROM delivery_attempts WHERE status_code IS NULL")
    figures = quantiles(late_s)
    missing = len(created_s.keys() - scene.answers.arrived_s.keys())
    return {
        "first_attempts": figures,
        "missing": missing,
        "unanswered": attempts,
        "ok": figures["p99_s"] <= plan.arrived_max_s and not missing,
    }


async def _until_arrived(receiver: Receiver, events: Iterable[bytes]) -> None:
    wanted = set(events)
    for _ in range(300):
        if wanted <= receiver.arrived_s.keys():
            return
        await asyncio.sleep(0.05)


def quantiles(values_s: Sequence[float]) -> dict[str, float]:
    """Return the number of values, their median, their 99th percentile and the longest."""
    ordered = sorted(values_s)
    at = [ordered[min(len(ordered) - 1, int(len(ordered) * part))] for part in (0.5, 0.99)]
    return {
        "count": len(ordered),
        "p50_s": round(at[0], 3),
        "p99_s": round(at[1], 3),
        "max_s": round(ordered[-1], 3),
    }


def some_hang(hanging: int, of: int = 10) -> Callable[[Scene], None]:
    """Of so many merchants, let some have a server that hangs."""

    def arrange(scene: Scene) -> None:
        scene.healthy = merchants(of - hanging, scene.answers.url)
        scene.others = merchants(hanging, scene.hangs.url)

    return arrange


def many_of_one_hang(scene: Scene) -> None:
    """Let one merchant have twenty endpoints that hang."""
    scene.healthy = merchants(5, scene.answers.url)
    (owner,) = merchants(1, scene.hangs.url)
    further = [Target(owner.merchant_id, uuid4(), scene.hangs.url) for _ in range(19)]
    scene.others = [owner, *further]


def dead_names(scene: Scene) -> None:
    """Let ten merchants have a server whose name cannot be resolved."""
    scene.healthy = merchants(5, scene.answers.url.replace("127.0.0.1", "localhost"))
    scene.others = [
        each
        for number in range(10)
        for each in merchants(1, f"http://shop{number}{DEAD}:8080/hook")
    ]


@contextmanager
def names_that_hang() -> Any:
    """Let lookups of dead names take as long as with name servers that do not answer."""
    usual = socket.getaddrinfo

    def getaddrinfo(host: Any, *args: Any, **kwargs: Any) -> Any:
        if isinstance(host, str) and host.endswith(DEAD):
            sleep(DEAD_NAME_S)
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        return usual(host, *args, **kwargs)

    socket.getaddrinfo = getaddrinfo
    try:
        yield
    finally:
        socket.getaddrinfo = usual


class NoDetails(BaseModel):
    """The details of both methods of payment."""


@dataclass
class Method:
    """A method of payment without details; each has a processor of its own."""

    info: MethodInfo

    def prepare(self, details: BaseModel, context: MethodContext) -> Instrument:
        return Instrument(self.info.code, "pay", display={})


@dataclass
class Bank:
    """A processor that approves, or never answers."""

    id: str
    method: str
    hangs: bool
    calls: int = 0
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    info: PluginInfo = field(init=False)
    capabilities: Capabilities = field(init=False)

    def __post_init__(self) -> None:
        self.info = PluginInfo(self.id, "1")
        self.capabilities = Capabilities(methods={self.method: frozenset({"pay"})}, query=True)

    async def authorize(self, request: AuthorizeRequest, context: CallContext) -> Outcome:
        return await self._answer(request, context)

    async def query(self, kind: OperationKind, request: FollowUp, context: CallContext) -> Outcome:
        return await self._answer(request, context)

    async def _answer(self, request: AuthorizeRequest | FollowUp, context: CallContext) -> Outcome:
        self.calls += 1
        if self.hangs:
            await self.ended.wait()
        return Approved(f"ref-{context.operation_id}", request.amount)


@dataclass
class Banks:
    """A plugin with two banks: one approves, one hangs."""

    well: Bank = field(default_factory=lambda: Bank("bank_well", "cash", hangs=False))
    stuck: Bank = field(default_factory=lambda: Bank("bank_stuck", "cheque", hangs=True))

    @hookimpl
    def paygate_methods(self) -> Iterable[PaymentMethod]:
        return [
            Method(MethodInfo(code, code, frozenset({"pay"}), NoDetails, "invalid_details"))
            for code in (self.well.method, self.stuck.method)
        ]

    @hookimpl
    def paygate_processors(self) -> Iterable[Processor]:
        return [self.well, self.stuck]


async def run_payments(app: TestApp, banks: Banks, plan: Plan) -> Mapping[str, Any]:
    """Pay with a bank that hangs and with one that is well; return how long those took."""
    well: list[str] = []

    async def pay(method: str) -> str:
        body = {"order_id": await app.order(), "method": method}
        answer = await app.call("POST", "/payments", json=body)
        assert answer.status == 201, answer
        return str(answer.json["id"])

    for _ in range(plan.hanging_payments):
        await pay("cheque")
    async with app.working() as worker:
        began_s = perf_counter()
        while perf_counter() - began_s < plan.seconds:
            now_s = perf_counter()
            well.append(await pay("cash"))
            worker.wake("payments")
            await asyncio.sleep(max(0.0, 1 / plan.per_s - (perf_counter() - now_s)))
        await app.until_value(
            0, "SELECT count(*) FROM payments WHERE id = ANY($1) AND status <> 'success'", well
        )
        banks.stuck.ended.set()
    rows = await app.rows(
        "SELECT extract(epoch FROM updated_at - created_at)::float8 AS took_s FROM payments "
        "WHERE id = ANY($1)",
        well,
    )
    failed = await app.value("SELECT count(*) FROM payments WHERE status = 'failed'")
    figures = quantiles([row["took_s"] for row in rows])
    return {
        "settled": figures,
        "failed": failed,
        "calls_of_hanging": banks.stuck.calls,
        "ok": figures["p99_s"] <= plan.settled_max_s and not failed,
    }


SCENES: Mapping[str, Callable[[Scene], None]] = {
    "hang_3_of_10": some_hang(3),
    "hang_6_of_10": some_hang(6),
    "hang_8_of_10": some_hang(8),
    "hang_60_of_65": some_hang(60, of=65),
    "hang_20_of_one": many_of_one_hang,
    "dead_names_10": dead_names,
}
PROCESSOR = "processor_hangs"
ALL = (*SCENES, PROCESSOR)


@asynccontextmanager
async def open_scene() -> AsyncIterator[Scene]:
    """Let a receiver that answers and one that hangs listen."""
    async with AsyncExitStack() as stack, AsyncExitStack() as of_hanging:
        answers = await stack.enter_async_context(open_receiver(Receiver(by_event=True)))
        hangs = Receiver(by_event=True, hangs=True)
        await of_hanging.enter_async_context(open_receiver(hangs))
        yield Scene(answers, hangs, of_hanging.aclose)


async def run(name: str, database_url: str, home: Path, plan: Plan) -> Mapping[str, Any]:
    """Run one scene in an app of its own.

    Args:
        name: One of ``ALL``.
        database_url: A migrated database, which is filled.
        home: A folder for the app.
        plan: How long and how much.
    """
    banks = Banks()
    environ = {
        "PAYGATE_WEBHOOK_HTTP_TIMEOUT_MS": str(plan.timeout_ms),
        "PAYGATE_PLUGIN_TIMEOUT": str(plan.processor_s),
        "PAYGATE_WORKER_CONCURRENCY": str(plan.operations),
        "PAYGATE_WEBHOOK_CONCURRENCY": str(plan.deliveries),
    }
    plugins = [*installed_plugins(), Found("banks", banks, "1")]
    async with running_app(database_url, home, plugins=plugins, environ=environ) as app:
        if name == PROCESSOR:
            return await run_payments(app, banks, plan)
        async with open_scene() as scene:
            SCENES[name](scene)
            with names_that_hang():
                return await run_deliveries(app, scene, plan)


async def measure(names: Sequence[str], server_url: str, home: Path, plan: Plan) -> dict[str, Any]:
    """Run scenes one after the other, each in a database of its own."""
    results: dict[str, Any] = {}
    for name in names:
        connection = await asyncpg.connect(server_url)
        await connection.execute(f"CREATE DATABASE {name}")
        await connection.close()
        url = with_database(server_url, name)
        await migrate(url)
        results[name] = await run(name, url, home, plan)
    return results


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scenes", nargs="*", metavar="scene", help=f"of {', '.join(ALL)}")
    parser.add_argument("--quick", action="store_true", help="a few seconds for each scene")
    given = parser.parse_args()
    names = given.scenes or ALL
    configure_logging(level="critical", format="text")
    plan = QUICK if given.quick else Plan()
    with open_folder() as home, start_servers(home, durable=False) as servers:
        results = asyncio.run(measure(names, servers.urls.database_url, home, plan))
    print(json.dumps(results))
    return 0 if all(result["ok"] for result in results.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
