"""What a payment method implements."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable

from pydantic import BaseModel

from ..instrument import Instrument
from ..money import Money


@dataclass(frozen=True, slots=True)
class MethodInfo:
    """What a payment method is.

    Args:
        code: What requests say in ``method``.
        label: What people read.
        flows: How it can be carried out.
        input_model: What its part of a request must look like.
        invalid_code: The error code of a request that does not.
        version: Of the plugin.
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
    """What a method may know beside the payer's details.

    Args:
        now: The present, in UTC.
        amount: What is to be paid.
    """

    now: datetime
    amount: Money


@runtime_checkable
class PaymentMethod(Protocol):
    """A kind of paying."""

    @property
    def info(self) -> MethodInfo:
        """What it is."""
        ...

    def prepare(self, details: BaseModel, context: MethodContext) -> Instrument:
        """Check what the payer gave; say what may be kept and what is sealed.

        Args:
            details: An instance of ``info.input_model``.
            context: The present.

        Raises:
            InvalidInstrumentError: It cannot be right; nothing is stored.
        """
        ...
