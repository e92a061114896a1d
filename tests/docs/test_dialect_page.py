"""The dialect of the page on dialects, as it is written there."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

from paygate.plugins.host import Found
from tests.docs.blocks import BLOCK
from tests.harness.apps import running_app
from tests.harness.fakes import Fakes

PAGE = Path(__file__).parents[2] / "docs/how-to/write-a-dialect.md"
KEYS = {"Authorization": "Bearer key_test_abc123:secret_test_xyz789"}


async def test_it_creates_and_shows_a_charge(database_url: str, tmp_path: Path):
    program, _ = [code for kind, code in BLOCK.findall(PAGE.read_text()) if kind == "python"]
    plugin = ModuleType("tinypay")
    exec(compile(program, str(PAGE), "exec"), vars(plugin))
    plugins = [*Fakes().found(), Found("tinypay", plugin, "1")]

    async with running_app(database_url, tmp_path, plugins=plugins) as app:
        body = {"cents": 50_000, "currency": "INR"}
        made = await app.client.post("/wire/tinypay/charges", headers=KEYS, json=body)
        charge = await made.get_json()
        shown = await app.client.get(f"/wire/tinypay/charges/{charge['charge']}", headers=KEYS)
        missing = await app.client.get("/wire/tinypay/charges/order_1", headers=KEYS)

    assert (made.status_code, charge["cents"]) == (201, 50_000)
    assert await shown.get_json() == {**charge, "is_paid": False}
    assert missing.status_code == 404
    assert (await missing.get_json())["message"] == "Order not found"
