"""Risk: run the risk checks before a payment is sent to its processor."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from random import Random
from typing import Any

from ..deps import Deps
from ..errors import PluginError
from ..limits import RISK_CHECK
from ..outcome import DeclineCode, Declined
from ..plugin_api.plugin import CallContext
from ..plugin_api.risk import Allow, Block, RiskContext, RiskRequest, RiskVerdict
from ..redaction import redact_text
from ..registry import GuardedCheck
from .history import MerchantHistory
from .operation import OperationKind
from .store import ClaimedOperation, Decision


@dataclass(frozen=True, slots=True)
class Assessment:
    """The result of all checks.

    Args:
        decision: The entry for the timeline.
        declined: The outcome of a blocked payment; None if it is allowed.
        note: The note of a blocked payment for the timeline.
    """

    decision: Decision
    declined: Declined | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class _CheckResult:
    check: GuardedCheck
    verdict: RiskVerdict | None
    took_ms: int
    problem: str | None = None


def needs_assessment(claimed: ClaimedOperation, deps: Deps) -> bool:
    """Check whether the payment was never sent, and there are risk checks.

    A payment that was sent is not checked again: it may be paid already.
    """
    is_charge = claimed.operation.kind is OperationKind.CHARGE
    return bool(deps.registry.checks) and is_charge and claimed.payment.status == "pending"


async def assess_risk(claimed: ClaimedOperation, context: CallContext, deps: Deps) -> Assessment:
    """Run all checks at once; if any of them blocks, name the first.

    No transaction is open and no row is locked meanwhile. Failures of checks are not raised:
    a failure counts as no verdict, or as a block if the check is declared so.
    """
    decided_at, began_s = deps.clock.now(), time.monotonic()
    results = await asyncio.gather(
        *(_ask(check, claimed, context, deps) for check in deps.registry.checks)
    )
    blocking = next((each for each in results if isinstance(each.verdict, Block)), None)
    decision = Decision(
        kind="risk",
        chosen="allow" if blocking is None else "block",
        decided_at=decided_at,
        took_ms=round(1000 * (time.monotonic() - began_s)),
        data={"asked": [_check_to_json(each) for each in results]},
    )
    if blocking is None or not isinstance(blocking.verdict, Block):
        return Assessment(decision)
    block = blocking.verdict
    declined = Declined(block.code, retry="never", shopper_message_key=block.shopper_message_key)
    note = redact_text(f"blocked by {blocking.check.name}: {block.reason}")
    return Assessment(decision, declined, note)


async def _ask(
    check: GuardedCheck, claimed: ClaimedOperation, context: CallContext, deps: Deps
) -> _CheckResult:
    began_s = time.monotonic()
    verdict: RiskVerdict | None
    problem: str | None = None
    try:
        verdict = await check.assess(_request(claimed), _context(check, claimed, context, deps))
    except PluginError as error:
        problem = redact_text(error.reason)
        deps.logger.warning(
            "risk check failed", plugin=check.plugin, check=check.name, reason=problem
        )
        failed = Block("the check failed", code=DeclineCode.PROCESSING_ERROR)
        verdict = failed if check.is_closed else None
    return _CheckResult(check, verdict, round(1000 * (time.monotonic() - began_s)), problem)


def _request(claimed: ClaimedOperation) -> RiskRequest:
    payment = claimed.payment
    instrument = payment.instrument
    return RiskRequest(
        payment_id=payment.id,
        order_id=payment.order_id,
        amount=payment.amount,
        instrument=replace(instrument, display=dict(instrument.display), secret=None),
        processor=payment.processor,
        created_at=payment.created_at,
    )


def _context(
    check: GuardedCheck, claimed: ClaimedOperation, context: CallContext, deps: Deps
) -> RiskContext:
    given = {each.name: getattr(context, each.name) for each in fields(context)}
    own = {
        "deadline": min(RISK_CHECK, deps.policy.plugin_call),
        # A generator of its own: the processor's numbers must not depend on the checks.
        "rng": Random(f"{deps.policy.seed}:{claimed.operation.id}:{check.name}"),
        "wake_ups": [],
        "call_back": None,
        "state": None,
    }
    history = MerchantHistory(deps, claimed.payment.merchant_id, claimed.payment)
    return RiskContext(**{**given, **own}, history=history)


def _check_to_json(result: _CheckResult) -> Mapping[str, Any]:
    shown: dict[str, Any] = {
        "name": result.check.name,
        "plugin": result.check.plugin,
        "took_ms": result.took_ms,
        "problem": result.problem,
    }
    match result.verdict:
        case Allow(reason=reason):
            return shown | {"verdict": "allow", "reason": redact_text(reason)}
        case Block(reason=reason, code=code):
            return shown | {"verdict": "block", "code": str(code), "reason": redact_text(reason)}
        case None:
            return shown | {"verdict": None}
