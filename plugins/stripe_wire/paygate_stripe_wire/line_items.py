"""What a Checkout Session sells."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from .errors import StripeError
from .forms import AMOUNT_MAX, Params, invalid
from .shapes import Row

ITEMS_MAX, QUANTITY_MAX = 100, 999_999
NAME_CHARS_MAX = 250


def items_of(params: Params) -> list[dict[str, Any]]:
    """Return the line items of a request, as they are stored.

    Raises:
        StripeError: There are none, or one is malformed.
    """
    given = params.given.get("line_items")
    if not isinstance(given, list) or not 1 <= len(given) <= ITEMS_MAX:
        raise invalid("line_items", f"line_items must have 1 to {ITEMS_MAX} items")
    items = []
    for number, item in enumerate(given):
        with _within(f"line_items[{number}]"):
            items.append(_item(item))
    if len({item["currency"] for item in items}) > 1:
        raise invalid("line_items", "All line items must have the same currency")
    if total_of(items) > AMOUNT_MAX:
        raise StripeError(
            400, "The total is too large", code="amount_too_large", param="line_items"
        )
    return items


def total_of(items: Sequence[Row]) -> int:
    """Return the price of all items, in minor units."""
    return sum(item["unit_amount"] * item["quantity"] for item in items)


def item_objects(items: Sequence[Row], session_id: str, created: int) -> list[dict[str, Any]]:
    """Return line items."""
    part = session_id[-20:]
    return [
        {
            "id": f"li_{part}{number}",
            "object": "item",
            "amount_discount": 0,
            "amount_subtotal": item["unit_amount"] * item["quantity"],
            "amount_tax": 0,
            "amount_total": item["unit_amount"] * item["quantity"],
            "currency": item["currency"],
            "description": item["name"],
            "price": {
                "id": f"price_{part}{number}",
                "object": "price",
                "active": False,
                "billing_scheme": "per_unit",
                "created": created,
                "currency": item["currency"],
                "livemode": False,
                "metadata": {},
                "product": f"prod_{part}{number}",
                "recurring": None,
                "type": "one_time",
                "unit_amount": item["unit_amount"],
                "unit_amount_decimal": str(item["unit_amount"]),
            },
            "quantity": item["quantity"],
        }
        for number, item in enumerate(items)
    ]


def _item(given: Any) -> dict[str, Any]:
    item = _params(given)
    item.only("price_data", "quantity")
    quantity = item.whole("quantity", least=1)
    if quantity is None or quantity > QUANTITY_MAX:
        raise invalid("quantity", f"quantity must be 1 to {QUANTITY_MAX}")
    with _within("price_data"):
        price = _params(item.fields("price_data"))
        price.only("currency", "unit_amount", "product_data")
        amount = price.whole("unit_amount")
        if amount is None:
            raise invalid("unit_amount", "paygate has no stored prices: unit_amount is required")
        with _within("product_data"):
            product = _params(price.fields("product_data"))
            product.only("name", "description", "images", "metadata")
            name = product.required("name")
        currency = price.required("currency").lower()
    return {
        "name": name[:NAME_CHARS_MAX],
        "currency": currency,
        "unit_amount": amount,
        "quantity": quantity,
    }


def _params(given: Any) -> Params:
    return Params(given if isinstance(given, Mapping) else {})


@contextmanager
def _within(place: str) -> Iterator[None]:
    """Name the whole place of a nested parameter in a refusal."""
    try:
        yield
    except StripeError as error:
        head, bracket, rest = str(error.error.get("param", "")).partition("[")
        error.error["param"] = f"{place}[{head}]{bracket}{rest}"
        raise
