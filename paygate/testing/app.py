"""The app for tests, with methods to await or with blocking methods."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any

from . import actions
from .api import Api, Reply
from .background_loop import BackgroundLoop, awaited, blocking
from .chaos import Chaos
from .core import AppCore
from .inbox import URL, InboxCore, Webhook


class PluginOverride:
    """Replaces plugins by fakes until the block ends: ``with app.use(…)`` or ``async with``.

    At the end it waits until the fakes have answered all requests that are due, and raises
    the error of a script that was too short.
    """

    def __init__(self, loop: BackgroundLoop, core: AppCore, objects: tuple[object, ...]) -> None:
        self._loop = loop
        self._core = core
        self._objects = objects
        self._undo: Callable[[], None] | None = None

    async def _enter(self) -> None:
        self._undo = self._core.overrides.override(self._objects)

    async def _exit(self, error: BaseException | None) -> None:
        undo, self._undo = self._undo, None
        assert undo is not None, "__enter__ was called before"
        await self._core.undo_override(undo)
        problems = [problem for each in self._objects for problem in getattr(each, "problems", ())]
        if error is None and problems:
            raise problems[0]

    def __enter__(self) -> Any:
        self._loop.run(self._enter())
        return self._shown

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._loop.run(self._exit(error))

    async def __aenter__(self) -> Any:
        await self._loop.run_async(self._enter())
        return self._shown

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._loop.run_async(self._exit(error))

    @property
    def _shown(self) -> Any:
        """The value of ``as``: the given object, or all of them."""
        return self._objects[0] if len(self._objects) == 1 else self._objects


class _Handle:
    def __init__(self, loop: BackgroundLoop, core: AppCore) -> None:
        self._loop = loop
        self._core = core


class _AppHandle(_Handle):
    """Members that return at once."""

    @property
    def api_key(self) -> str:
        """The merchant's API key."""
        return self._core.api.keys["X-Api-Key"]

    @property
    def api_secret(self) -> str:
        """The merchant's API secret."""
        return self._core.api.keys["X-Api-Secret"]

    @property
    def headers(self) -> Mapping[str, str]:
        """The merchant's API key and secret as request headers."""
        return dict(self._core.api.keys)

    @property
    def webhook_secret(self) -> str:
        """The secret of the merchant's webhooks, unless the test has changed it."""
        merchant = self._core.deps.policy.test_merchant
        assert merchant is not None, "a test's app is never in production"
        return merchant.webhook_secret

    @property
    def core(self) -> AppCore:
        """The internals; they belong to the app's own thread."""
        return self._core

    @property
    def chaos(self) -> Chaos:
        """Plays the bad days of payments to a webhook handler."""
        return Chaos(self._loop, self._core)

    def use(self, *objects: object) -> PluginOverride:
        """Replace plugins by fakes, or by your own plugin objects, for a block.

        Args:
            objects: ``FakeProcessor``, ``FakeMethod``, ``FakeSink``, or any object that is
                a processor, payment method or sink. Blocks may be nested: the innermost wins.
                Other apps are not affected.
        """
        return PluginOverride(self._loop, self._core, objects)


class _ClockHandle(_Handle):
    @property
    def now(self) -> datetime:
        """The current time of the clock, in UTC."""
        return self._core.clock.shown.now()


class Clock(_ClockHandle):
    """The app's clock. It is stopped until a test moves it."""

    async def advance(self, by: timedelta | None = None, **parts: float) -> datetime:
        """Advance the clock, and do the work that becomes due, in order, each at its due time.

        Args:
            by: How far.
            parts: Instead of ``by``, arguments of ``timedelta``: ``days=3``, ``seconds=30``.
        """
        return await self._loop.run_async(self._core.advance(_length(by, parts)))

    advance_until = awaited(actions.advance_until)

    async def to_next(self) -> datetime:
        """Advance the clock to the next due time, and do the work that is due then."""
        return await self._loop.run_async(self._core.advance(None))

    async def set(self, at: datetime) -> datetime:
        """Set the clock to a later time, and do all work that is due by then."""
        return await self._loop.run_async(self._core.jump(at))


class BlockingClock(_ClockHandle):
    """Implements ``Clock``."""

    def advance(self, by: timedelta | None = None, **parts: float) -> datetime:
        return self._loop.run(self._core.advance(_length(by, parts)))

    advance_until = blocking(actions.advance_until)

    def to_next(self) -> datetime:
        return self._loop.run(self._core.advance(None))

    def set(self, at: datetime) -> datetime:
        return self._loop.run(self._core.jump(at))


def _length(by: timedelta | None, parts: Mapping[str, float]) -> timedelta:
    if (by is None) == (not parts):
        raise TypeError("advance takes a timedelta or its parts: advance(days=3)")
    return timedelta(**parts) if by is None else by


class _ScenarioHandle(_Handle):
    def next(self, *names: str) -> None:
        """Assign scenarios to the next payments, one each, in this order.

        A request that names a scenario itself does not use one of these.

        Raises:
            InvalidInputError: A scenario does not exist.
        """
        self._core.scenarios.add(names)


class Scenario(_ScenarioHandle):
    """The scenarios of the simulators."""

    async def __call__(self, name: str | None) -> None:
        """Set the scenario of all payments that name none; None restores the default."""
        await self._loop.run_async(actions.scenario(self._core, name))


class BlockingScenario(_ScenarioHandle):
    """Implements ``Scenario``."""

    def __call__(self, name: str | None) -> None:
        self._loop.run(actions.scenario(self._core, name))


class _InboxHandle:
    def __init__(self, loop: BackgroundLoop, core: InboxCore) -> None:
        self._loop = loop
        self._core = core

    url = URL
    """The URL that receives the merchant's webhooks at the start."""

    @property
    def arrived(self) -> Sequence[Webhook]:
        """All webhooks that have arrived, in order."""
        return tuple(self._core.arrived)

    @property
    def types(self) -> list[str]:
        """The event types of all webhooks that have arrived."""
        return [webhook.type for webhook in self._core.arrived]


class Inbox(_InboxHandle):
    """A receiver of webhooks that checks their signatures."""

    expect = awaited(InboxCore.expect)
    expect_in_order = awaited(InboxCore.expect_in_order)
    expect_none = awaited(InboxCore.expect_none)
    answer = awaited(InboxCore.answer)


class BlockingInbox(_InboxHandle):
    """Implements ``Inbox``."""

    expect = blocking(InboxCore.expect)
    expect_in_order = blocking(InboxCore.expect_in_order)
    expect_none = blocking(InboxCore.expect_none)
    answer = blocking(InboxCore.answer)


class PaygateApp(_AppHandle):
    """A gateway for one test, in memory except for its database."""

    def __init__(self, loop: BackgroundLoop, core: AppCore) -> None:
        super().__init__(loop, core)
        self.clock = Clock(loop, core)
        self.scenario = Scenario(loop, core)
        self.inbox = Inbox(loop, core.inbox)

    create_order = awaited(actions.create_order)
    pay = awaited(actions.pay)
    payment = awaited(actions.payment)
    order = awaited(actions.order)
    refund = awaited(actions.refund)
    capture = awaited(actions.capture)
    cancel = awaited(actions.cancel)
    until = awaited(actions.until)
    quiet = awaited(AppCore.quiet)

    async def call(
        self,
        method: str,
        path: str,
        json: Any = None,
        *,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """Call any endpoint of the API. Errors are returned, not raised. See ``Api.call``."""
        api: Api = self._core.api
        return await self._loop.run_async(api.call(method, path, json, headers=headers))


class PaygateServer(_AppHandle):
    """A gateway for one test on a local port, with blocking methods.

    Args:
        url: ``http://127.0.0.1:<port>``.
    """

    def __init__(self, loop: BackgroundLoop, core: AppCore, url: str) -> None:
        super().__init__(loop, core)
        self.url = url
        self.api_url = f"{url}/api/v1"
        self.clock = BlockingClock(loop, core)
        self.scenario = BlockingScenario(loop, core)
        self.inbox = BlockingInbox(loop, core.inbox)

    create_order = blocking(actions.create_order)
    pay = blocking(actions.pay)
    payment = blocking(actions.payment)
    order = blocking(actions.order)
    refund = blocking(actions.refund)
    capture = blocking(actions.capture)
    cancel = blocking(actions.cancel)
    until = blocking(actions.until)
    quiet = blocking(AppCore.quiet)

    def call(
        self,
        method: str,
        path: str,
        json: Any = None,
        *,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """Call any endpoint of the API. Errors are returned, not raised. See ``Api.call``."""
        api: Api = self._core.api
        return self._loop.run(api.call(method, path, json, headers=headers))

    def send_webhooks_to(self, url: str | None) -> None:
        """Set the merchant's webhook URL: a receiver on this machine, or None."""
        self._loop.run(self._core.api.patch("/merchant/webhook", {"webhook_url": url}))
