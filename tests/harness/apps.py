"""An app with its own database, a client and a worker."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from paygate.adapters.notifier.local import LocalNotifier
from paygate.bootstrap import App, open_app
from paygate.core.api.app import create_app
from paygate.core.queue.notifier import Notifier
from paygate.core.queue.worker import Worker
from paygate.plugins.host import Found
from paygate.seeding import seed
from paygate.settings import read_settings

from .contract import Contract
from .patience import PATIENCE_S

KEYS = {"X-Api-Key": "key_test_abc123", "X-Api-Secret": "secret_test_xyz789"}


@dataclass
class Answer:
    status: int
    json: Any
    headers: Mapping[str, str]
    body: bytes


@dataclass
class TestApp:
    """A running app, driven as a merchant would."""

    __test__ = False

    app: App
    client: Any
    contract: Contract

    @property
    def database_url(self) -> str:
        return self.app.settings.database_url

    def begin_again(self) -> None:
        """Forget what a test has done outside the database."""

    async def call(
        self, method: str, path: str, *, keys: Mapping[str, str] | None = KEYS, **kwargs: Any
    ) -> Answer:
        is_whole = path.startswith(("/health", "/livez", "/readyz", "/api")) or path == "/"
        url = path if is_whole else f"/api/v1{path}"
        headers = {**(keys or {}), **kwargs.pop("headers", {})}
        response = await self.client.open(url, method=method, headers=headers, **kwargs)
        body = await response.get_data()
        parsed = await response.get_json() if response.is_json else None
        # Whatever a test asks, the document must have promised the answer.
        self.contract.check(method, url, response.status_code, parsed)
        return Answer(response.status_code, parsed, response.headers, body)

    async def order(self, amount: int = 50_000, **fields: Any) -> str:
        answer = await self.call("POST", "/orders", json={"amount": amount, **fields})
        assert answer.status == 201, answer
        return str(answer.json["id"])

    async def pay(self, order_id: str | None = None, **details: Any) -> Answer:
        body = {"order_id": order_id or await self.order(), "method": "coin", **details}
        return await self.call("POST", "/payments", json=body)

    async def paid(self, **details: Any) -> str:
        answer = await self.pay(**details)
        assert answer.status == 201, answer
        return str(answer.json["id"])

    async def payment(self, payment_id: str) -> Any:
        return (await self.call("GET", f"/payments/{payment_id}")).json

    async def until(self, payment_id: str, status: str) -> Any:
        async with asyncio.timeout(PATIENCE_S):
            while (payment := await self.payment(payment_id))["substatus"] != status:
                await asyncio.sleep(0.01)
        return payment

    async def webhook_url(self, url: str | None = "http://localhost:9/hook") -> None:
        answer = await self.call("PATCH", "/merchant/webhook", json={"webhook_url": url})
        assert answer.status == 200, answer

    async def rows(self, sql: str, *args: Any) -> list[dict[str, Any]]:
        return [dict(row) for row in await self.app.storage.executor.fetch(sql, *args)]

    async def value(self, sql: str, *args: Any) -> Any:
        return await self.app.storage.executor.fetchval(sql, *args)

    async def until_value(self, wanted: Any, sql: str, *args: Any) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while (found := await self.value(sql, *args)) != wanted:
                await asyncio.sleep(0.01)
        assert found == wanted

    @asynccontextmanager
    async def working(self) -> AsyncIterator[Worker]:
        worker = Worker(self.app.deps, worker_id=f"test-{uuid4()}")
        running = asyncio.create_task(worker.run())
        try:
            yield worker
        finally:
            worker.stop()
            await running


@asynccontextmanager
async def running_app(
    database_url: str,
    home: Any,
    *,
    plugins: Iterable[Found] | None = None,
    environ: Mapping[str, str] | None = None,
    notifier: Notifier | None = None,
) -> AsyncIterator[TestApp]:
    """Provide an app over that database; without ``plugins``, the installed ones."""
    given = {
        "DATABASE_URL": database_url,
        "PAYGATE_HOME": str(home),
        "PAYGATE_DATABASE_POOL": "5",
        **(environ or {}),
    }
    if given.get("PAYGATE_ENV") != "production":
        given = {"TEST_MODE": "true", "TEST_PROCESSING_DELAY": "0", **given}
    settings = read_settings(given)
    async with open_app(
        settings, given, plugins=plugins, notifier=notifier or LocalNotifier()
    ) as app:
        await seed(app.deps)
        web = create_app(app.deps, app.web)
        yield TestApp(app, web.test_client(use_cookies=False), Contract(web, app.deps.registry))
