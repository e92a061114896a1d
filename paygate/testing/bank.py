"""A bank for one test, on a local port. See ``paygate bank``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from ..adapters.clock.database import SystemClock
from ..adapters.serving.server import listen_anywhere
from ..bank.bank import Bank
from ..bank.server import KEYS, open_bank
from .background_loop import BackgroundLoop, blocking

HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class StoppedClock:
    """A clock that stands still."""

    at: datetime

    def now(self) -> datetime:
        return self.at


class BankServer:
    """A bank on a local port, with blocking methods. Its clock is stopped until a test moves it.

    Args:
        url: ``http://127.0.0.1:<port>``.

    Attributes:
        api_key: Moves money.
        callback_secret: Signs its callbacks.
    """

    api_key = KEYS.api_key
    callback_secret = KEYS.callback_secret

    def __init__(self, loop: BackgroundLoop, core: Bank, url: str) -> None:
        self._loop = loop
        self._core = core
        self.url = url

    def book(self) -> Mapping[str, Sequence[Mapping[str, Any]]]:
        """Return what the bank has executed: ``charges``, ``captures``, ``voids``, ``refunds``."""
        return self._loop.run(_book(self._core))

    def set(self, **settings: Any) -> None:
        """Change settings: ``scenario``, ``latency_ms``, ``patience_ms``, ``callback_url``.

        Raises:
            BankError: There is no such scenario.
            ValidationError: Another value is wrong.
        """
        self._loop.run(_set(self._core, settings))

    def advance(self, by: timedelta) -> None:
        """Move the bank's clock ahead, and send the callbacks that are due then."""
        self._loop.run(_advance(self._core, by))

    def decide(self, reference: str, decision: str = "approve") -> None:
        """Decide as the payer of a charge that waits, and send the callback.

        Args:
            reference: The operation id.
            decision: ``approve``, ``decline``, ``wrong_pin`` or ``time_out``.

        Raises:
            BankError: There is no such charge, or it does not wait.
        """
        self._loop.run(_decide(self._core, reference, decision))

    until_sent = blocking(Bank.until_sent)


@contextmanager
def bank_server() -> Iterator[BankServer]:
    """Run a bank in a thread of its own."""
    loop = BackgroundLoop()
    listening, port = listen_anywhere(HOST)
    stack = AsyncExitStack()
    try:
        clock = StoppedClock(SystemClock().now())
        bank = loop.run(stack.enter_async_context(open_bank(listening, clock=clock)))
        yield BankServer(loop, bank, f"http://{HOST}:{port}")
    finally:
        loop.run(stack.aclose())
        loop.close()


async def _book(bank: Bank) -> Mapping[str, Sequence[Mapping[str, Any]]]:
    return bank.book()


async def _set(bank: Bank, settings: Mapping[str, Any]) -> None:
    bank.change(bank.settings.changed(settings))


async def _advance(bank: Bank, by: timedelta) -> None:
    bank.advance(by)
    await bank.until_sent()


async def _decide(bank: Bank, reference: str, decision: str) -> None:
    bank.decide(reference, decision)
    await bank.until_sent()
