"""Token buckets: what one sender may take, and what a process keeps of all senders."""

from __future__ import annotations

from dataclasses import dataclass

from paygate.bootstrap import rate_limiter
from paygate.core.senders.addresses import address_of_sender
from paygate.core.senders.rate_limits import Buckets, RateLimit, Wanted
from paygate.settings import read_settings

LIMIT = RateLimit("writes", quota=10, window_s=5)
OTHER = RateLimit("reads", quota=2, window_s=1)


@dataclass
class Seconds:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_quota_is_available_at_once_and_refills_steadily():
    clock = Seconds()
    buckets = Buckets(clock=clock)

    def allowed(tries: int) -> int:
        return sum(buckets.take([Wanted(LIMIT, "a")]).is_allowed for _ in range(tries))

    assert allowed(50) == 10
    clock.now = 0.5
    assert allowed(50) == 1
    clock.now = 3.0
    assert allowed(50) == 5
    clock.now = 1e9
    assert allowed(50) == 10


def test_a_refusal_says_when_the_next_request_is_allowed():
    clock = Seconds()
    buckets = Buckets(clock=clock)
    decisions = [buckets.take([Wanted(LIMIT, "a")]) for _ in range(11)]

    assert [each.remaining for each in decisions] == [9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 0]
    assert decisions[-1].retry_after_s == 1
    assert decisions[-1].header == '"writes";r=0;t=5'
    assert LIMIT.policy == '"writes";q=10;w=5'
    slow = RateLimit("order-payments", quota=1, window_s=3600)
    assert buckets.take([Wanted(slow, "o")]).is_allowed
    assert buckets.take([Wanted(slow, "o")]).retry_after_s == 3600


def test_senders_do_not_take_from_each_other():
    buckets = Buckets(clock=Seconds())
    for _ in range(20):
        buckets.take([Wanted(LIMIT, "a")])

    assert buckets.take([Wanted(LIMIT, "b")]).is_allowed
    assert buckets.take([Wanted(OTHER, "a")]).is_allowed


def test_a_refused_request_takes_from_no_bucket():
    buckets = Buckets(clock=Seconds())
    both = [Wanted(LIMIT, "a"), Wanted(OTHER, "address")]
    decisions = [buckets.take(both) for _ in range(5)]

    assert [each.is_allowed for each in decisions] == [True, True, False, False, False]
    assert decisions[-1].limit is OTHER
    assert buckets.take([Wanted(LIMIT, "a")]).remaining == 7


def test_the_stalest_of_too_many_buckets_is_dropped():
    buckets = Buckets(maximum=100, clock=Seconds())
    for _ in range(10):
        buckets.take([Wanted(LIMIT, "busy")])
    for number in range(10_000):
        buckets.take([Wanted(LIMIT, str(number))])
        if number % 50 == 0:
            assert not buckets.take([Wanted(LIMIT, "busy")]).is_allowed

    assert len(buckets) == 100


def test_an_ipv6_address_counts_by_its_first_64_bits():
    assert address_of_sender("203.0.113.9") == "203.0.113.9"
    assert address_of_sender("::ffff:203.0.113.9") == "203.0.113.9"
    assert address_of_sender("2001:db8:1:2:3:4:5:6") == "2001:db8:1:2::"
    assert address_of_sender("2001:db8:1:2:ffff::1%eth0") == "2001:db8:1:2::"
    assert address_of_sender(None) == ""
    assert address_of_sender("<local>") == "<local>"


def test_production_limits_every_class_by_default():
    production = rate_limiter(read_settings({"PAYGATE_ENV": "production"}), None)
    development = rate_limiter(read_settings({}), None)

    assert {name: (limit.quota, limit.window_s) for name, limit in production.limits.items()} == {
        "reads": (1000, 10),
        "writes": (1000, 10),
        "shoppers": (500, 10),
        "callbacks": (2000, 10),
        "sign-ins": (30, 60),
        "order-payments": (30, 3600),
        "resends": (50_000, 3600),
    }
    assert production.by_address.keys() == {"reads", "writes"}
    assert production.limits.keys() == development.limits.keys()
    assert all(limit.quota < development.limits[n].quota for n, limit in production.limits.items())
