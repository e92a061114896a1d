"""The example ``acme_rules``: a router, a risk check, a route, a panel and a command."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from paygate.plugins.host import Found
from tests.harness.advisers import Advice, OtherProcessor
from tests.harness.apps import running_app
from tests.harness.fakes import Fakes

FOLDER = Path(__file__).parents[2] / "examples" / "plugins" / "acme_rules"
ENVIRON = {"PAYGATE_ACME_RULES_SPLIT": "scripted=1,nobody=9", "PAYGATE_ACME_RULES_PER_HOUR": "2"}


@pytest.fixture
def rules() -> Iterator[Found]:
    """Provide the plugin as its entry point would, without installing it."""
    sys.path.insert(0, str(FOLDER))
    try:
        import paygate_acme_rules

        yield Found("acme_rules", paygate_acme_rules, "0.1.0")
    finally:
        sys.path.remove(str(FOLDER))


async def test_the_plugin_routes_limits_and_shows_a_panel(
    rules: Found, database_url: str, tmp_path: Path
):
    plugins = [*Fakes().found(), Advice(other=OtherProcessor()).found(), rules]
    async with (
        running_app(database_url, tmp_path, plugins=plugins, environ=ENVIRON) as app,
        app.working(),
    ):
        for _ in range(2):
            await app.until(await app.paid(), "success")
        stopped = await app.until(await app.paid(), "failed")
        asked = await app.rows("SELECT DISTINCT processor FROM payments")
        last_hour = await app.call("GET", "/plugins/panels/acme_rules.last_hour")
        shares = await app.call("GET", "/plugins/panels/acme_rules.shares")
        limits = await app.client.get(
            "/plugins/acme_rules/limits",
            headers={"X-Api-Key": "key_test_abc123", "X-Api-Secret": "secret_test_xyz789"},
        )
        body = await limits.get_json()

    assert asked == [{"processor": "scripted"}]
    assert stopped["decline_code"] == "limit_exceeded"
    values = [(figure["label"], figure["value"]) for figure in last_hour.json["figures"]]
    assert values == [("Payments", 3), ("Succeeded", 2), ("Failed", 1)]
    assert shares.json["rows"][0] == {"processor": "scripted", "share": 1}
    assert body == {"per_hour": 2, "payments": 3}
