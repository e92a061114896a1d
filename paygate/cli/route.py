"""``paygate route --dry-run``: what routers would choose for past payments."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from ..bootstrap import open_app
from ..core.errors import OperatorError
from ..core.payments.dry_run import DryRun, run_dry
from ..core.payments.past_routes import PastPayments
from ..core.registry import GuardedRouter, Registry
from .setup import Setup

PERIOD = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class RouteOptions:
    """Options of the command.

    Args:
        since: ISO 8601; without a zone in UTC. Empty for a week before ``until``.
        until: Empty for now.
        merchant: None for all merchants.
        router: The name of a router; empty for all, as payments ask them.
        limit: How many payments.
        differences: How many differences are listed.
    """

    since: str
    until: str
    merchant: UUID | None
    router: str
    limit: int
    differences: int


def refuse_without_dry_run() -> None:
    """Explain the command.

    Raises:
        OperatorError: Always.
    """
    raise OperatorError(
        setting="paygate route",
        problem="it changes nothing: it only compares what routers would choose for past "
        "payments with what was chosen",
        remedy="Add --dry-run. What routers do with new payments is configured by plugins",
    )


async def route(setup: Setup, options: RouteOptions) -> DryRun:
    """Compare what the routers would choose for past payments with what was chosen.

    Raises:
        OperatorError: A time is invalid, or there is no such router or merchant.
    """
    tolerant = setup.settings.model_copy(update={"redis_optional": True})
    async with open_app(tolerant, setup.environ) as app:
        deps = app.deps
        routers = _routers(options.router, deps.registry)
        until = _time(options.until, "--until") or deps.clock.now()
        since = _time(options.since, "--since") or until - PERIOD
        if options.merchant and await deps.storage.merchants.get(options.merchant) is None:
            raise OperatorError(
                setting="--merchant",
                problem=f"there is no merchant {options.merchant}",
                remedy="Name the id of a merchant, or leave it out for all of them",
            )
        wanted = PastPayments(since, until, options.merchant, options.limit)
        return await run_dry(wanted, routers, deps, differences_max=options.differences)


def _routers(name: str, registry: Registry) -> Sequence[GuardedRouter]:
    if not name:
        return registry.routers
    chosen = [each for each in registry.routers if each.name == name]
    if not chosen:
        names = ", ".join(each.name for each in registry.routers)
        raise OperatorError(
            setting="--router",
            problem=f"no installed plugin has a router {name!r}",
            remedy=f"Choose from {names}" if names else "Install a plugin with a router",
        )
    return chosen


def _time(text: str, option: str) -> datetime | None:
    if not text:
        return None
    try:
        given = datetime.fromisoformat(text)
    except ValueError:
        raise OperatorError(
            setting=option,
            problem=f"{text!r} is no time",
            remedy="Write a day or a time as in ISO 8601, such as 2026-11-01 or "
            "2026-11-01T09:30:00+05:30",
        ) from None
    return given if given.tzinfo else given.replace(tzinfo=UTC)


def as_json(run: DryRun) -> str:
    """Return the result as one JSON object."""
    return json.dumps(
        {
            "since": run.wanted.since.isoformat(),
            "until": run.wanted.until.isoformat(),
            "merchant": run.wanted.merchant_id and str(run.wanted.merchant_id),
            "routers": run.routers,
            "payments": run.payments,
            "has_more": run.is_bounded,
            "unsupported": run.unsupported,
            "processors": [
                {"processor": id, "was_chosen": was, "would_be_chosen": would_be}
                for id, was, would_be in _counts(run)
            ],
            "differing": run.differing,
            "differences": [
                {
                    "payment": each.payment.id,
                    "created_at": each.payment.created_at.isoformat(),
                    "amount": each.payment.amount.minor,
                    "currency": each.payment.amount.currency,
                    "method": each.payment.instrument.method,
                    "was_chosen": each.was_chosen,
                    "would_be_chosen": each.would_be_chosen,
                    "router": each.router,
                }
                for each in run.differences
            ],
            "problems": [
                {"router": router, "problem": problem, "payments": count}
                for router, problems in run.problems.items()
                for problem, count in problems.most_common()
            ],
        }
    )


def as_text(run: DryRun) -> Iterator[str]:
    """Yield the lines of the result for a person."""
    wanted = run.wanted
    more = ", and older ones that were not read: raise --limit" if run.is_bounded else ""
    yield f"{run.payments} payment(s) from {_shown(wanted.since)} to {_shown(wanted.until)}{more}"
    yield f"routers: {', '.join(run.routers) or 'none; the usual order decides'}"
    if run.unsupported:
        yield f"{run.unsupported} payment(s) left out: no installed processor supports them now"
    yield f"{'processor':24}{'was chosen':>12}{'would be':>12}{'difference':>12}"
    for id, was, would_be in _counts(run):
        yield f"{id:24}{was:>12}{would_be:>12}{would_be - was:>+12}"
    listed = f", the newest {len(run.differences)}" if len(run.differences) < run.differing else ""
    yield f"{run.differing} payment(s) would get another processor{listed}"
    for each in run.differences:
        yield (
            f"{each.payment.id}  {_shown(each.payment.created_at)}  {each.payment.amount}  "
            f"{each.payment.instrument.method}: {each.was_chosen} -> {each.would_be_chosen} "
            f"({each.router or 'the usual order'})"
        )
    for router, problems in run.problems.items():
        for problem, count in problems.most_common():
            yield f"router {router}, {count} payment(s): {problem}"


def _counts(run: DryRun) -> Sequence[tuple[str, int, int]]:
    ids = sorted({*run.was_chosen, *run.would_be_chosen})
    return [(id, run.was_chosen[id], run.would_be_chosen[id]) for id in ids]


def _shown(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
