"""A desk to ask a simulator from: a clock that is set by hand and no network."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

import pytest

from paygate import AuthorizeRequest, CallContext, FollowUp, HttpError, Instrument, Money

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


@dataclass
class Desk:
    """Makes what the host would hand to a processor."""

    seed: int = 7
    amount: Money = field(default=Money(49_900, "INR"))
    clock: ManualClock = field(default_factory=ManualClock)

    def context(self, operation_id="op_1", state: Mapping[str, Any] | None = None):
        return CallContext(
            merchant_id=UUID(int=1),
            operation_id=operation_id,
            deadline=timedelta(seconds=10),
            clock=self.clock,
            rng=Random(f"{self.seed}:{operation_id}"),
            http=NoHttp(),
            logger=NoLog(),
            state=state,
        )

    def request(self, payment_id="pay_1"):
        instrument = Instrument("upi", "collect", {"vpa": "user@paytm"})
        return AuthorizeRequest(payment_id, self.amount, instrument)

    def follow_up(self, operation_id="op_1", payment_id="pay_1"):
        request = self.request(payment_id)
        return FollowUp(payment_id, operation_id, self.amount, request.instrument, asked_at=NOW)


@pytest.fixture
def desk():
    return Desk()


@pytest.fixture(scope="session")
def make_desk():
    return Desk
