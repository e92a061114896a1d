"""The card form: what is typed and pasted, judged by the rules that the gateway publishes."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import Page, Request, expect

from paygate.testing.kit.checks.method_cards import number_in

from .checkout import VISA, Checkout
from .gateway import Gateway, GatewayWith

pytestmark = pytest.mark.asyncio(loop_scope="session")

PARTS = ("card-number-input", "expiry-input", "cvv-input")


async def opened(page: Page, gateway: Gateway) -> str:
    order = await gateway.order()
    await page.goto(f"{gateway.base}/checkout?order_id={order}")
    return order


async def paste_card(checkout: Checkout, *parts: str) -> None:
    """Fill each field at once, as from the clipboard or a password manager."""
    await checkout.press("method-card")
    for name, text in zip(PARTS, parts, strict=True):
        await checkout.part(name).fill(text)


async def shown(checkout: Checkout) -> list[str]:
    return [await checkout.part(name).input_value() for name in PARTS]


def sent_cards(page: Page) -> list[dict[str, Any]]:
    """Collect the cards that the page sends from now on."""
    cards: list[dict[str, Any]] = []

    def note(request: Request) -> None:
        if request.method == "POST" and request.url.endswith("/payments/public"):
            cards.append(request.post_data_json["card"])

    page.on("request", note)
    return cards


async def test_an_expiry_typed_with_a_slash_is_accepted(
    checkout: Checkout, page: Page, gateway: Gateway
) -> None:
    cards = sent_cards(page)
    for keys, seen in (
        ("1/39", "01/39"),
        ("1 / 2039", "01/2039"),
        ("739", "07/39"),
        ("12/39", "12/39"),
    ):
        cards.clear()
        await opened(page, gateway)
        await checkout.fill_card(expiry=keys)
        typed = await shown(checkout)
        await checkout.press("pay-button")
        await checkout.until("success-state")

        assert typed[1] == seen
        assert [months(card) for card in cards] == [(seen[:2], "2039")]


async def test_a_pasted_expiry_is_accepted_in_every_format(
    checkout: Checkout, page: Page, gateway: Gateway
) -> None:
    cards = sent_cards(page)
    for pasted in ("01/2039", "01 / 39", "2039-01", "1/39", "٠١/٣٩", "０１／３９"):
        cards.clear()
        await opened(page, gateway)
        await paste_card(checkout, VISA, pasted, "123")
        await checkout.press("pay-button")
        await checkout.until("success-state")

        assert [months(card) for card in cards] == [("01", "2039")], pasted


def months(card: dict[str, Any]) -> tuple[str, str]:
    return card["expiry_month"], card["expiry_year"]


SCRIPTS = {"arabic": "٠١٢٣٤٥٦٧٨٩", "devanagari": "०१२३४५६७८९", "wide": "０１２３４５６７８９"}


async def test_digits_of_other_scripts_are_accepted_in_every_field(
    checkout: Checkout, page: Page, gateway: Gateway
) -> None:
    cards = sent_cards(page)
    for name, digits in SCRIPTS.items():
        cards.clear()
        script = str.maketrans("0123456789", digits)
        order = await opened(page, gateway)
        await checkout.fill_card(*(text.translate(script) for text in (VISA, "12/39", "123")))
        typed = await shown(checkout)
        await checkout.press("pay-button")
        await checkout.until("success-state")

        [card] = cards
        [payment] = await gateway.payments(order)
        assert typed == ["4111 1111 1111 1111", "12/39", "123"], name
        assert (card["number"], card["cvv"]) == (VISA, "123"), name
        assert payment["card_last4"] == "1111"


async def test_a_number_pasted_with_wide_spaces_is_accepted(
    checkout: Checkout, page: Page, gateway: Gateway
) -> None:
    await opened(page, gateway)
    await paste_card(checkout, "4111 - 1111 - 1111 - 1111 ", "12/39", " 123 ")

    assert await shown(checkout) == ["4111 1111 1111 1111", "12/39", "123"]


async def test_a_leading_zero_can_be_deleted(
    checkout: Checkout, page: Page, gateway: Gateway
) -> None:
    await opened(page, gateway)
    await checkout.fill_card(expiry="1/39")
    await checkout.part("expiry-input").press("Home")
    await checkout.part("expiry-input").press("Delete")
    await checkout.part("expiry-input").press("1")

    assert (await shown(checkout))[1] == "11/39"


async def test_the_networks_are_those_that_the_gateway_publishes(
    checkout: Checkout, page: Page, gateway: Gateway
) -> None:
    _, methods = await gateway.client.call("GET", "/api/v1/checkout/methods")
    [card] = [one for one in methods["data"] if one["name"] == "card"]
    networks = card["schema"]["x-card"]["networks"]
    await opened(page, gateway)
    await checkout.press("method-card")
    for network in networks:
        for begin in [end for ends in network["ranges"] for end in ends]:
            await checkout.part("card-number-input").fill(number_in(begin, 16))
            await expect(checkout.part("card-network")).to_have_text(network["title"])
    await checkout.part("card-number-input").fill("9")
    await expect(page.get_by_test_id("card-network")).to_have_text("")

    assert len(networks) >= 9


async def test_an_amex_card_is_paid_with_either_of_its_codes(
    checkout: Checkout, page: Page, gateway: Gateway
) -> None:
    for code in ("123", "1234"):
        order = await opened(page, gateway)
        await checkout.fill_card("378282246310005", "12/39", code)
        await checkout.press("pay-button")
        await checkout.until("success-state")

        [payment] = await gateway.payments(order)
        assert payment["card_network"] == "amex", code


async def test_card_expiry_uses_the_time_of_the_gateway(
    checkout: Checkout, page: Page, gateway_with: GatewayWith
) -> None:
    """The browser's own clock says something else altogether."""
    async with gateway_with() as own:
        for at, is_good in (("11:59:30", True), ("12:00:00", False)):
            clock = {"at": f"2032-02-01T{at}Z"}
            status, _ = await own.client.call("POST", "/api/v1/test/clock/set", json=clock)
            assert status == 200
            cards = sent_cards(page)
            await opened(page, own)
            await checkout.fill_card(expiry="01/32")
            await checkout.press("pay-button")
            if is_good:
                await checkout.until("processing-state")
            else:
                await expect(checkout.where.get_by_text("This card has expired.")).to_be_visible()

            assert len(cards) == is_good
