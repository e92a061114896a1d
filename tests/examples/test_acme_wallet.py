"""The third-party plugin processes a payment, and paygate does not name it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from paygate.plugins.host import Found, installed_plugins
from tests.harness.apps import running_app

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "examples" / "plugins" / "acme_wallet"


@pytest.fixture
def acme() -> Iterator[Found]:
    """Provide the plugin as its entry point would, without installing it."""
    sys.path.insert(0, str(FOLDER))
    try:
        import paygate_acme_wallet

        yield Found("acme_wallet", paygate_acme_wallet, "0.1.0")
    finally:
        sys.path.remove(str(FOLDER))


async def test_a_payment_from_a_wallet_is_approved_and_an_empty_one_declined(
    acme: Found, database_url: str, tmp_path: Path
):
    plugins = [*installed_plugins(), acme]
    async with (
        running_app(database_url, tmp_path, plugins=plugins) as app,
        app.working(),
    ):
        good = await app.pay(method="wallet", wallet_id="W-1234")
        empty = await app.pay(method="wallet", wallet_id="W-0000")
        bad = await app.pay(method="wallet", wallet_id="1234")
        paid = await app.until(good.json["id"], "success")
        declined = await app.until(empty.json["id"], "failed")

    assert (paid["processor"], paid["wallet_id"]) == ("acme", "W-1234")
    assert declined["decline_code"] == "insufficient_funds"
    assert bad.json["error"]["code"] == "INVALID_WALLET"


async def test_its_settings_bound_a_payment(acme: Found, database_url: str, tmp_path: Path):
    environ = {"PAYGATE_ACME_WALLET_LIMIT_MINOR": "1000"}
    plugins = [*installed_plugins(), acme]
    async with running_app(database_url, tmp_path, plugins=plugins, environ=environ) as app:
        answer = await app.pay(method="wallet", wallet_id="W-1234")

    assert answer.status == 422
    assert answer.json["error"]["field"] == "amount"


def test_paygate_does_not_name_the_plugin():
    named = [
        path
        for folder in ("paygate", "plugins")
        for path in (ROOT / folder).rglob("*.py")
        if "acme_wallet" in path.read_text()
    ]

    assert named == []
