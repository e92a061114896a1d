"""What a test holds: the app with methods to await, or with methods that block."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any

from . import actions
from .api import Api, Reply
from .core import AppCore
from .inbox import URL, InboxCore, Webhook
from .room import Room, awaited, blocking


class Used:
    """Fakes in their places, until the block ends: ``with app.use(…)`` or ``async with``.

    Both wait at the end until the fakes have been asked all that is due by then, and tell
    the test of a script that was too short.
    """

    def __init__(self, room: Room, core: AppCore, things: tuple[object, ...]) -> None:
        self._room = room
        self._core = core
        self._things = things
        self._undo: Callable[[], None] | None = None

    async def _enter(self) -> None:
        self._undo = self._core.swappable.lay(self._things)

    async def _exit(self, error: BaseException | None) -> None:
        undo, self._undo = self._undo, None
        assert undo is not None, "entered before it is left"
        await self._core.swapped(undo)
        problems = [problem for thing in self._things for problem in getattr(thing, "problems", ())]
        if error is None and problems:
            raise problems[0]

    def __enter__(self) -> Any:
        self._room.run(self._enter())
        return self._shown

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._room.run(self._exit(error))

    async def __aenter__(self) -> Any:
        await self._room.go(self._enter())
        return self._shown

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._room.go(self._exit(error))

    @property
    def _shown(self) -> Any:
        """What ``as`` names: the one that was given, or all of them."""
        return self._things[0] if len(self._things) == 1 else self._things


class _Outside:
    def __init__(self, room: Room, core: AppCore) -> None:
        self._room = room
        self._core = core


class _Shown(_Outside):
    """What needs no waiting."""

    @property
    def api_key(self) -> str:
        """The merchant's."""
        return self._core.api.keys["X-Api-Key"]

    @property
    def api_secret(self) -> str:
        """The merchant's."""
        return self._core.api.keys["X-Api-Secret"]

    @property
    def headers(self) -> Mapping[str, str]:
        """Both, as requests carry them."""
        return dict(self._core.api.keys)

    @property
    def webhook_secret(self) -> str:
        """What signs the merchant's webhooks, unless the test has changed it."""
        merchant = self._core.deps.policy.test_merchant
        assert merchant is not None, "a test's app is never in production"
        return merchant.webhook_secret

    @property
    def core(self) -> AppCore:
        """The inside, for what this does not offer; it belongs to the app's own thread."""
        return self._core

    def use(self, *things: object) -> Used:
        """Put fakes, or plugin objects of your own, in their places for a block.

        Args:
            things: ``FakeProcessor``, ``FakeMethod``, ``FakeSink``, or any object that is
                a processor, payment method or sink. Blocks may be nested: the innermost
                is asked. Each app has its own.
        """
        return Used(self._room, self._core, things)


class _ClockShown(_Outside):
    @property
    def now(self) -> datetime:
        """Where it stands, in UTC."""
        return self._core.clock.shown.now()


class Clock(_ClockShown):
    """The app's time, which stands still until a test moves it."""

    async def advance(self, by: timedelta | None = None, **parts: float) -> datetime:
        """Move it on; what falls due on the way is done on the way, each at its moment.

        Args:
            by: How far, or …
            parts: … the same as ``timedelta`` takes it: ``days=3``, ``seconds=30``.
        """
        return await self._room.go(self._core.advance(_length(by, parts)))

    async def to_next(self) -> datetime:
        """Move it to the moment the next thing falls due, and do that."""
        return await self._room.go(self._core.advance(None))

    async def set(self, at: datetime) -> datetime:
        """Put it there, no earlier than where it is, and do all that is due by then."""
        return await self._room.go(self._core.jump(at))


class BlockingClock(_ClockShown):
    """See ``Clock``."""

    def advance(self, by: timedelta | None = None, **parts: float) -> datetime:
        """See ``Clock.advance``."""
        return self._room.run(self._core.advance(_length(by, parts)))

    def to_next(self) -> datetime:
        """See ``Clock.to_next``."""
        return self._room.run(self._core.advance(None))

    def set(self, at: datetime) -> datetime:
        """See ``Clock.set``."""
        return self._room.run(self._core.jump(at))


def _length(by: timedelta | None, parts: Mapping[str, float]) -> timedelta:
    if (by is None) == (not parts):
        raise TypeError("advance takes a timedelta or its parts: advance(days=3)")
    return timedelta(**parts) if by is None else by


class _ScenarioShown(_Outside):
    def next(self, *names: str) -> None:
        """Let the next payments play these, one each, whoever asks for them.

        A request that names a scenario itself plays that and leaves these alone.

        Raises:
            InvalidInputError: There is no such scenario.
        """
        self._core.scenarios.add(names)


class Scenario(_ScenarioShown):
    """What simulators play."""

    async def __call__(self, name: str | None) -> None:
        """Let all payments that name nothing play it; None is the usual."""
        await self._room.go(actions.scenario(self._core, name))


class BlockingScenario(_ScenarioShown):
    """See ``Scenario``."""

    def __call__(self, name: str | None) -> None:
        """See ``Scenario.__call__``."""
        self._room.run(actions.scenario(self._core, name))


class _InboxShown:
    def __init__(self, room: Room, core: InboxCore) -> None:
        self._room = room
        self._core = core

    url = URL
    """Where the merchant's webhooks go at first."""

    @property
    def arrived(self) -> Sequence[Webhook]:
        """All that came, in order."""
        return tuple(self._core.arrived)

    @property
    def types(self) -> list[str]:
        """Their types."""
        return [webhook.type for webhook in self._core.arrived]


class Inbox(_InboxShown):
    """A receiver of webhooks that checks their signatures."""

    expect = awaited(InboxCore.expect)
    expect_in_order = awaited(InboxCore.expect_in_order)
    expect_none = awaited(InboxCore.expect_none)
    answer = awaited(InboxCore.answer)


class BlockingInbox(_InboxShown):
    """See ``Inbox``."""

    expect = blocking(InboxCore.expect)
    expect_in_order = blocking(InboxCore.expect_in_order)
    expect_none = blocking(InboxCore.expect_none)
    answer = blocking(InboxCore.answer)


class PaygateApp(_Shown):
    """A gateway of a test's own, in memory but for its database."""

    def __init__(self, room: Room, core: AppCore) -> None:
        super().__init__(room, core)
        self.clock = Clock(room, core)
        self.scenario = Scenario(room, core)
        self.inbox = Inbox(room, core.inbox)

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
        """See ``Api.call``: anything the API offers; refusals are answers."""
        api: Api = self._core.api
        return await self._room.go(api.call(method, path, json, headers=headers))


class PaygateServer(_Shown):
    """The same on a port of this machine, with methods that block.

    Args:
        url: ``http://127.0.0.1:<port>``.
    """

    def __init__(self, room: Room, core: AppCore, url: str) -> None:
        super().__init__(room, core)
        self.url = url
        self.api_url = f"{url}/api/v1"
        self.clock = BlockingClock(room, core)
        self.scenario = BlockingScenario(room, core)
        self.inbox = BlockingInbox(room, core.inbox)

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
        """See ``Api.call``: anything the API offers; refusals are answers."""
        api: Api = self._core.api
        return self._room.run(api.call(method, path, json, headers=headers))

    def send_webhooks_to(self, url: str | None) -> None:
        """Say where the merchant's webhooks go: a receiver on this machine, or None."""
        self._room.run(self._core.api.patch("/merchant/webhook", {"webhook_url": url}))
