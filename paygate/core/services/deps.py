"""What a use case may reach, put together once per app by ``bootstrap``."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from ..domain.limits import (
    DELIVERIES_IN_FLIGHT_MAX,
    KEEP_CALLS,
    OPERATIONS_IN_FLIGHT_MAX,
    PLUGIN_CALL,
)
from ..ports.clock import Clock, MovableClock
from ..ports.clock_moves import ClockMoves
from ..ports.http_client import Http
from ..ports.ids import Ids
from ..ports.notifier import Notifier
from ..ports.passwords import Passwords
from ..ports.plugins import Logger
from ..ports.present import EventPresenter
from ..ports.storage import Storage
from ..ports.vault import Vault
from .last_use import LastUse
from .live import LiveEvents
from .refusals import Refusals
from .registry import Registry


@dataclass(frozen=True, slots=True)
class TestMerchant:
    """The merchant that is seeded outside production and shown without a login.

    Args:
        api_secret: In clear: it is a setting that everyone may read, which is why
            production refuses it.
    """

    id: str
    name: str
    email: str
    api_key: str
    api_secret: str
    webhook_secret: str


@dataclass(frozen=True, slots=True)
class TestClock:
    """The clock that tests move.

    Args:
        shown: This process's view of it; the same as ``Deps.clock``.
        moves: What every process is told.
    """

    shown: MovableClock
    moves: ClockMoves


@dataclass(frozen=True, slots=True)
class Deps:
    """The machines and the plugins of one app.

    Args:
        refusals: Writes down who was refused access.
        seed: Everything random in a simulation is drawn from it.
        replay_mismatches: Answer a reused key from memory even when the request
            is another one, as some older gateways do.
        require_client_secret: Browsers see and pay an order only with its secret.
        test_merchant: None in production.
        test_clock: None in production, where time is real.
        scenario_amounts: Whether an amount's last digits choose a scenario.
        plugin_call: How long a plugin may take to answer.
        operations_in_flight: How many payments, and how many refunds, a worker works on
            at a time.
        deliveries_in_flight: How many webhooks it delivers at a time.
        keep_events: How long events and deliveries are kept; None for ever.
        keep_calls: How long calls of plugins and processors' callbacks are kept.
        origins: Of pages that may use a person's session from elsewhere: the dashboard's.
        last_use: Writes down when sessions and keys were used.
        allows_simulators: Whether payments may be simulated, and scenarios chosen: the one
            place that decides it. In production only with the operator's consent.
        is_production: No credentials of a test's merchant are accepted.
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
    seed: int = 0
    replay_mismatches: bool = False
    require_client_secret: bool = False
    test_merchant: TestMerchant | None = None
    test_clock: TestClock | None = None
    scenario_amounts: bool = False
    plugin_call: timedelta = PLUGIN_CALL
    keep_calls: timedelta = KEEP_CALLS
    keep_events: timedelta | None = None
    operations_in_flight: int = OPERATIONS_IN_FLIGHT_MAX
    deliveries_in_flight: int = DELIVERIES_IN_FLIGHT_MAX
    origins: frozenset[str] = frozenset()
    last_use: LastUse = field(default_factory=LastUse)
    allows_simulators: bool = True
    is_production: bool = False
