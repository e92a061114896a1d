"""UPI payments by link and QR code: approved, or expired."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.harness.playing import PlayedApp, played_app


async def begin(stage: PlayedApp, flow: str) -> Any:
    answer = await stage.pay(await stage.order(), method="upi", flow=flow)
    assert answer.status == 201, answer
    await stage.idle()
    return await stage.payment(answer.json["id"])


@pytest.mark.parametrize(("flow", "kind"), [("intent", "upi_intent"), ("qr", "qr")])
async def test_the_payer_is_shown_a_link_or_a_code_and_pays(stage: PlayedApp, flow: str, kind: str):
    payment = await begin(stage, flow)
    action = payment["next_action"]
    path = f"/test/payments/{payment['id']}/payer"
    paid = await stage.call("POST", path, keys={}, json={"decision": "approve"})

    assert (payment["status"], payment["vpa"], action["type"]) == ("pending", None, kind)
    assert action["data"]["upi_uri"].startswith("upi://pay?pa=paygate@sim")
    assert "am=500.00" in action["data"]["upi_uri"]
    assert action["data"]["qr_svg"].startswith("<svg")
    until = datetime.fromisoformat(action["expires_at"])
    assert until - stage.clock.at == timedelta(seconds=300)
    assert paid.json["status"] == "success"


@pytest.mark.parametrize("flow", ["intent", "qr"])
async def test_an_unpaid_payment_expires(stage: PlayedApp, flow: str):
    payment = await begin(stage, flow)
    await stage.play_on(timedelta(minutes=6))
    after = await stage.payment(payment["id"])

    assert (after["status"], after["decline_code"]) == ("failed", "payer_timed_out")
    assert after["next_action"] is None


@pytest.fixture
async def in_test_mode(database_url: str, tmp_path: Path) -> AsyncIterator[PlayedApp]:
    environ = {"TEST_MODE": "true", "TEST_PROCESSING_DELAY": "1000"}
    async with played_app(database_url, tmp_path, environ) as app:
        yield app


async def test_in_test_mode_the_payer_approves_automatically(in_test_mode: PlayedApp):
    payment = await begin(in_test_mode, "qr")
    await in_test_mode.play_on(timedelta(seconds=2))

    assert payment["next_action"]["type"] == "qr"
    assert (await in_test_mode.payment(payment["id"]))["status"] == "success"


@pytest.mark.parametrize("body", [{"flow": "telepathy"}, {"flow": 7}, {"flow": "collect"}, {}])
async def test_an_unknown_flow_or_a_missing_address_is_refused(
    stage: PlayedApp, body: dict[str, Any]
):
    answer = await stage.pay(await stage.order(), method="upi", **body)

    assert (answer.status, answer.json["error"]["code"]) == (400, "INVALID_VPA")
