"""The interface of payment methods."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable

from pydantic import BaseModel

from ..instrument import Instrument
from ..money import Money


@dataclass(frozen=True, slots=True)
class MethodInfo:
    """The description of a payment method.

    Args:
        code: The value of ``method`` in requests.
        label: The name for people.
        flows: The flows that it supports.
        input_model: The model of its part of a request.
        invalid_code: The error code of an invalid request.
        version: The plugin's version.
        requires_api: The oldest plugin API it works with.
    """

    code: str
    label: str
    flows: frozenset[str]
    input_model: type[BaseModel]
    invalid_code: str = "bad_request"
    version: str = "0"
    requires_api: int = 1


@dataclass(frozen=True, slots=True)
class MethodContext:
    """The context of ``prepare``.

    Args:
        now: The current time, in UTC.
        amount: The amount of the payment.
    """

    now: datetime
    amount: Money


@runtime_checkable
class PaymentMethod(Protocol):
    """A payment method."""

    @property
    def info(self) -> MethodInfo:
        """The description of the method."""
        ...

    def prepare(self, details: BaseModel, context: MethodContext) -> Instrument:
        """Check the payer's details, and split them into displayed and sealed parts.

        Args:
            details: An instance of ``info.input_model``.
            context: The context.

        Raises:
            InvalidInstrumentError: The details are invalid; nothing is stored.
        """
        ...
