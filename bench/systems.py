"""The systems that are measured: paygate and its peers, each with a database of its own."""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID, uuid4

import aiohttp
import asyncpg

from .copies import Copies, columns_of, copied_id, remove_payments
from .figures import EXPRESS, FASTAPI, Variant
from .load import HOST, requests_of
from .servers import Process, Processes, Servers, free_port, until_complete, until_healthy

ROOT = Path(__file__).parents[1]
PEERS = ROOT / "bench" / "peers"
# arq wants an older redis than paygate does.
FASTAPI_VENV = Path(sys.prefix) / "peers" / "fastapi_sqlalchemy"
UVICORN = ["api:app", "--no-access-log", "--log-level", "warning", "--timeout-keep-alive", "120"]
API = "/api/v1"
KEYS = {"X-Api-Key": "key_test_abc123", "X-Api-Secret": "secret_test_xyz789"}
MERCHANT = UUID("550e8400-e29b-41d4-a716-446655440000")
SECRET = "whsec_test_abc123"
PAYMENT = {"method": "upi", "vpa": "asha@paytm"}
AMOUNT = 50_000
SOME = 10_000
SETTLED_WITHIN_S = 30.0
DEFAULT = Variant()


@dataclass
class Site:
    """A running system.

    Attributes:
        system: Its name.
        servers: What it runs on.
        database: Its database.
        connection: To its database.
        port: Of its API.
        api: Its API process.
        workers: Its worker processes, if they were asked for.
    """

    system: str
    servers: Servers
    database: str
    connection: asyncpg.Connection[Any]
    port: int
    api: Process
    workers: Sequence[Process] = ()
    _orders: list[str] = field(default_factory=list)

    @property
    def pids(self) -> Sequence[int]:
        """The API, the workers and PostgreSQL, each with its descendants."""
        workers = (worker.pid for worker in self.workers)
        return [self.api.pid, *workers, self.servers.postgres_pid]

    async def orders(self, count: int) -> Sequence[str]:
        """Return ids of unpaid orders, inserted with SQL."""
        missing = count - len(self._orders)
        if missing > 0:
            self._orders += await self._insert_orders(missing)
        return self._orders[:count]

    def forget_orders(self, used: int) -> None:
        """Take note that the first orders are paid."""
        del self._orders[:used]

    async def some_payments(self) -> Sequence[str]:
        """Return ids of up to 10,000 payments, from all over the table."""
        rows = await self.connection.fetch(f"SELECT id FROM payments ORDER BY md5(id) LIMIT {SOME}")
        return [str(row[0]) for row in rows]

    async def fill(self, count: int) -> None:
        """Store so many payments and nothing else, each of its own order, by SQL."""
        raise NotImplementedError

    async def empty(self) -> None:
        """Remove all payments and orders, and what belongs to them."""
        await remove_payments(self.connection)
        self._orders.clear()

    async def close(self) -> None:
        """Stop it."""
        for process in (self.api, *self.workers):
            await process.stop()
        await self.connection.close()

    async def settle_statistics(self) -> None:
        """Leave nothing to do that earlier loads caused."""
        await self.connection.execute("ANALYZE")
        await self.connection.execute("CHECKPOINT")

    async def subscribe(self, urls: Sequence[str], events: Sequence[str] | None = None) -> str:
        """Send events to these endpoints and to no others.

        Args:
            urls: Of the endpoints. None: no events.
            events: Which ones; None for all. Of the peers there is only the one that tells how
                a payment ended.

        Returns:
            The secret of the last endpoint.
        """
        raise NotImplementedError

    async def add_merchants(self, urls: Sequence[str], event: str) -> Sequence[Mapping[str, str]]:
        """Add a merchant for each endpoint, who gets this one event.

        Returns:
            The headers of each merchant's requests.
        """
        keys = [{**KEYS, "X-Api-Key": f"key_bench_{uuid4().hex[:16]}"} for _ in range(len(urls))]
        for url, headers in zip(urls, keys, strict=True):
            await self._add_merchant(headers, url, event)
        return keys

    async def give_orders(self, orders: Sequence[str], keys: Mapping[str, str]) -> None:
        """Make orders those of another merchant."""
        await self.connection.execute(
            "UPDATE orders SET merchant_id = (SELECT id FROM merchants WHERE api_key = $2)"
            " WHERE id = ANY($1)",
            orders,
            keys["X-Api-Key"],
        )

    async def call(
        self, method: str, path: str, body: object = None, keys: Mapping[str, str] = KEYS
    ) -> Any:
        """Send one request of a merchant; return the response's body."""
        async with (
            aiohttp.ClientSession(headers=keys) as session,
            session.request(method, f"http://{HOST}:{self.port}{API}{path}", json=body) as response,
        ):
            text = await response.text()
            if not 200 <= response.status < 300:
                raise RuntimeError(f"{self.system}: {method} {path}: {response.status} {text}")
            return json.loads(text) if text else None

    async def _insert_orders(self, count: int) -> list[str]:
        raise NotImplementedError

    async def _add_merchant(self, keys: Mapping[str, str], url: str, event: str) -> None:
        raise NotImplementedError


@dataclass
class PaygateSite(Site):
    """paygate.

    Attributes:
        start_worker: Starts another worker on this database.
    """

    start_worker: Callable[[], Process] | None = None
    _settled: Copies | None = None
    _one_order: Copies | None = None
    _order: str = ""

    async def subscribe(self, urls: Sequence[str], events: Sequence[str] | None = None) -> str:
        for endpoint in (await self.call("GET", "/webhook-endpoints"))["data"]:
            if not endpoint["is_default"]:
                await self.call("DELETE", f"/webhook-endpoints/{endpoint['id']}")
        # The default endpoint gets every event; one with a filter is another one.
        default = urls[0] if urls and events is None else None
        await self.call("PATCH", "/merchant/webhook", {"webhook_url": default})
        secret = SECRET
        for url in urls[1:] if default else urls:
            endpoint = {"url": url, "events": events or ["*"]}
            secret = str((await self.call("POST", "/webhook-endpoints", endpoint))["secret"])
        return secret

    async def _add_merchant(self, keys: Mapping[str, str], url: str, event: str) -> None:
        changed = {
            "id": "gen_random_uuid()",
            "api_key": f"'{keys['X-Api-Key']}'",
            "email": f"'{keys['X-Api-Key']}@example.com'",
            "webhook_url": "NULL",
            "webhook_secret": f"'{SECRET}'",
            "webhook_sealed": "NULL",
        }
        columns = await columns_of(self.connection, "merchants")
        await self.connection.execute(
            f"INSERT INTO merchants ({', '.join(columns)})"
            f" SELECT {', '.join(changed.get(name, name) for name in columns)}"
            " FROM merchants WHERE id = $1",
            MERCHANT,
        )
        await self.call("POST", "/webhook-endpoints", {"url": url, "events": [event]}, keys)

    async def fill(self, count: int) -> None:
        if self._settled is None:
            await self.empty()
            await self._settle_one()
            self._settled = await self._keep("settled")
        await self._settled.fill(count)

    async def fill_created(self, count: int) -> None:
        """Store so many payments that no worker has seen yet, with their deliveries."""
        await self.empty()
        await self.pay_one()
        await (await self._keep("created")).fill(count)

    async def create_statement(self, count: int, batch: int) -> str:
        """Return a statement that stores payments as the API does.

        Each run of it stores ``batch`` payments with keys, of orders that are made now.

        Args:
            count: How many payments there will be, at most.
            batch: How many a statement stores.
        """
        await self.empty()
        await self.pay_one(key=f"key_{uuid4().hex[:16]}")
        copies = await self._keep("limits")
        await copies.insert("orders", count)
        await self.connection.execute("UPDATE orders SET status = 'created'")
        await self.connection.execute("CREATE SEQUENCE limits.number")
        numbers = f"SELECT nextval('limits.number') AS n FROM generate_series(1, {batch})"
        inserts = [
            f"_{table} AS ({await copies.insert_statement(table, 'given')})"
            for table in copies.tables
            if table != "orders"
        ]
        return (
            f"WITH given AS MATERIALIZED ({numbers}), {', '.join(inserts)}"
            f" {await copies.pay_orders_statement('given')};\n"
        )

    async def pay_one(self, *, key: str | None = None) -> str:
        """Create an order and a payment, which no worker processes; return the payment's id."""
        order = await self.call("POST", "/orders", {"amount": AMOUNT})
        headers = KEYS if key is None else {**KEYS, "Idempotency-Key": key}
        body = {"order_id": order["id"], **PAYMENT}
        return str((await self.call("POST", "/payments", body, headers))["id"])

    async def _keep(self, schema: str) -> Copies:
        copies = Copies(self.connection, schema)
        await copies.keep()
        return copies

    async def _settle_one(self) -> None:
        payment = await self.pay_one()
        assert self.start_worker is not None
        worker = self.start_worker()
        try:
            give_up_s = time.monotonic() + SETTLED_WITHIN_S
            while (await self.call("GET", f"/payments/{payment}"))["status"] != "success":
                worker.require_alive()
                if time.monotonic() > give_up_s:
                    raise RuntimeError(f"a payment is not settled: {worker.words()}")
                await asyncio.sleep(0.05)
        finally:
            await worker.stop()

    async def _insert_orders(self, count: int) -> list[str]:
        # Copies of one order that the API has made: they have whatever this version stores.
        if self._one_order is None:
            self._order = str((await self.call("POST", "/orders", {"amount": AMOUNT}))["id"])
            self._one_order = Copies(self.connection, "one_order")
            await self._one_order.keep_order(self._order)
        salt = uuid4().hex
        await self._one_order.insert("orders", count, salt=salt)
        return [copied_id(self._order, number, salt) for number in range(1, count + 1)]


@dataclass
class PeerSite(Site):
    """A system of the usual style, on the tables of ``peers/schema.sql``."""

    async def subscribe(self, urls: Sequence[str], events: Sequence[str] | None = None) -> str:
        assert len(urls) <= 1, "the peers have one endpoint"
        await self.connection.execute(
            "UPDATE merchants SET webhook_url = $1", urls[0] if urls else None
        )
        return SECRET

    async def _add_merchant(self, keys: Mapping[str, str], url: str, event: str) -> None:
        await self.connection.execute(
            "INSERT INTO merchants (name, email, api_key, api_secret, webhook_url, webhook_secret)"
            " VALUES ('M', $1 || '@example.com', $1, $2, $3, $4)",
            keys["X-Api-Key"],
            keys["X-Api-Secret"],
            url,
            SECRET,
        )

    async def fill(self, count: int) -> None:
        await self.empty()
        orders = await self._insert_orders(count)
        await self.connection.execute(
            "INSERT INTO payments (id, order_id, merchant_id, amount, method, vpa, created_at)"
            " SELECT 'pay_' || substr(md5(o.id), 1, 16), o.id, o.merchant_id, o.amount, 'upi',"
            " $2, now() - number * interval '1 second'"
            " FROM unnest($1::text[]) WITH ORDINALITY AS given(id, number)"
            " JOIN orders AS o USING (id)",
            orders,
            PAYMENT["vpa"],
        )
        self._orders.clear()
        await self.connection.execute("VACUUM ANALYZE")

    async def _insert_orders(self, count: int) -> list[str]:
        rows = await self.connection.fetch(
            "INSERT INTO orders (id, merchant_id, amount)"
            " SELECT 'order_' || substr(md5($3 || n), 1, 16), id, $2"
            " FROM merchants, generate_series(1, $1::int) AS n WHERE api_key = $4 RETURNING id",
            count,
            AMOUNT,
            str(uuid4()),
            KEYS["X-Api-Key"],
        )
        return [str(row[0]) for row in rows]


class Opener(Protocol):
    """Starts a system on a database and a Redis database of its own."""

    async def __call__(
        self,
        servers: Servers,
        processes: Processes,
        *,
        database: str,
        redis: int,
        worker: bool = False,
    ) -> Site:
        """Start it, with a worker on the same core as the API if asked for."""
        ...


async def open_paygate(
    servers: Servers,
    processes: Processes,
    *,
    database: str,
    redis: int,
    worker: bool = False,
    environ: Mapping[str, str] | None = None,
    variant: Variant = DEFAULT,
) -> Site:
    """Start ``paygate serve``, and ``paygate work`` on the same core if asked for."""
    await servers.create_database(database)
    port = free_port()
    home = servers.home / database
    home.mkdir(exist_ok=True)
    common = {
        "DATABASE_URL": servers.url_of(database),
        "REDIS_URL": servers.redis_url.replace("db=0", f"db={redis}"),
        "PAYGATE_HOME": str(home),
        "PORT": str(port),
        "PAYGATE_SERVER": variant.server,
        "TEST_MODE": "true",
        "TEST_PROCESSING_DELAY": "1",
        **(environ or {}),
    }
    argv = [sys.executable, "-m", "paygate"]

    def start(name: str, *arguments: str, level: str = "warning") -> Process:
        return processes.start(
            f"{database}-{name}",
            [*argv, *arguments],
            {**common, "PAYGATE_LOG_LEVEL": level},
            core=servers.cores.api,
            # Not in the checkout: a file `.env` there would be read.
            cwd=home,
        )

    several = variant.processes
    # It says when a process serves, and nothing of a request.
    api = start("api", "serve", "--prepare", "--processes", str(several), level="info")
    await until_healthy(api, port)
    await until_complete(api, several)
    workers = [start(f"worker-{n}", "work") for n in range(several)] if worker else []
    connection = await servers.connect(database)
    return PaygateSite(
        variant.system,
        servers,
        database,
        connection,
        port,
        api,
        workers,
        start_worker=lambda: start("another-worker", "work"),
    )


async def open_express(
    servers: Servers,
    processes: Processes,
    *,
    database: str,
    redis: int,
    worker: bool = False,
) -> Site:
    """Start the peer in the usual style of Express, pg and BullMQ."""
    return await _open_peer(
        EXPRESS,
        {"api": [_node(), "api.js"], "worker": [_node(), "worker.js"]},
        PEERS / "express",
        servers,
        processes,
        database=database,
        redis=redis,
        worker=worker,
    )


async def open_fastapi(
    servers: Servers,
    processes: Processes,
    *,
    database: str,
    redis: int,
    worker: bool = False,
) -> Site:
    """Start the peer in the usual style of FastAPI, SQLAlchemy and arq."""
    return await _open_peer(
        FASTAPI,
        {
            "api": [str(FASTAPI_VENV / "bin" / "uvicorn"), *UVICORN],
            "worker": [str(FASTAPI_VENV / "bin" / "arq"), "worker.Settings"],
        },
        PEERS / "fastapi_sqlalchemy",
        servers,
        processes,
        database=database,
        redis=redis,
        worker=worker,
    )


async def _open_peer(
    system: str,
    programs: Mapping[str, Sequence[str]],
    folder: Path,
    servers: Servers,
    processes: Processes,
    *,
    database: str,
    redis: int,
    worker: bool,
) -> Site:
    await servers.create_database(database)
    connection = await servers.connect(database)
    await connection.execute((PEERS / "schema.sql").read_text())
    port = free_port()
    environ = {
        "NODE_ENV": "production",
        "PORT": str(port),
        "UVICORN_PORT": str(port),
        "PROCESSING_DELAY": "1",
        "PGHOST": servers.database_host,
        "PGUSER": "paygate",
        "PGDATABASE": database,
        "REDIS_SOCKET": servers.redis_socket,
        "REDIS_DB": str(redis),
    }

    def start(name: str) -> Process:
        core = servers.cores.api
        return processes.start(f"{database}-{name}", programs[name], environ, core=core, cwd=folder)

    api = start("api")
    await until_healthy(api, port)
    workers = [start("worker")] if worker else []
    return PeerSite(system, servers, database, connection, port, api, workers)


def _node() -> str:
    brought = Path(sys.prefix) / "tools" / "bin" / "node"
    found = str(brought) if brought.exists() else shutil.which("node")
    if found is None:
        raise RuntimeError("the Express peer needs Node: run `make bench`, which brings it")
    return found


def create_requests(
    orders: Iterable[str], *, with_key: bool = False, keys: Mapping[str, str] = KEYS
) -> list[bytes]:
    """Return requests that create a payment for each order.

    Args:
        orders: Their ids.
        with_key: Whether each request has an ``Idempotency-Key``.
        keys: Headers of the merchant.
    """
    bodies = (
        (
            json.dumps({"order_id": order, **PAYMENT}).encode(),
            {**_JSON, **keys, **({"Idempotency-Key": f"key-{order}"} if with_key else {})},
        )
        for order in orders
    )
    return list(requests_of("POST", f"{API}/payments", bodies))


def order_requests() -> list[bytes]:
    """Return a request that creates an order."""
    body = json.dumps({"amount": AMOUNT, "currency": "INR", "receipt": "receipt-1"}).encode()
    return list(requests_of("POST", f"{API}/orders", [(body, {**_JSON, **KEYS})]))


def get_requests(payments: Iterable[str]) -> list[bytes]:
    """Return requests that read each payment."""
    return [
        request
        for payment in payments
        for request in requests_of("GET", f"{API}/payments/{payment}", [(b"", KEYS)])
    ]


def list_requests() -> list[bytes]:
    """Return a request that reads the newest 20 payments."""
    return list(requests_of("GET", f"{API}/payments?limit=20&offset=0", [(b"", KEYS)]))


_JSON = {"Content-Type": "application/json"}
