"""A router and a risk check that say what a script says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ... import Block, CallContext, DeclineCode, RiskContext, RiskRequest, RiskVerdict, RouteRequest
from .script import Script, ScriptExhaustedError


@dataclass(frozen=True, slots=True)
class Asked:
    """One question that a fake adviser was asked.

    Args:
        request: The whole question.
        context: What else it was handed.
    """

    request: Any
    context: CallContext = field(repr=False)


class FakeRouter:
    """Stands in for all routers of an app: ``with app.use(FakeRouter("acme"))``.

    Args:
        ids: The processors to rank, the best first; none is no opinion.
        answers: Instead: one step for every question, or a list of them: a list of ids,
            None, an exception, or a callable ``(request, context)``. A list of ids that
            is to be one step stands in a list: ``answers=[["acme"], None]``.
        name: What the time line calls it.
    """

    def __init__(self, *ids: str, answers: Any = None, name: str = "fake_router") -> None:
        if ids and answers is not None:
            raise ValueError("ids are short for an answer; give one of the two")
        self.name = name
        self.calls: list[Asked] = []
        self.problems: list[ScriptExhaustedError] = []
        # In a callable: a list would be a script of its own.
        steps = (lambda _request, _context: list(ids)) if ids else answers
        self._script: Script[Sequence[str] | None] = Script(
            f"FakeRouter({name!r})", "rankings", steps, self.problems
        )

    async def rank(self, request: RouteRequest, context: CallContext) -> Sequence[str] | None:
        """See ``Router.rank``."""
        self.calls.append(Asked(request, context))
        return await self._script.next(f"to rank for {request.payment_id}", request, context)


class FakeRiskCheck:
    """Stands in for all risk checks of an app: ``with app.use(FakeRiskCheck(block="…"))``.

    Args:
        block: Block every payment, for this reason.
        code: What the merchant is told of a block.
        answers: Instead: one step for every question, or a list of them: ``Allow``,
            ``Block``, None, an exception, or a callable ``(request, context)``.
        fail: What an exception counts as: ``"open"`` no opinion, ``"closed"`` a block.
        name: What the time line calls it.
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
            raise ValueError("block is short for an answer; give one of the two")
        self.name = name
        self.fail = fail
        self.calls: list[Asked] = []
        self.problems: list[ScriptExhaustedError] = []
        steps = answers if block is None else Block(block, DeclineCode(code))
        self._script: Script[RiskVerdict | None] = Script(
            f"FakeRiskCheck({name!r})", "verdicts", steps, self.problems
        )

    async def assess(self, request: RiskRequest, context: RiskContext) -> RiskVerdict | None:
        """See ``RiskCheck.assess``."""
        self.calls.append(Asked(request, context))
        return await self._script.next(f"to assess {request.payment_id}", request, context)
