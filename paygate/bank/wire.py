"""The bodies of the bank's API: requests, results and errors."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from ..core.money import EXPONENTS, Money
from ..core.outcome import (
    ActionRequired,
    Approved,
    DeclineCode,
    Declined,
    Outcome,
    Pending,
    Released,
)
from ..core.payments.operation import OperationKind

AMOUNT_MAX = 10**15
REFERENCE = r"^[A-Za-z0-9_.:-]{1,64}$"
RESPONSE_CODES: Mapping[DeclineCode, str] = {
    DeclineCode.DECLINED: "05",
    DeclineCode.INVALID_INSTRUMENT: "14",
    DeclineCode.PAYER_REJECTED: "17",
    DeclineCode.INSUFFICIENT_FUNDS: "51",
    DeclineCode.EXPIRED_INSTRUMENT: "54",
    DeclineCode.AUTHENTICATION_FAILED: "55",
    DeclineCode.SUSPECTED_FRAUD: "59",
    DeclineCode.LIMIT_EXCEEDED: "61",
    DeclineCode.BLOCKED_INSTRUMENT: "62",
    DeclineCode.PAYER_TIMED_OUT: "68",
    DeclineCode.ISSUER_UNAVAILABLE: "91",
    DeclineCode.PROCESSING_ERROR: "96",
}
"""Why a payment is declined, as card networks number it (ISO 8583)."""


class BankError(Exception):
    """The bank refuses a request, and nothing was executed.

    Args:
        status: The HTTP status.
        code: Stable.
        message: A sentence.
        field: The wrong field; None if it is not about a field.
    """

    def __init__(self, status: int, code: str, message: str, field: str | None = None) -> None:
        self.status = status
        self.code = code
        self.message = message
        self.field = field
        super().__init__(message)

    def as_json(self) -> dict[str, Any]:
        """Return the body of the response."""
        return {"error": {"code": self.code, "message": self.message, "field": self.field}}


def _known_currency(code: str) -> str:
    if code not in EXPONENTS:
        raise ValueError("not a currency of ISO 4217")
    return code


class Body(BaseModel):
    """A request's body. Unknown fields are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, hide_input_in_errors=True)


class MoneyBody(Body):
    """A request that moves money.

    Args:
        amount: In minor units.
        currency: An ISO 4217 code.
    """

    amount: int = Field(ge=1, le=AMOUNT_MAX)
    currency: Annotated[str, AfterValidator(_known_currency)]

    @property
    def money(self) -> Money:
        """The amount."""
        return Money(self.amount, self.currency)


class ChargeBody(MoneyBody):
    """A charge.

    Args:
        instrument: What is charged: ``number`` of a card, or ``vpa``.
        capture: Whether the money is taken at once, or only held.
        payment: The caller's name of the payment, for statements.
        scenario: The scenario to play, instead of the one of the instrument.
    """

    instrument: dict[str, str] = Field(default_factory=dict, max_length=20, repr=False)
    capture: bool = True
    payment: str = Field("", max_length=64)
    scenario: str | None = Field(None, max_length=64)


class FollowUpBody(MoneyBody):
    """A capture, void or refund.

    Args:
        charge: The reference of the charge.
        final: For a capture: no other one follows, so the rest is released.
    """

    charge: str = Field(pattern=REFERENCE)
    final: bool = True


BodyT = TypeVar("BodyT", bound=BaseModel)


def parse_body(model: type[BodyT], body: bytes) -> BodyT:
    """Parse a request's body.

    Raises:
        BankError: It is not JSON, or a field is wrong.
    """
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        field = ".".join(str(part) for part in first["loc"]) or None
        raise BankError(400, "invalid_request", first["msg"], field) from None


def operation_to_json(
    kind: OperationKind, reference: str, amount: Money, outcome: Outcome
) -> dict[str, Any]:
    """Return an operation and how it has ended, or that it has not yet."""
    operation = {
        "kind": kind.value,
        "reference": reference,
        "id": f"bank_{reference}",
        "amount": amount.minor,
        "currency": amount.currency,
    }
    match outcome:
        case Approved(id, approved, about):
            part = {"id": id, "amount": approved.minor, "currency": approved.currency}
            return {**operation, **part, "reference": about or reference, "status": "approved"}
        case Declined(code):
            return {**operation, "status": "declined", "response_code": RESPONSE_CODES[code]}
        case Pending(resolve_after):
            return {**operation, "status": "pending", "check_after_s": _seconds(resolve_after)}
        case ActionRequired(action, expires_at, _, resolve_after):
            return {
                **operation,
                "status": "action_required",
                "action": action,
                "expires_at": expires_at.isoformat(),
                "check_after_s": _seconds(resolve_after),
            }
        case Released():
            return {**operation, "status": "expired"}
        case _:
            return {**operation, "status": "unknown"}


def _seconds(wait: timedelta) -> float:
    return round(wait.total_seconds(), 3)
