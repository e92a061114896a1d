"""What the API tells of a merchant's own pages, and the checkout of what it offers."""

from __future__ import annotations

from typing import Annotated, Any, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from .answers import OrderPublic, Uuid


class OrderOffered(OrderPublic):
    """An order as its checkout page asks for it.

    ``allowed_origins`` is left out where any page may frame it.
    """

    allowed_origins: NotRequired[list[str]]


class MethodOffered(TypedDict):
    """A payment method that some processor here carries out."""

    name: Annotated[str, Field(examples=["upi"])]
    title: str
    flows: list[str]
    schema: NotRequired[Annotated[dict[str, Any], Field(description="of its part of a payment")]]


class MethodsOffered(TypedDict):
    """What a shopper may choose from."""

    data: list[MethodOffered]
    now: Annotated[str, Field(description="the gateway's time, by which it judges expiry dates")]


class MerchantSettings(TypedDict):
    """``/merchant``."""

    id: Uuid
    name: str
    allowed_origins: list[str]
