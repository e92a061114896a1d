"""Which pages may frame the checkout of a merchant's orders."""

from __future__ import annotations

from typing import Any

import pytest

from tests.harness.apps import TestApp

SHOP = "https://shop.example"


async def policy(installed: TestApp, path: str) -> str:
    """Return the origins that may frame it; empty if any may."""
    answer = await installed.client.get(path)
    assert answer.status_code == 200
    framing = [
        part.strip()
        for part in answer.headers["Content-Security-Policy"].split(";")
        if part.strip().startswith("frame-ancestors")
    ]
    return " ".join(part.removeprefix("frame-ancestors ") for part in framing)


async def allow(installed: TestApp, *origins: Any) -> Any:
    return await installed.call("PATCH", "/merchant", json={"allowed_origins": list(origins)})


async def test_without_allowed_origins_any_page_may_frame_the_checkout(installed: TestApp):
    order = await installed.order()
    shown = await installed.call("GET", "/merchant")
    public = await installed.call("GET", f"/orders/{order}/public", keys={})

    assert shown.json["allowed_origins"] == []
    assert await policy(installed, f"/checkout?order_id={order}") == ""
    assert "allowed_origins" not in public.json


async def test_only_allowed_origins_may_frame_the_checkout(installed: TestApp):
    order = await installed.order()
    payment = (await installed.pay(order, method="upi", vpa="a@okaxis")).json["id"]
    given = await allow(
        installed, f"{SHOP}/", "HTTPS://WWW.Shop.example:443", SHOP, "http://[::1]:80"
    )
    public = await installed.call("GET", f"/orders/{order}/public", keys={})
    named = [SHOP, "https://www.shop.example", "http://[::1]"]

    assert given.json["allowed_origins"] == named
    assert (await installed.call("GET", "/merchant")).json["allowed_origins"] == named
    for path in (f"/checkout?order_id={order}", f"/success?payment_id={payment}"):
        assert await policy(installed, path) == " ".join(named)
    assert public.json["allowed_origins"] == named
    # An order that does not exist has no secret.
    assert await policy(installed, "/checkout?order_id=order_0000000000000000") == ""
    assert (await allow(installed)).json["allowed_origins"] == []
    assert await policy(installed, f"/checkout?order_id={order}") == ""


async def test_the_policy_belongs_to_the_shown_payment(installed: TestApp):
    """The page follows a payment before an order, so naming another order opens nothing."""
    order = await installed.order()
    payment = (await installed.pay(order, method="upi", vpa="a@okaxis")).json["id"]
    await allow(installed, SHOP)

    for other in ("x", "order_0000000000000000"):
        for path in ("checkout", "success", "sdk/checkout.html"):
            assert await policy(installed, f"/{path}?order_id={other}&payment_id={payment}") == SHOP
            assert await policy(installed, f"/{path}?payment_id={payment}&order_id={other}") == SHOP
    assert await policy(installed, f"/checkout?payment_id=&order_id={order}") == SHOP


async def test_missing_fields_stay_unchanged(installed: TestApp):
    await allow(installed, SHOP)
    for body in ({}, {"allowed_origins": None}):
        kept = await installed.call("PATCH", "/merchant", json=body)
        assert kept.json["allowed_origins"] == [SHOP]


@pytest.mark.parametrize(
    "wrong",
    [
        "shop.example",
        "https://shop.example/pay",
        "https://*.shop.example",
        "https://shop.example; script-src *",
        "https://a\nb",
        "ftp://shop.example",
        "null",
        "*",
        "",
        "https://" + "a" * 300,
        7,
        None,
    ],
)
async def test_an_invalid_origin_is_refused_with_its_value(installed: TestApp, wrong: Any):
    await allow(installed, SHOP)
    answer = await allow(installed, "https://good.example", wrong)

    assert answer.status == 400
    assert "allowed_origins" in str(answer.json["error"])
    assert (await installed.call("GET", "/merchant")).json["allowed_origins"] == [SHOP]


async def test_too_many_origins_are_refused(installed: TestApp):
    assert (await allow(installed, *(f"https://s{n}.example" for n in range(51)))).status == 400


@pytest.mark.parametrize(
    ("stored", "framed_by"),
    [
        ("ARRAY['https://shop.example']", SHOP),
        ("ARRAY['https://shop.example', 'x; script-src *']", SHOP),
        ("ARRAY['x; script-src *']", "'none'"),
        ("ARRAY[]::text[]", ""),
        ("NULL", ""),
    ],
)
async def test_origins_set_by_sql_apply_immediately_and_cannot_inject_headers(
    installed: TestApp, stored: str, framed_by: str
):
    order = await installed.order()
    await installed.value(f"UPDATE merchants SET allowed_origins = {stored} RETURNING id")

    assert await policy(installed, f"/checkout?order_id={order}") == framed_by


@pytest.mark.parametrize("id", ["%00", "%ff", "x" * 5000])
async def test_the_page_of_an_impossible_order_id_cannot_be_framed(installed: TestApp, id: str):
    for path in (f"/checkout?order_id={id}", f"/success?payment_id={id}"):
        assert await policy(installed, path) == "'none'"


@pytest.mark.parametrize(
    "spelt",
    ["%2F{}", "{}%2F", "%2F%2F{}", "x%2F..%2F{}", "{}%3F", "%20{}", "{}%09", "{}%23", "+{}"],
)
async def test_an_order_or_payment_in_another_spelling_cannot_be_framed(
    installed: TestApp, spelt: str
):
    order = await installed.order()
    payment = (await installed.pay(order, method="upi", vpa="a@okaxis")).json["id"]
    await allow(installed, SHOP)

    for path in ("checkout", "success", "failure", "sdk/checkout.html"):
        assert await policy(installed, f"/{path}?order_id={spelt.format(order)}") == "'none'"
        assert await policy(installed, f"/{path}?payment_id={spelt.format(payment)}") == "'none'"
