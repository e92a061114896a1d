"""The races. Each prepares its payments, lets requests meet, and counts the endings.

What a race returns under ``must_be_zero`` is wrong whatever the order in which the
requests came; the rest is for people to read.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from .track import Track

T = TypeVar("T")

AMOUNT = 50_000
# Several pairs meet at once, so that the processes have something else to do too.
ABREAST = 4
REFUNDS_CALLED_BACK = 8
REFUNDS_BESIDE_CAPTURES = 10
CAPTURES = 3
REFUNDS_MANY = 60
HEALTHY = 20
BROKEN = ("raise", "junk", "wake")

# Every payment in question has an approval that the API acknowledged.
LOST = """
SELECT count(*) AS n FROM payments p WHERE p.id = ANY($1) AND p.status = 'failed'
AND NOT EXISTS (SELECT FROM refunds r WHERE r.payment_id = p.id)
"""
ENDINGS = """
SELECT p.status || CASE WHEN r.status IS NULL THEN '' ELSE ', refund ' || r.status END AS ending,
       count(*) AS n
FROM payments p LEFT JOIN refunds r ON r.payment_id = p.id
WHERE p.id = ANY($1) GROUP BY 1
"""
LATE = """
SELECT count(DISTINCT e.payment_id) AS n FROM events e WHERE e.payment_id = ANY($1)
AND e.type = 'payment.failed'
AND EXISTS (SELECT FROM events s WHERE s.payment_id = e.payment_id AND s.type = 'payment.success')
"""
PAID = """
SELECT o.id, count(p.id) FILTER (WHERE p.status = 'success') AS paid
FROM orders o JOIN payments p ON p.order_id = o.id WHERE o.id = ANY($1) GROUP BY o.id
"""
REFUNDS = """
SELECT status, count(*) AS n FROM refunds WHERE payment_id = ANY($1) GROUP BY status
"""


@dataclass
class Result:
    """What a race counted."""

    rounds: int
    must_be_zero: dict[str, int]
    endings: dict[str, int] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)


async def cancel_and_approval(track: Track, rounds: int) -> Result:
    """Cancel payments while their approvals arrive."""
    payments = await _waiting(track, rounds)
    calls = await track.calls_about(payments, "authorize")
    acknowledged = await _abreast(
        _both(
            track.post(f"/payments/{payment}/public/cancel", {}),
            track.call_back(calls[payment][0]),
        )
        for payment in payments
    )
    return await _one_approval_each(track, payments, acknowledged)


async def approval_and_decline(track: Track, rounds: int) -> Result:
    """Send two contradicting callbacks. An approval counts in any order."""
    payments = await _waiting(track, rounds)
    calls = await track.calls_about(payments, "authorize")
    acknowledged = await _abreast(
        _both(
            track.call_back(calls[payment][0], approved=False),
            track.call_back(calls[payment][0]),
        )
        for payment in payments
    )
    result = await _one_approval_each(track, payments, acknowledged)
    result.must_be_zero["not paid"] = rounds - result.endings.get("success", 0)
    return result


async def callbacks_about_refunds(track: Track, rounds: int) -> Result:
    """Eight callbacks about eight refunds of one payment come at once."""
    payments = await _paid(track, rounds, "calls_back", refunds="wait")
    made = await _abreast(_refund_all(track, payment, REFUNDS_CALLED_BACK) for payment in payments)
    calls = await track.calls_about(payments, "refund", REFUNDS_CALLED_BACK)

    async def answer(payment: str) -> int:
        acknowledged = await asyncio.gather(*(track.call_back(call) for call in calls[payment]))
        return acknowledged.count(False)

    unacknowledged = await _abreast(answer(payment) for payment in payments)
    result = await _refunds_of(track, payments, rounds * REFUNDS_CALLED_BACK)
    result.must_be_zero["refunds refused"] = rounds * REFUNDS_CALLED_BACK - sum(made)
    result.must_be_zero["approvals not acknowledged"] = sum(unacknowledged)
    return result


async def refunds_and_captures(track: Track, rounds: int) -> Result:
    """Ten refunds and three captures of one paid payment are asked for at once."""
    payments = await _paid(track, rounds, "calls_back")

    async def ask(payment: str) -> int:
        captures = [
            track.post(f"/payments/{payment}/capture", {"amount": AMOUNT}) for _ in range(CAPTURES)
        ]
        refunded, *_ = await asyncio.gather(
            _refund_all(track, payment, REFUNDS_BESIDE_CAPTURES), *captures
        )
        return REFUNDS_BESIDE_CAPTURES - int(refunded)

    refused = await _abreast(ask(payment) for payment in payments)
    result = await _refunds_of(track, payments, rounds * REFUNDS_BESIDE_CAPTURES)
    result.must_be_zero["refunds refused"] = sum(refused)
    return result


async def late_success_and_new_payment(track: Track, rounds: int) -> Result:
    """Let an approval arrive late during a second payment: the order is paid once."""
    orders = await _gather_orders(track, rounds)
    firsts = await _abreast(_started(track, order) for order in orders)
    calls = await track.calls_about(firsts, "authorize")
    await _abreast(track.call_back(calls[payment][0], approved=False) for payment in firsts)
    await track.wait_for_status(firsts, "failed")

    async def meet(order: str, first: str) -> tuple[bool, str | None]:
        acknowledged, (status, payment) = await asyncio.gather(
            track.call_back(calls[first][0]), track.pay(order)
        )
        return acknowledged, str(payment["id"]) if status == 201 else None

    met = await _abreast(meet(*pair) for pair in zip(orders, firsts, strict=True))
    seconds = [second for _, second in met if second is not None]
    settled = await track.settle([*firsts, *seconds])
    paid = await track.fetch(PAID, orders)
    return Result(
        rounds,
        {
            "not settled": 0 if settled else await track.unsettled([*firsts, *seconds]),
            "approvals not acknowledged": sum(not acknowledged for acknowledged, _ in met),
            "failed, approved and not refunded": await _number(track, LOST, firsts),
            "orders paid twice": sum(row["paid"] > 1 for row in paid),
            "orders not paid": sum(row["paid"] < 1 for row in paid),
        },
        await _endings(track, [*firsts, *seconds]),
        {"late successes": await _number(track, LATE, firsts), "new payments": len(seconds)},
    )


async def many_refunds(track: Track, rounds: int) -> Result:
    """Sixty refunds of one payment: each is asked for once, and none asked about."""
    payments = await _paid(track, rounds, "is_asked")
    made = await _abreast((_refund_all(track, payment, REFUNDS_MANY) for payment in payments), 1)
    wanted = rounds * REFUNDS_MANY
    result = await _refunds_of(track, payments, wanted)
    whose = set(payments)
    calls = Counter(call["what"] for call in track.calls() if call["payment_id"] in whose)
    result.counts |= {"calls": calls["refund"], "queries": calls["query"]}
    result.must_be_zero["refunds refused"] = wanted - sum(made)
    result.must_be_zero["calls too many or too few"] = abs(calls["refund"] - wanted)
    result.must_be_zero["queries"] = calls["query"]
    return result


async def broken_beside_healthy(track: Track, rounds: int) -> Result:
    """Let a plugin raise or return invalid results during twenty payments."""
    healthy: list[str] = []
    broken: list[str] = []
    for behaviour in (BROKEN[index % len(BROKEN)] for index in range(rounds)):
        orders = await _gather_orders(track, HEALTHY + 1)
        culprit, *others = await asyncio.gather(
            _started(track, orders[0], flow="is_broken", behaviour=behaviour),
            *(_started(track, order, behaviour="approve") for order in orders[1:]),
        )
        healthy += others
        broken.append(culprit)
    settled = await track.settle(healthy)
    endings = await _endings(track, healthy)
    return Result(
        rounds,
        {
            "not settled": 0 if settled else await track.unsettled(healthy),
            "healthy payments not paid": len(healthy) - endings.get("success", 0),
        },
        endings,
        {f"broken: {ending}": count for ending, count in (await _endings(track, broken)).items()},
    )


async def _one_approval_each(track: Track, payments: list[str], acknowledged: list[bool]) -> Result:
    settled = await track.settle(payments)
    return Result(
        len(payments),
        {
            "not settled": 0 if settled else await track.unsettled(payments),
            "approvals not acknowledged": acknowledged.count(False),
            "failed, approved and not refunded": await _number(track, LOST, payments),
        },
        await _endings(track, payments),
        {"late successes": await _number(track, LATE, payments)},
    )


async def _refunds_of(track: Track, payments: list[str], wanted: int) -> Result:
    """Check whether the processor approved every one of these refunds."""
    settled = await track.settle(payments)
    found = {row["status"]: row["n"] for row in await track.fetch(REFUNDS, payments)}
    return Result(
        len(payments),
        {
            "not settled": 0 if settled else await track.unsettled(payments),
            "refunds approved but not processed": wanted - found.get("processed", 0),
        },
        {f"refund {status}": count for status, count in found.items()},
    )


async def _waiting(track: Track, count: int) -> list[str]:
    """New payments that wait for their shoppers."""
    payments = await _abreast(track.new_payment(AMOUNT, behaviour="wait") for _ in range(count))
    await track.wait_for_action(payments)
    return payments


async def _paid(track: Track, count: int, flow: str, refunds: str = "approve") -> list[str]:
    payments = await _abreast(
        track.new_payment(AMOUNT, flow=flow, refunds=refunds) for _ in range(count)
    )
    await track.wait_for_status(payments, "success")
    return payments


async def _started(
    track: Track, order: str, flow: str = "calls_back", behaviour: str = "wait"
) -> str:
    status, payment = await track.pay(order, flow=flow, behaviour=behaviour)
    assert status == 201, payment
    return str(payment["id"])


async def _gather_orders(track: Track, count: int) -> list[str]:
    return await _abreast(track.order(AMOUNT) for _ in range(count))


async def _refund_all(track: Track, payment: str, count: int) -> int:
    """Ask for that many refunds at once; how many were taken."""
    answers = await asyncio.gather(
        *(track.post(f"/payments/{payment}/refunds", {"amount": 100}) for _ in range(count))
    )
    return sum(status == 201 for status, _ in answers)


async def _both(other: Awaitable[Any], approval: Awaitable[bool]) -> bool:
    _, acknowledged = await asyncio.gather(other, approval)
    return acknowledged


async def _abreast(awaitables: Iterable[Awaitable[T]], abreast: int = ABREAST) -> list[T]:
    slots = asyncio.Semaphore(abreast)

    async def one(awaitable: Awaitable[T]) -> T:
        async with slots:
            return await awaitable

    return await asyncio.gather(*(one(awaitable) for awaitable in awaitables))


async def _number(track: Track, sql: str, payments: list[str]) -> int:
    (row,) = await track.fetch(sql, payments)
    return int(row["n"])


async def _endings(track: Track, payments: list[str]) -> dict[str, int]:
    return {row["ending"]: row["n"] for row in await track.fetch(ENDINGS, payments)}


Race = Callable[[Track, int], Awaitable[Result]]
# A race of many payments or refunds a round has fewer rounds.
RACES: dict[Race, int] = {
    cancel_and_approval: 1,
    approval_and_decline: 1,
    callbacks_about_refunds: 1,
    refunds_and_captures: 1,
    late_success_and_new_payment: 1,
    many_refunds: 10,
    broken_beside_healthy: 10,
}
"""Each race, and by how much its rounds are divided."""
