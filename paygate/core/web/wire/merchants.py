"""What the API tells of a merchant's own pages."""

from __future__ import annotations

from typing import NotRequired

from typing_extensions import TypedDict

from .answers import OrderPublic, Uuid


class OrderOffered(OrderPublic):
    """An order as its checkout page asks for it.

    ``allowed_origins`` is left out where any page may frame it.
    """

    allowed_origins: NotRequired[list[str]]


class MerchantSettings(TypedDict):
    """``/merchant``."""

    id: Uuid
    name: str
    allowed_origins: list[str]
