"""Scripted routers and risk checks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from paygate import (
    CallContext,
    PluginInfo,
    Processor,
    RiskCheck,
    RiskContext,
    RiskRequest,
    Router,
    RouteRequest,
    hookimpl,
)
from paygate.plugins.host import Found
from tests.harness.fakes import ScriptedProcessor


@dataclass
class ScriptedRouter:
    """Returns, raises or awaits its script."""

    answers: Any
    name: str = "saying"
    priority: int = 0
    asked: list[RouteRequest] = field(default_factory=list)
    contexts: list[CallContext] = field(default_factory=list)

    async def rank(self, request: RouteRequest, context: CallContext) -> Any:
        self.asked.append(request)
        self.contexts.append(context)
        return await _answer(self.answers, request, context)


@dataclass
class ScriptedCheck:
    """Returns, raises or awaits its script."""

    answers: Any
    name: str = "saying"
    fail: str = "open"
    asked: list[RiskRequest] = field(default_factory=list)
    before_answer: Callable[[], Any] | None = None

    async def assess(self, request: RiskRequest, context: RiskContext) -> Any:
        self.asked.append(request)
        if self.before_answer is not None:
            await self.before_answer()
        return await _answer(self.answers, request, context)


async def _answer(answers: Any, request: Any, context: Any) -> Any:
    if isinstance(answers, BaseException):
        raise answers
    if callable(answers):
        came = answers(request, context)
        return await came if asyncio.iscoroutine(came) else came
    return answers


class OtherProcessor(ScriptedProcessor):
    """A second one that can do the same; by its id it comes before the first."""

    info = PluginInfo("other", "1")


@dataclass
class Advice:
    """One plugin that offers a second processor, routers and checks."""

    routers: list[ScriptedRouter] = field(default_factory=list)
    checks: list[ScriptedCheck] = field(default_factory=list)
    other: ScriptedProcessor | None = None

    @hookimpl
    def paygate_processors(self) -> Iterable[Processor]:
        return [self.other] if self.other else []

    @hookimpl
    def paygate_routers(self) -> Iterable[Router]:
        return self.routers

    @hookimpl
    def paygate_risk_checks(self) -> Iterable[RiskCheck]:
        return self.checks  # type: ignore[return-value]  # its ``fail`` is any text

    def found(self) -> Found:
        return Found("advice", self, "1")
