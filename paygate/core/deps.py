"""The dependencies of the use cases."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import timedelta
from functools import wraps
from random import Random
from typing import Any, ParamSpec, TypeVar

from .accounts.last_use import LastUse
from .accounts.refusals import Refusals
from .accounts.store import Passwords
from .clock import Clock, ClockMoves, MovableClock
from .crash_points import CrashPoint
from .errors import TransactionConflictError
from .ids import Ids
from .limits import DELIVERIES_IN_FLIGHT_MAX, OPERATIONS_IN_FLIGHT_MAX, PLUGIN_CALL
from .loop_blocks import LoopBlocks
from .observe.metrics import Metrics, NoMetrics
from .observe.traces import Traces
from .payments.health import ProcessorHealth
from .plugin_api.http_client import Http
from .plugin_api.plugin import Logger
from .queue.notifier import Jobs, Notifier, Queue
from .queue.store import KEEP_BY_DEFAULT, Retention
from .registry import Registry
from .senders.rate_limits import RateLimiter
from .storage import Storage
from .vault import Vault
from .webhooks.store import EventPresenter
from .webhooks.stream import LiveEvents


@dataclass(frozen=True, slots=True)
class TestMerchant:
    """The merchant that is seeded outside production and shown without a login.

    Args:
        api_secret: In clear. It is a setting that everyone may read, so production
            refuses it.
    """

    id: str
    name: str
    email: str
    api_key: str
    api_secret: str
    webhook_secret: str


@dataclass(frozen=True, slots=True)
class TestClock:
    """The clock that tests control.

    Args:
        shown: This process's view of it; the same as ``Deps.clock``.
        moves: Stores the state of the clock for every process.
    """

    shown: MovableClock
    moves: ClockMoves


@dataclass(frozen=True, slots=True)
class Policy:
    """Settings of the use cases.

    Args:
        seed: The seed of everything random in a simulation.
        replay_mismatches: Whether a reused idempotency key returns the stored response even
            for a different request, as some older gateways do.
        require_client_secret: Whether browsers need an order's secret to see and pay it.
        test_merchant: None in production.
        scenario_amounts: Whether an amount's last digits choose a scenario.
        plugin_call: The deadline of a call of a plugin.
        retention: How long rows are stored.
        operations_in_flight: How many payments, and how many refunds, a worker processes
            at the same time.
        deliveries_in_flight: How many webhooks a worker delivers at the same time.
        checkout_url: Where browsers find the checkout page, without its path.
        api_url: Where other systems find the API, without its path.
        origins: Origins of other pages that may use a user's session: the dashboard's.
        allows_simulators: Whether payments may be simulated and scenarios chosen. In
            production only if the operator enables it.
        is_production: Whether credentials of test merchants are refused.
    """

    seed: int = 0
    replay_mismatches: bool = False
    require_client_secret: bool = False
    test_merchant: TestMerchant | None = None
    scenario_amounts: bool = False
    plugin_call: timedelta = PLUGIN_CALL
    retention: Retention = KEEP_BY_DEFAULT
    operations_in_flight: int = OPERATIONS_IN_FLIGHT_MAX
    deliveries_in_flight: int = DELIVERIES_IN_FLIGHT_MAX
    checkout_url: str = ""
    api_url: str = ""
    origins: frozenset[str] = frozenset()
    allows_simulators: bool = True
    is_production: bool = False


@dataclass(frozen=True, slots=True, repr=False)
class Deps:
    """The dependencies of the use cases of one app: adapters, plugins and policy.

    Args:
        registry: What the plugins offer.
        present: Creates the bodies of events.
        refusals: Records refused access.
        last_use: Records when sessions and keys were last used.
        rates: The rate limits; by default there are none.
        health: The health of processors, for routers.
        test_clock: None in production, which uses the real time.
        policy: The settings of the use cases.
        crash_point: Where a test lets this process die; None in production.
        loop_blocks: Reports calls of plugins that have blocked the event loop.
        metrics: Counts what operators watch; by default nothing.
        traces: Where spans are sent; None without traces.
    """

    storage: Storage
    notifier: Notifier
    clock: Clock
    ids: Ids
    vault: Vault
    passwords: Passwords
    http: Http
    registry: Registry
    present: EventPresenter
    logger: Logger
    live: LiveEvents
    refusals: Refusals
    last_use: LastUse = field(default_factory=LastUse)
    rates: RateLimiter = field(default_factory=RateLimiter)
    health: ProcessorHealth = field(default_factory=ProcessorHealth)
    test_clock: TestClock | None = None
    policy: Policy = field(default_factory=Policy)
    crash_point: CrashPoint | None = None
    loop_blocks: LoopBlocks = field(default_factory=LoopBlocks)
    metrics: Metrics = field(default_factory=NoMetrics)
    traces: Traces | None = None

    def reach(self, step: str, *works: str) -> None:
        """Let the process die if a test wants it here; see ``crash_points``."""
        if self.crash_point is not None:
            self.crash_point.reach(step, *works)


ATTEMPTS_MAX = 4
WAIT_S = 0.05
Given = ParamSpec("Given")
Result = TypeVar("Result")


def run_again_on_conflict(
    use_case: Callable[Given, Coroutine[Any, Any, Result]],
) -> Callable[Given, Coroutine[Any, Any, Result]]:
    """Run a use case again after a deadlock or a serialization failure, a few times.

    Only for use cases that do everything in one transaction and have no effect outside the
    database. Inside a transaction of the caller, the caller has to run it again.
    """

    @wraps(use_case)
    async def run(*args: Given.args, **kwargs: Given.kwargs) -> Result:
        deps = next(each for each in args if isinstance(each, Deps))
        attempts = 1 if deps.storage.is_in_transaction else ATTEMPTS_MAX
        # Spreads concurrent retries; it need not be repeatable.
        rng = Random()
        while True:
            try:
                return await use_case(*args, **kwargs)
            except TransactionConflictError:
                attempts -= 1
                if not attempts:
                    raise
            await asyncio.sleep(rng.uniform(0, WAIT_S))

    return run


@dataclass(slots=True)
class DeferredNotifications:
    """A notifier that buffers the notifications of a transaction until it is committed."""

    notifications: list[tuple[Queue, str]] = field(default_factory=list)

    @property
    def refusal(self) -> str | None:
        return None

    def notify(self, queue: Queue, row_id: str) -> None:
        """Buffer the notification."""
        self.notifications.append((queue, row_id))

    def send_all(self, deps: Deps) -> None:
        """Send the buffered notifications."""
        for queue, row_id in self.notifications:
            deps.notifier.notify(queue, row_id)

    async def listen(self, jobs: Jobs) -> None:
        """See ``Notifier.listen``; not supported."""

    async def is_connected(self) -> bool | None:
        return None

    async def close(self) -> None:
        """See ``Notifier.close``."""
