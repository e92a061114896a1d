"""Check clauses, one after the other or several at a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from ..adapters.clock.database import SystemClock
from ..adapters.http.client import AiohttpClient
from ..core.errors import OperatorError
from .answer import BrokenClauseError, NotSeenError
from .case import Case, Clause
from .clauses import CLAUSES
from .gateway import Gateway, Target
from .report import GradeReport, Result, Verdict
from .webhooks import ReceiverOptions, Webhooks, open_webhooks

UNAUTHORIZED = 401
ANY_ORDER = "/orders/order_0000000000000000"


def _quiet(_line: str) -> None:
    """Report no progress."""


@dataclass(frozen=True, slots=True)
class GradeOptions:
    """What is checked, and how.

    Args:
        clauses: The clauses.
        receiver: Where webhooks arrive.
        is_full: Whether to wait for what takes a minute.
        at_once: How many clauses are checked at the same time.
        progress: Receives a line for each clause that was checked.
    """

    clauses: Sequence[Clause] = CLAUSES
    receiver: ReceiverOptions = field(default_factory=ReceiverOptions)
    is_full: bool = False
    at_once: int = 1
    progress: Callable[[str], None] = _quiet


async def grade(target: Target, options: GradeOptions) -> GradeReport:
    """Check the clauses against a gateway.

    Raises:
        OperatorError: The gateway cannot be reached or refuses the keys, or the receiver's port
            is not available.
    """
    loop = asyncio.get_running_loop()
    began_s = loop.time()
    async with open_gateway(target) as gateway:
        await _must_accept_keys(gateway)
        if any(each.needs_webhooks for each in options.clauses):
            async with open_webhooks(gateway, options.receiver, options.progress) as webhooks:
                results = await _check_all(options, gateway, webhooks)
        else:
            results = await _check_all(options, gateway, Webhooks(gateway, options.receiver))
    return GradeReport(target.url, results, loop.time() - began_s)


@asynccontextmanager
async def open_gateway(target: Target) -> AsyncIterator[Gateway]:
    """Open connections to a gateway."""
    http = AiohttpClient(allow_private=True)
    try:
        yield Gateway(target, http, SystemClock())
    finally:
        await http.close()


async def check_clause(clause: Clause, case: Case) -> Result:
    """Check one clause; whatever the gateway does becomes a result."""
    if clause.check is None:
        return Result(clause, Verdict.NOT_CHECKED, not_checked=clause.unseen)
    loop = asyncio.get_running_loop()
    began_s = loop.time()
    problem, evidence, verdict = "", None, Verdict.PASSED
    unseen = [*clause.unseen]
    try:
        await clause.check(case)
        unseen += case.unseen
    except BrokenClauseError as error:
        problem, evidence, verdict = error.problem, error.evidence, Verdict.FAILED
    except NotSeenError as error:
        verdict, unseen = Verdict.NOT_CHECKED, [case.gateway.hide(error.reason)]
    return Result(clause, verdict, problem, evidence, unseen, loop.time() - began_s)


async def _check_all(
    options: GradeOptions, gateway: Gateway, webhooks: Webhooks
) -> Sequence[Result]:
    turn = asyncio.Semaphore(options.at_once)

    async def check(clause: Clause) -> Result:
        async with turn:
            result = await check_clause(clause, Case(gateway, webhooks, options.is_full))
        options.progress(f"{clause.id:4} {result.verdict}")
        return result

    together = [each for each in options.clauses if not each.is_alone]
    results = list(await asyncio.gather(*map(check, together)))
    results += [await check(each) for each in options.clauses if each.is_alone]
    return sorted(results, key=lambda each: each.clause.number)


async def _must_accept_keys(gateway: Gateway) -> None:
    """Refuse to run with keys of no merchant, which would fail most clauses."""
    target = gateway.target
    for setting, keys in (("--api-key", target.keys), ("--other-api-key", target.others)):
        if keys is None:
            continue
        try:
            answer = await gateway.call("GET", ANY_ORDER, keys=keys)
        except BrokenClauseError as error:
            raise OperatorError(
                setting=target.url,
                problem=f"there is no gateway ({error.evidence.came})",
                remedy="Start it, or name another address",
            ) from error
        if answer.status == UNAUTHORIZED:
            raise OperatorError(
                setting=setting,
                problem="the gateway refuses the key and the secret",
                remedy="Give those of a merchant, in the option or its environment variable",
            )
    if target.others is not None and target.others.key == target.keys.key:
        raise OperatorError(
            setting="--other-api-key",
            problem="it is the same merchant's",
            remedy="Give the keys of a second merchant, or none",
        )
