"""A gateway with a plugin of these tests, in one process."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, Field, SecretStr

from paygate import (
    Column,
    Command,
    CommandContext,
    ExtensionContext,
    Figure,
    FiguresData,
    Panel,
    PluginContext,
    Route,
    RouteCall,
    TableData,
    hookimpl,
)
from paygate.core.api.app import create_app
from paygate.plugins.host import Found
from tests.harness.apps import TestApp, running_app
from tests.harness.fakes import Fakes
from tests.harness.processes import free_port

from .gateway import served

# Set by the operator of the machine; pages cannot change it.
ENVIRON = {"PAYGATE_ACME_REGION": "south"}


class Knobs(BaseModel):
    """A setting of every kind that a form draws."""

    share: float = Field(0.5, ge=0, le=1, description="The share of payments it looks at.")
    attempts: int = Field(3, ge=1, le=10)
    label: str = "plain"
    mode: Literal["fast", "careful"] = "fast"
    is_strict: bool = Field(False, description="Refuse what it does not know.")
    currencies: list[str] = Field(["INR"], description="What it is asked about.")
    limits: dict[str, int] = Field({"INR": 100}, description="By currency.")
    region: str = "north"
    api_key: SecretStr = Field(SecretStr("unset"), description="Of their account.")


@dataclass
class Acme:
    """Offers a route, a verb and panels, of which one can be made to fail."""

    knobs: list[Knobs] = field(default_factory=list)
    is_broken: bool = False

    @hookimpl
    def paygate_panels(self, context: PluginContext) -> Iterable[Panel]:
        self.knobs.append(context.config(Knobs))
        return [
            Panel("today", "Looked at today", "figures", self.today, "overview"),
            Panel("seen", "Seen twice", "table", self.seen, "payments"),
            Panel("rules", "Rules in force", "table", self.rules, "plugins"),
        ]

    @hookimpl
    def paygate_routes(self) -> Iterable[Route]:
        async def show(call: RouteCall, _context: ExtensionContext) -> Any:
            return {"currency": call.path["currency"]}

        return [Route("GET", "/rates/{currency}", show, "Show a rate")]

    @hookimpl
    def paygate_commands(self) -> Iterable[Command]:
        async def run(_options: Any, _context: CommandContext) -> None:
            return None

        return [Command("reconcile", "Compare our books with theirs", run)]

    async def today(self, _context: ExtensionContext) -> FiguresData:
        if self.is_broken:
            raise RuntimeError("its books are shut")
        return FiguresData([Figure("Payments", 1234), Figure("Slowest", 12.5, "ms")])

    async def seen(self, _context: ExtensionContext) -> TableData:
        rows: list[dict[str, Any]] = [{"who": "asha@paytm", "times": 1200, "is_known": True}]
        columns = [Column("who", "Who"), Column("times", "Times"), Column("is_known", "Known")]
        return TableData(columns, [*rows, {"who": "ravi@okaxis", "times": 2, "is_known": None}])

    async def rules(self, _context: ExtensionContext) -> TableData:
        return TableData([Column("rule", "Rule")], [{"rule": "no more than nine a minute"}])


@dataclass
class Extended:
    """Such a gateway: where its dashboard is, the plugin, and the app to ask behind its back."""

    dashboard: str
    acme: Acme
    fakes: Fakes
    app: TestApp


@asynccontextmanager
async def open_extended(database_url: str, home: Path) -> AsyncIterator[Extended]:
    """Provide the API and the dashboard on one port, without a worker."""
    acme, fakes = Acme(), Fakes()
    plugins = [*fakes.found(), Found("acme", acme, "2.1.0", "paygate-acme")]
    async with running_app(database_url, home, plugins=plugins, environ=ENVIRON) as local:
        web = create_app(local.app.deps, local.app.web)
        async with served(web, free_port()) as dashboard:
            yield Extended(dashboard, acme, fakes, local)
