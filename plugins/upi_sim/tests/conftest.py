"""The context that the host passes to the plugin: a manual clock, no network."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from uuid import UUID

import pytest

from paygate import CallContext, HttpError, MethodContext, Money

NOW = datetime(2026, 1, 15, 10, 30, tzinfo=UTC)


@dataclass
class ManualClock:
    at: datetime = NOW

    def now(self):
        return self.at


class NoHttp:
    async def post(self, url, **_):
        raise HttpError("refused_address", "a simulator stays at home")

    async def close(self):
        pass


class NoLog:
    def debug(self, event, **fields):
        pass

    info = warning = debug


@pytest.fixture
def clock():
    return ManualClock()


@pytest.fixture
def call(clock):
    def make(operation_id="op_1", state=None):
        return CallContext(
            merchant_id=UUID(int=1),
            operation_id=operation_id,
            deadline=timedelta(seconds=10),
            clock=clock,
            rng=Random(f"7:{operation_id}"),
            http=NoHttp(),
            logger=NoLog(),
            state=state,
        )

    return make


@pytest.fixture(scope="session")
def at():
    def make(now=NOW):
        return MethodContext(now=now, amount=Money(49_900, "INR"))

    return make
