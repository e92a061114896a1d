"""Everything that merchants, shoppers, processors and unknown callers do, with marked values."""

from __future__ import annotations

import json
from typing import Any

from .site import CVV, KEY, MERCHANT, NUMBER, PASSWORD, PLANTED, PLUGIN_SECRET, SECRET, VPA, Site

CARD = {"number": NUMBER, "expiry_month": "12", "expiry_year": "2040", "cvv": CVV}
UNFINISHED = (
    "SELECT (SELECT count(*) FROM payments WHERE status IN ('pending', 'processing')) "
    "+ (SELECT count(*) FROM webhook_logs WHERE status = 'pending')"
)


async def run_everything(site: Site) -> None:
    """Pay, refund, sign in, call back and be refused."""
    await receive_webhooks(site)
    paid = await pay(site)
    waiting = (await pay_leaky(site, "wait"))["id"]
    await sign_in(site)
    await call_back(site, waiting)
    await site.until(0, UNFINISHED)
    refund = {"payment_id": paid, "amount": 10_000}
    await site.call("POST", "/refunds", refund)
    await be_refused(site, paid)
    await site.until(0, UNFINISHED)
    await site.until(0, "SELECT count(*) FROM refunds WHERE status = 'pending'")
    await site.until(0, UNFINISHED)
    await read(site)


async def receive_webhooks(site: Site) -> None:
    """Create endpoints and keys, whose secrets are shown once."""
    await site.call("PATCH", "/merchant/webhook", {"webhook_url": site.hook})
    made = await site.call("POST", "/webhook-endpoints", {"url": site.hook, "description": PLANTED})
    site.marks["endpoint secret"] = made["secret"]
    rotated = await site.call("POST", f"/webhook-endpoints/{made['id']}/rotate")
    site.marks["rotated endpoint secret"] = rotated["secret"]
    key = await site.call("POST", "/keys", {"label": PLANTED})
    site.marks["secret of a key"] = key["secret"]


async def order(site: Site, **headers: str) -> Any:
    """Create an order with a planted receipt."""
    body = {"amount": 50_000, "receipt": PLANTED, "notes": {"planted": PLANTED}}
    return await site.call("POST", "/orders", body, headers={**MERCHANT, **headers})


async def pay(site: Site) -> str:
    """Pay as a merchant's server and as a shopper, each twice with one key."""
    first = await order(site, **{"Idempotency-Key": "order"})
    assert first == await order(site, **{"Idempotency-Key": "order"})
    site.controls.append(first["id"])
    site.marks["client_secret"] = first["client_secret"]
    shopper = {"X-Client-Secret": first["client_secret"], "Idempotency-Key": "shopper"}
    by_card = {"order_id": first["id"], "method": "card", "card": CARD}
    for _ in range(2):
        payment = await site.call(
            "POST", "/payments/public", by_card, headers=shopper, kind="idempotent responses"
        )
    for path in (f"/orders/{first['id']}/public", f"/payments/{payment['id']}/public"):
        await site.call("GET", path, headers=shopper, kind="shopper's responses")
    for way in ("raise", "decline", "refuse"):
        await pay_leaky(site, way)
    by_vpa = {"order_id": (await order(site))["id"], "method": "upi", "vpa": VPA}
    headers = {**MERCHANT, "Idempotency-Key": PLANTED}
    for _ in range(2):
        made = await site.call(
            "POST", "/payments", by_vpa, headers=headers, kind="idempotent responses"
        )
    await site.until("success", f"SELECT status FROM payments WHERE id = '{made['id']}'")
    return str(made["id"])


async def pay_leaky(site: Site, way: str) -> Any:
    """Pay with the method whose processor leaks."""
    body = {"order_id": (await order(site))["id"], "method": "leaky"}
    return await site.call("POST", "/payments", {**body, "number": NUMBER, "cvv": CVV, "way": way})


async def sign_in(site: Site) -> None:
    """Create a user, who chooses a password, signs in, and is refused with wrong ones."""
    email = f"{PLANTED}@x.y"
    user = await site.call("POST", "/team", {"email": email, "role": "owner"})
    site.marks["first password"] = user["password"]
    anyone = {"Origin": site.base}
    opened = await site.call(
        "POST", "/session", {"email": email, "password": user["password"]}, headers=anyone
    )
    chosen = {"current_password": user["password"], "new_password": PASSWORD}
    await site.call("PUT", "/session/password", chosen, headers=headers_of(opened))
    opened = await site.call(
        "POST", "/session", {"email": email, "password": PASSWORD}, headers=anyone
    )
    site.marks["session token"] = opened["cookie"]
    site.marks["CSRF token"] = opened["csrf_token"]
    for path in ("/overview", "/payments", "/attention", "/team"):
        await site.call("GET", path, headers=headers_of(opened), kind="dashboard's responses")
    # With the right secret in a wrong place, and nearly right ones.
    for tried in (PASSWORD + "?", SECRET, NUMBER):
        wrong = {"email": email, "password": tried}
        await site.call("POST", "/session", wrong, headers=anyone)
    await site.call("POST", "/session", {"email": PASSWORD, "password": PASSWORD}, headers=anyone)
    without_token = {"Cookie": headers_of(opened)["Cookie"]}
    await site.call("POST", "/orders", {"amount": 500}, headers=without_token)


def headers_of(opened: Any) -> dict[str, str]:
    """Return the headers of a session."""
    return {"Cookie": f"__Host-paygate={opened['cookie']}", "X-Csrf-Token": opened["csrf_token"]}


async def call_back(site: Site, payment_id: str) -> None:
    """Send callbacks that repeat secrets: unsigned, raising, and one that decides a payment."""
    operation = f"FROM operations WHERE payment_id = '{payment_id}'"
    await site.until("pending", f"SELECT state {operation}")
    decided = await site.value(f"SELECT id {operation}")
    leaked = {"card": CARD, "signing_secret": PLUGIN_SECRET, "planted": PLANTED, "text": NUMBER}
    signed = {"X-Bank-Secret": PLUGIN_SECRET, "Content-Type": "application/json"}
    for headers, content in (
        ({"X-Bank-Secret": SECRET}, {"id": "unsigned", **leaked}),
        (signed, {"id": "raises", **leaked}),
        (signed, {"id": "decides", "operation_id": decided, "amount": 50_000, **leaked}),
    ):
        await site.call("POST", "/callbacks/leaky", json.dumps(content).encode(), headers=headers)


async def be_refused(site: Site, payment_id: str) -> None:
    """Send secrets where they do not belong."""
    await site.call("GET", f"/orders/{PLANTED}")
    for key, secret in ((KEY, SECRET + "x"), (SECRET, SECRET), (KEY, PLUGIN_SECRET)):
        await site.call("GET", "/orders", headers={"X-Api-Key": key, "X-Api-Secret": secret})
    made = await order(site)
    for body in (
        {"method": "card", "card": {**CARD, "number": NUMBER[:-1] + "6"}},
        {"method": "card", "card": {**CARD, "expiry_year": "2001"}},
        {"method": "card", "card": NUMBER},
        {"method": NUMBER, "card": CARD},
        {"method": PLANTED},
        {"method": "upi", "vpa": {"vpa": VPA}},
        {"method": "upi", "vpa": f"{VPA} {NUMBER}"},
        {"method": "card", NUMBER: CVV, "client_secret": {"a": site.marks["client_secret"]}},
    ):
        await site.call("POST", "/payments", {"order_id": made["id"], **body})
    await site.call("POST", "/payments", f'{{"card": "{NUMBER}", "cvv": "{CVV}"'.encode())
    shopper = {"X-Client-Secret": site.marks["client_secret"]}
    await site.call("GET", f"/orders/{made['id']}/public", headers=shopper)
    await site.call("GET", f"/payments/{site.marks['client_secret']}", headers=shopper)
    await site.call("GET", f"/payments?status={NUMBER}&cursor={SECRET}")
    await site.call("POST", "/refunds", {"payment_id": NUMBER, "amount": NUMBER, "cvv": CVV})
    await site.call("POST", f"/payments/{payment_id}/capture", {"amount": SECRET})
    used = {**MERCHANT, "Idempotency-Key": PLANTED}
    await site.call("POST", "/payments", {"order_id": made["id"], "vpa": VPA}, headers=used)
    await site.call("GET", "/plugins/leaky/fail", prefix="")


async def read(site: Site) -> None:
    """Read every list that a merchant can read."""
    for path in ("/audit", "/audit?limit=100"):
        await site.call("GET", path, kind="audit log")
    for path in ("/payments", "/refunds", "/attention", "/workers", "/overview", "/plugins"):
        await site.call("GET", path, kind="lists")
    await site.call("GET", "/webhooks?limit=100", kind="deliveries")
    await site.call("GET", "/webhook-endpoints", kind="lists")
    await site.call("GET", "/keys", kind="lists")
    payments = (await site.call("GET", "/payments?limit=100"))["data"]
    for payment in payments:
        await site.call("GET", f"/payments/{payment['id']}/timeline", kind="timelines")
