"""A page of a list counts no more rows than is quick, and says so."""

from __future__ import annotations

import pytest

from paygate.adapters.postgres.tables import pages
from tests.harness.apps import TestApp


@pytest.mark.parametrize(
    ("path", "counted"),
    [("/orders", 2), ("/payments", 2), ("/webhooks", 2), ("/refunds", 2), ("/audit", 3)],
)
async def test_a_long_list_is_counted_up_to_a_limit(
    app: TestApp, path: str, counted: int, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(pages, "COUNTED_ROWS_MAX", counted)
    await app.webhook_url()
    async with app.working():
        payments = [await app.paid() for _ in range(2)]
        for payment in payments:
            await app.until(payment, "success")
            body = {"payment_id": payment, "amount": 100}
            assert (await app.call("POST", f"/payments/{payment}/refunds", json=body)).status == 201
    await app.rows("DELETE FROM webhook_logs WHERE event <> 'payment.success'")
    exact = (await app.call("GET", f"{path}?limit=1")).json

    await app.paid()
    await app.webhook_url()
    await app.rows(
        "INSERT INTO refunds (id, payment_id, merchant_id, amount) "
        "SELECT 'rfnd_' || left(md5(random()::text), 16), payment_id, merchant_id, 1 FROM refunds"
    )
    await app.rows(
        "INSERT INTO webhook_logs (merchant_id, event, payload) "
        "SELECT merchant_id, event, payload FROM webhook_logs"
    )
    bounded = (await app.call("GET", f"{path}?limit=1")).json
    last = (await app.call("GET", f"{path}?limit=1&offset={counted}")).json

    assert exact["total"] == counted
    assert "total_is_bounded" not in exact
    assert (bounded["total"], bounded["total_is_bounded"]) == (counted, True)
    assert len(bounded["data"]) == 1
    assert len(last["data"]) == 1
