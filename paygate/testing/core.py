"""An app for one test; everything here runs in the background loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

from ..adapters.http.loopback import LoopbackClient
from ..adapters.notifier.local import LocalNotifier
from ..adapters.vault.keyed import new_key
from ..bootstrap import App, open_app
from ..core.api.app import create_app
from ..core.api.web_app import WebApp
from ..core.deps import Deps, TestClock
from ..core.event import EventType
from ..core.move_clock import EARLIEST, AdvanceClock, HoldClock, advance_clock, hold_clock
from ..core.queue.worker import Worker
from ..core.webhooks.store import FedEvent
from ..plugins.host import Found
from ..plugins.setting_names import check_setting_names
from ..seeding import seed
from ..settings import read_settings, setting_names
from .api import Api
from .defaults import DEFAULTS
from .inbox import HOST, URL, InboxCore
from .overrides import RegistryOverrides
from .scenario import NextScenarios

QUIET_WITHIN_S = 20.0
UNDO_WITHIN_S = 5.0
POLL_S = 0.002
EVENTS_AT_ONCE = 500
ENDINGS = frozenset(EventType) - {
    EventType.PAYMENT_CREATED,
    EventType.PAYMENT_PENDING,
    EventType.REFUND_CREATED,
}


class StillBusyError(AssertionError):
    """Work that was due was not done in time."""


@dataclass
class AppCore:
    """A running app. Created by ``running``."""

    app: App
    web: WebApp
    api: Api
    overrides: RegistryOverrides
    scenarios: NextScenarios
    ended: set[str] = field(default_factory=set)
    """Payments of which the test asserted an ending."""

    def __post_init__(self) -> None:
        self.inbox = InboxCore(
            self.deps.clock, self.webhook_secret, self.next_step, self.assert_ending
        )

    @property
    def deps(self) -> Deps:
        """The app's dependencies."""
        return self.app.deps

    @property
    def clock(self) -> TestClock:
        """The test clock."""
        assert self.deps.test_clock is not None, "a test's app is never in production"
        return self.deps.test_clock

    def check_fakes(self) -> None:
        """Raise the first error that a fake has recorded.

        Raises:
            ScriptExhaustedError: A script was too short.
        """
        problem = self.overrides.problem()
        if problem is not None:
            raise problem

    async def quiet(self) -> None:
        """Wait until no work is due at the current time of the clock.

        Raises:
            ScriptExhaustedError: A fake has no answer left.
            StillBusyError: It takes more than 20 s.
        """
        moves = self.clock.moves
        deadline_s = _steady_s() + QUIET_WITHIN_S
        while (await moves.due_work(self.clock.shown.now())).is_due:
            self.check_fakes()
            if _steady_s() > deadline_s:
                raise StillBusyError(f"work is still due after {QUIET_WITHIN_S:g} s")
            await asyncio.sleep(POLL_S)
        self.check_fakes()

    async def undo_override(self, undo: Callable[[], None]) -> None:
        """Undo an override after the fakes have answered all requests that are due."""
        operations, deadline_s = self.deps.storage.operations, _steady_s() + UNDO_WITHIN_S
        while _steady_s() < deadline_s:
            due_at = await operations.next_due(now=EARLIEST)
            if due_at is None or due_at > self.clock.shown.now() or self.overrides.problem():
                break
            await asyncio.sleep(POLL_S)
        undo()

    async def advance(self, by: timedelta | None) -> datetime:
        """Advance the clock and do the work that becomes due; None advances to the next due time.

        Raises:
            StillBusyError: It takes more than ten seconds of real time.
        """
        done = await advance_clock(AdvanceClock(by, hold=True), self.deps)
        self.check_fakes()
        if not done.is_idle:
            raise StillBusyError(
                f"work is still due after {done.steps} steps of the clock; advance by "
                "shorter intervals"
            )
        return self.clock.shown.now()

    async def jump(self, at: datetime) -> datetime:
        """Set the clock, and do the work that is due by then."""
        await hold_clock(HoldClock(at), self.deps)
        await self.quiet()
        return self.clock.shown.now()

    async def next_step(self, within: timedelta) -> bool:
        await self.quiet()
        now = self.clock.shown.now()
        ahead = await self.clock.moves.due_work(now)
        if ahead.next_at is None or ahead.next_at - now > within:
            return False
        await self.advance(None)
        return True

    def assert_ending(self, event: str, payment_id: str | None) -> None:
        """Record that the test has asserted an event, if it is an ending of a payment."""
        if event in ENDINGS and payment_id is not None:
            self.ended.add(payment_id)

    async def next_operation(self, end: datetime) -> bool:
        """Advance the clock to the next due operation; return False if none is due by ``end``."""
        now = self.clock.shown.now()
        due_at = await self.deps.storage.operations.next_due(now=now)
        if due_at is None or due_at > end:
            return False
        await self.advance(due_at - now)
        return True

    async def events_after(self, position: int) -> Sequence[FedEvent]:
        """Return the test merchant's events after a position, in order."""
        merchant = self.deps.policy.test_merchant
        assert merchant is not None, "a test's app is never in production"
        feed, found = self.deps.storage.feed, list[FedEvent]()
        upto = await feed.head()
        while more := await feed.between(
            [UUID(merchant.id)], after=position, upto=upto, limit=EVENTS_AT_ONCE
        ):
            found += more
            position = more[-1].position
        return found

    async def webhook_secret(self) -> str:
        """Return the current secret of the merchant's webhooks."""
        endpoint = await self.api.get("/merchant/config")
        return str(endpoint["webhook_secret"] or "")


def _steady_s() -> float:
    """Monotonic seconds, also while a test has frozen the process's clocks."""
    return asyncio.get_running_loop().time()


@asynccontextmanager
async def running(
    database_url: str,
    environ: Mapping[str, str],
    at: datetime | None = None,
    *,
    plugins: Iterable[Found] | None = None,
) -> AsyncIterator[AppCore]:
    """Run an app on a database: a worker, a stopped test clock, no network access.

    Args:
        database_url: A migrated database that only this app uses.
        environ: Settings of paygate and of its plugins, over ``DEFAULTS``. The environment
            of the process is not read.
        at: The start time of the clock; None is the real time.
        plugins: Replaces the search for installed plugins.

    Raises:
        OperatorError: A setting is wrong.
    """
    given = {
        "PAYGATE_VAULT_KEY": new_key(),
        "PAYGATE_DATABASE_POOL": "4",
        **DEFAULTS,
        **environ,
        "DATABASE_URL": database_url,
    }
    http, notifier = LoopbackClient(), LocalNotifier()
    async with open_app(read_settings(given), given, notifier=notifier, plugins=plugins) as opened:
        names = opened.loaded.setting_names
        check_setting_names(given, setting_names(), names, every=environ)
        overrides = RegistryOverrides(opened.loaded.registry)
        deps = replace(opened.deps, registry=overrides.registry, http=http)
        app = replace(opened, deps=deps)
        try:
            async with _working(app):
                core = await _prepared(app, overrides, at)
                http.receive(HOST, core.inbox.receive)
                yield core
        finally:
            await http.close()


async def _prepared(app: App, overrides: RegistryOverrides, at: datetime | None) -> AppCore:
    deps = app.deps
    await seed(deps)
    await hold_clock(HoldClock(at or deps.clock.now()), deps)
    web, scenarios = create_app(deps, app.web), NextScenarios(deps.registry)
    web.asgi_app = scenarios.around(web.asgi_app)  # type: ignore[method-assign]  # Quart's own way to wrap an app
    merchant = deps.policy.test_merchant
    assert merchant is not None, "a test's app is never in production"
    core = AppCore(app, web, Api.of(web, merchant), overrides, scenarios)
    await core.api.patch("/merchant/webhook", {"webhook_url": URL})
    return core


@asynccontextmanager
async def _working(app: App) -> AsyncIterator[None]:
    worker = Worker(app.deps, worker_id="of this test")
    running = asyncio.create_task(worker.run())
    try:
        yield
    finally:
        worker.stop()
        await running
