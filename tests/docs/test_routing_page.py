"""The page about routing: its routers choose, fail over and are tried as it says."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from paygate import PaymentMethod, PluginInfo, Processor, hookimpl
from paygate.core.payments.create import CreatePayment, plan_route
from paygate.core.payments.health import ProcessorHealth
from paygate.plugins.host import Found
from tests.docs.blocks import ROOT, blocks_of, plugin_of
from tests.harness.advisers import OtherProcessor
from tests.harness.apps import running_app
from tests.harness.fakes import CoinMethod, not_sent
from tests.harness.processes import Stack

PAGE = "how-to/route-payments.md"
SMALL = "SELECT processor FROM payments WHERE amount = 100"
FILES = ("by_amount", "split", "healthy_first")


class Acme(OtherProcessor):
    info = PluginInfo("acme", "1")


class SolidBank(OtherProcessor):
    info = PluginInfo("solid_bank", "1")


class Coin:
    """A plugin with a payment method."""

    @hookimpl
    def paygate_methods(self) -> Iterable[PaymentMethod]:
        return [CoinMethod()]


class Banks:
    """A plugin with the processors that the page names."""

    def __init__(self) -> None:
        self.acme, self.solid_bank = Acme(), SolidBank()

    @hookimpl
    def paygate_processors(self) -> Iterable[Processor]:
        return [self.acme, self.solid_bank]


# The same processors for a process, beside the files of the page.
IN_A_FILE = """
from paygate import hookimpl
from tests.docs.test_routing_page import Banks
from tests.harness.fakes import CoinMethod

@hookimpl
def paygate_methods():
    return [CoinMethod()]

@hookimpl
def paygate_processors():
    return Banks().paygate_processors()
"""


async def test_the_documented_routers_choose_fail_over_and_can_be_tried(
    database_url: str, redis_url: str, tmp_path: Path
):
    banks, files = Banks(), dict(zip(FILES, blocks_of(PAGE), strict=True))
    routers = [plugin_of(name, [code]) for name, code in files.items()]
    plugins = [Found("coin", Coin(), "1"), Found("banks", banks, "1"), *routers]
    banks.solid_bank.authorizations = [not_sent()]
    async with running_app(database_url, tmp_path, plugins=plugins) as app:
        large = await app.paid(order_id=await app.order(1_000_000))
        async with app.working():
            await app.until(large, "success")
        open_breaker = {"solid_bank": {"state": "open", "failures": 5, "reason": "no answer"}}
        deps = app.app.deps
        await deps.storage.workers.heartbeat("w", kind="worker", breakers=open_breaker)
        healthy = replace(deps, health=ProcessorHealth())
        order = await app.order(1_000_000)
        avoiding = await plan_route(CreatePayment(None, order, "coin", {}), healthy)
        for _ in range(5):
            await app.paid(order_id=await app.order(100))
        small = Counter(row["processor"] for row in await app.rows(SMALL))
        now = await app.payment(large)

    assert now["processor"] == "acme"
    assert avoiding is not None
    assert avoiding.named == ("acme",)

    folder = tmp_path / "routers"
    folder.mkdir()
    for name, code in {**files, "banks": IN_A_FILE}.items():
        (folder / f"{name}.py").write_text(code)
    environ = {
        "PAYGATE_PLUGIN_FOLDER": str(folder),
        "PAYGATE_PLUGINS": "banks,by_amount",
        "PYTHONPATH": str(ROOT),
    }
    processes = Stack(database_url, redis_url, tmp_path, environ)
    code, printed, errors = await processes.run(
        "route", "--dry-run", "--router", "by_amount", "--json"
    )
    assert code == 0, errors
    result = json.loads(printed)
    assert (result["payments"], result["routers"]) == (6, ["by_amount"])
    # The large one was sent to the solid bank first, and small ones have no rule.
    assert result["processors"] == [
        {"processor": "acme", "was_chosen": small["acme"], "would_be_chosen": 5},
        {"processor": "solid_bank", "was_chosen": 1 + small["solid_bank"], "would_be_chosen": 1},
    ]
    refused = {
        (): "it changes nothing",
        ("--dry-run", "--router", "other"): "has a router 'other'. Choose from",
        ("--dry-run", "--since", "yesterday"): "'yesterday' is no time",
    }
    for arguments, reason in refused.items():
        code, _, errors = await processes.run("route", *arguments)
        assert code == 2
        assert reason in errors
