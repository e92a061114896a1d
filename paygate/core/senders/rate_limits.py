"""Rate limits: token buckets by class of request and by sender.

A bucket holds a limit's quota of tokens and fills again within its window. Each request takes
one token, and is refused if there is none. Time is real and monotonic: a test clock moves no
limit.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, NamedTuple, Protocol

from ..limits import (
    BUCKETS_MAX,
    BUCKETS_REPORT_TIMEOUT_S,
    BUCKETS_SHARED_EVERY_S,
    BUCKETS_SHARED_MAX,
    BUCKETS_TIMEOUT_S,
)

RateClass = Literal[
    "reads", "writes", "sign-ins", "callbacks", "shoppers", "order-payments", "resends"
]
Key = tuple[str, str]


@dataclass(frozen=True)
class RateLimit:
    """A limit of requests by one sender.

    Args:
        name: Its name in the headers ``RateLimit`` and ``RateLimit-Policy``.
        quota: Requests within a window, and the most at once; 0 limits nothing.
        window_s: The window, in seconds.
        is_exact: Whether all processes together keep it exactly. Each request then asks the
            shared buckets, if there are any; otherwise it is reported to them soon after.
    """

    name: str
    quota: int
    window_s: int
    is_exact: bool = False

    @cached_property
    def policy(self) -> str:
        """The limit as an item of ``RateLimit-Policy``."""
        return f'"{self.name}";q={self.quota};w={self.window_s}'

    @cached_property
    def rate(self) -> float:
        """Tokens that return in a second."""
        return self.quota / self.window_s


class Wanted(NamedTuple):
    """A token that a request needs.

    Args:
        limit: The limit of the bucket.
        owner: The sender, such as an address or the digest of a key.
    """

    limit: RateLimit
    owner: str

    @property
    def key(self) -> Key:
        """The bucket."""
        return self.limit.name, self.owner


class Decision(NamedTuple):
    """The bucket of a request that is the nearest to its end.

    Args:
        limit: The limit of the bucket.
        level: Its tokens after the request.
        is_allowed: Whether the request is executed.
    """

    limit: RateLimit
    level: float
    is_allowed: bool = True

    @property
    def is_half_used(self) -> bool:
        """Whether no more than half of the quota is left."""
        return self.level * 2 <= self.limit.quota

    @property
    def remaining(self) -> int:
        """Requests that are allowed now."""
        return max(0, math.floor(self.level))

    @property
    def full_in_s(self) -> int:
        """Seconds until the bucket is full."""
        return math.ceil((self.limit.quota - self.level) / self.limit.rate)

    @property
    def retry_after_s(self) -> int:
        """Seconds until a request is allowed again; at least 1."""
        return max(1, math.ceil((1 - self.level) / self.limit.rate))

    @property
    def header(self) -> str:
        """The decision as the value of ``RateLimit``."""
        return f'"{self.limit.name}";r={self.remaining};t={self.full_in_s}'


@dataclass(frozen=True, slots=True)
class Spent:
    """Tokens that a process has taken from a bucket since its last report."""

    wanted: Wanted
    tokens: int


class SharedBuckets(Protocol):
    """Buckets that several processes share."""

    async def take(self, spent: Sequence[Spent], *, timeout_s: float) -> Sequence[float] | None:
        """Take tokens, and return how many are left in each bucket.

        A bucket of an exact limit that has too few keeps them, and the number is negative.
        Other buckets go below zero: the tokens are used already.

        Args:
            spent: The tokens.
            timeout_s: How long to wait, in seconds.

        Returns:
            The levels; None if there is no response in time.
        """
        ...

    async def close(self) -> None:
        """Close the connection."""
        ...


@dataclass(slots=True)
class _Bucket:
    level: float
    at: float
    unreported: int = 0


class Buckets:
    """The buckets of one process, at most a fixed number: the stalest is dropped.

    Args:
        maximum: Number of buckets.
        clock: Seconds that only grow.
    """

    def __init__(
        self, maximum: int = BUCKETS_MAX, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._maximum = maximum
        self._clock = clock
        self._buckets: OrderedDict[Key, _Bucket] = OrderedDict()

    def __len__(self) -> int:
        return len(self._buckets)

    def take(self, wanted: Sequence[Wanted]) -> Decision:
        """Take a token from each bucket, or from none if one of them is empty."""
        now = self._clock()
        buckets = [self._filled(each, now) for each in wanted]
        nearest, share = 0, math.inf
        for number, bucket in enumerate(buckets):
            quota = wanted[number].limit.quota
            if bucket.level < 1:
                return Decision(wanted[number].limit, bucket.level, is_allowed=False)
            if bucket.level / quota < share:
                nearest, share = number, bucket.level / quota
        for bucket in buckets:
            bucket.level -= 1
            bucket.unreported += 1
        return Decision(wanted[nearest].limit, buckets[nearest].level)

    def charge(self, wanted: Wanted, tokens: int) -> None:
        """Take tokens that are used already; there may be less than none afterwards."""
        bucket = self._filled(wanted, self._clock())
        bucket.level -= tokens
        bucket.unreported += tokens

    def report(self, wanted: Wanted) -> Spent | None:
        """Return the tokens of a bucket that are not reported yet, and count them as reported."""
        bucket = self._buckets.get(wanted.key)
        if bucket is None or not bucket.unreported:
            return None
        spent, bucket.unreported = Spent(wanted, bucket.unreported), 0
        return spent

    def set_level(self, wanted: Wanted, level: float) -> None:
        """Set the level that all processes share."""
        bucket = self._filled(wanted, self._clock())
        # Tokens that were taken meanwhile are not in it.
        bucket.level = level - bucket.unreported

    def _filled(self, wanted: Wanted, now: float) -> _Bucket:
        limit, key = wanted.limit, wanted.key
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._buckets[key] = _Bucket(limit.quota, now)
            if len(self._buckets) > self._maximum:
                self._buckets.popitem(last=False)
            return bucket
        self._buckets.move_to_end(key)
        bucket.level = min(limit.quota, bucket.level + (now - bucket.at) * limit.rate)
        bucket.at = now
        # What has come back is no news for the others, such as after an outage of Redis.
        bucket.unreported = min(bucket.unreported, math.ceil(limit.quota - bucket.level))
        return bucket


@dataclass(slots=True)
class RateLimiter:
    """Decides whether requests are executed.

    The process decides with buckets of its own. If several processes share buckets, it reports
    to them what it has taken and adopts their level. Without a response, its own buckets decide.

    Args:
        limits: The limit of each class; a class without one is not limited.
        by_address: The limits of one address for requests with credentials, which each sender
            may make up: of all keys and sessions of the address together.
        shared: None if this process has no other beside it.
    """

    limits: Mapping[RateClass, RateLimit] = field(default_factory=dict)
    by_address: Mapping[RateClass, RateLimit] = field(default_factory=dict)
    shared: SharedBuckets | None = None
    buckets: Buckets = field(default_factory=Buckets)
    _touched: dict[Key, Wanted] = field(default_factory=dict)
    _sharing: asyncio.Task[None] | None = None

    async def take(self, wanted: Sequence[Wanted]) -> Decision:
        """Take a token from each bucket; ``Decision.is_allowed`` says whether there were some."""
        decision = self.buckets.take(wanted)
        if self.shared is None or not decision.is_allowed:
            return decision
        exact = []
        for each in wanted:
            if each.limit.is_exact:
                exact.append(each)
            elif len(self._touched) < BUCKETS_SHARED_MAX:
                self._touched[each.key] = each
        if exact and (refusal := await self._take_shared(exact, self.shared)) is not None:
            return refusal
        if self._touched and (self._sharing is None or self._sharing.done()):
            self._sharing = asyncio.create_task(self._report(self.shared))
        return decision

    def charge(self, wanted: Wanted, tokens: int) -> None:
        """Take tokens for work that a request has done; the next ones wait for them.

        The limit is not exact.
        """
        self.buckets.charge(wanted, tokens)
        self._touched[wanted.key] = wanted

    async def close(self) -> None:
        """Stop reporting, and close the shared buckets."""
        if self._sharing is not None:
            self._sharing.cancel()
            await asyncio.gather(self._sharing, return_exceptions=True)
        if self.shared is not None:
            await self.shared.close()

    async def _take_shared(self, exact: Sequence[Wanted], shared: SharedBuckets) -> Decision | None:
        spent = [reported for each in exact if (reported := self.buckets.report(each)) is not None]
        levels = await shared.take(spent, timeout_s=BUCKETS_TIMEOUT_S)
        for each, level in zip(spent, levels or (), strict=False):
            self.buckets.set_level(each.wanted, max(level, 0))
            if level < 0:
                return Decision(each.wanted.limit, 0, is_allowed=False)
        return None

    async def _report(self, shared: SharedBuckets) -> None:
        while self._touched:
            await asyncio.sleep(BUCKETS_SHARED_EVERY_S)
            touched, self._touched = self._touched, {}
            spent = [
                reported for each in touched.values() if (reported := self.buckets.report(each))
            ]
            levels = await shared.take(spent, timeout_s=BUCKETS_REPORT_TIMEOUT_S) if spent else ()
            for each, level in zip(spent, levels or (), strict=False):
                self.buckets.set_level(each.wanted, level)
