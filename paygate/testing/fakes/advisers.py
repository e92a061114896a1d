"""A router and a risk check that answer from a script."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ... import Block, CallContext, DeclineCode, RiskContext, RiskRequest, RiskVerdict, RouteRequest
from .script import Script, ScriptExhaustedError


@dataclass(frozen=True, slots=True)
class Asked:
    """One request to a fake router or risk check.

    Args:
        request: The request.
        context: The call context.
    """

    request: Any
    context: CallContext = field(repr=False)


class FakeRouter:
    """Replaces all routers of an app: ``with app.use(FakeRouter("acme"))``.

    Args:
        ids: The processors to rank, the best first; empty is no opinion.
        answers: Instead of ``ids``: one step for every request, or a list of steps. A step is
            a list of ids, None, an exception, or a callable ``(request, context)``. Put a
            single list of ids in a list: ``answers=[["acme"], None]``.
        name: Its name in the timeline.
    """

    def __init__(self, *ids: str, answers: Any = None, name: str = "fake_router") -> None:
        if ids and answers is not None:
            raise ValueError("give either ids or answers, not both")
        self.name = name
        self.calls: list[Asked] = []
        self.problems: list[ScriptExhaustedError] = []
        # In a callable, because a list would be a script.
        steps = (lambda _request, _context: list(ids)) if ids else answers
        self._script: Script[Sequence[str] | None] = Script(
            f"FakeRouter({name!r})", "rankings", steps, self.problems
        )

    async def rank(self, request: RouteRequest, context: CallContext) -> Sequence[str] | None:
        self.calls.append(Asked(request, context))
        return await self._script.next(f"to rank for {request.payment_id}", request, context)


class FakeRiskCheck:
    """Replaces all risk checks of an app: ``with app.use(FakeRiskCheck(block="…"))``.

    Args:
        block: Block every payment with this reason.
        code: The decline code that the merchant sees for a block.
        answers: Instead of ``block``: one step for every request, or a list of steps. A step
            is ``Allow``, ``Block``, None, an exception, or a callable ``(request, context)``.
        fail: What an exception counts as: ``"open"`` no opinion, ``"closed"`` a block.
        name: Its name in the timeline.
    """

    def __init__(
        self,
        *,
        block: str | None = None,
        code: DeclineCode | str = DeclineCode.SUSPECTED_FRAUD,
        answers: Any = None,
        fail: str = "open",
        name: str = "fake_check",
    ) -> None:
        if block is not None and answers is not None:
            raise ValueError("give either block or answers, not both")
        self.name = name
        self.fail = fail
        self.calls: list[Asked] = []
        self.problems: list[ScriptExhaustedError] = []
        steps = answers if block is None else Block(block, DeclineCode(code))
        self._script: Script[RiskVerdict | None] = Script(
            f"FakeRiskCheck({name!r})", "verdicts", steps, self.problems
        )

    async def assess(self, request: RiskRequest, context: RiskContext) -> RiskVerdict | None:
        self.calls.append(Asked(request, context))
        return await self._script.next(f"to assess {request.payment_id}", request, context)
