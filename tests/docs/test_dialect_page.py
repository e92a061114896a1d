"""The dialect of the page on dialects, as it is written there."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path
from types import ModuleType

import httpx
import pytest

from paygate.plugins.host import Found
from paygate.testing import PaygateServer
from tests.docs.blocks import BLOCK
from tests.harness.apps import running_app
from tests.harness.fakes import Fakes

PAGE = Path(__file__).parents[2] / "docs/how-to/write-a-dialect.md"
KEYS = {"Authorization": "Bearer key_test_abc123:secret_test_xyz789"}


async def test_it_creates_and_shows_a_charge(database_url: str, tmp_path: Path):
    program, *_ = [code for kind, code in BLOCK.findall(PAGE.read_text()) if kind == "python"]
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


WRITTEN_BELOW = """
from paygate import WireDialect, WireRoute, hookimpl


@hookimpl
def paygate_dialects():
    routes = [WireRoute("POST", "/charges", create_charge)]
    refuse = lambda refusal: WireReply({"message": refusal.description}, refusal.status)
    return [WireDialect("onepay", routes, authenticate, refuse)]
"""


@pytest.fixture
def paygate_settings(tmp_path: Path) -> dict[str, str]:
    _, program, _ = [code for kind, code in BLOCK.findall(PAGE.read_text()) if kind == "python"]
    (tmp_path / "onepay.py").write_text(program + WRITTEN_BELOW)
    return {"PAYGATE_PLUGIN_FOLDER": str(tmp_path)}


def test_it_creates_and_pays_in_one_request_with_basic_authentication(
    paygate_server: PaygateServer,
):
    keys = b64encode(b"key_test_abc123:secret_test_xyz789").decode()
    with httpx.Client(base_url=f"{paygate_server.url}/wire/onepay") as client:
        sent = [
            client.post(
                "/charges",
                headers={"Authorization": f"Basic {token}", "X-Request-Key": "1"},
                json={"cents": 50_000, "vpa": "asha@okaxis"},
            )
            for token in (keys, keys, keys[:8], "%")
        ]

    assert [response.status_code for response in sent] == [201, 201, 401, 401]
    assert sent[0].json()["state"] == "success"
    assert sent[1].json() == sent[0].json()
