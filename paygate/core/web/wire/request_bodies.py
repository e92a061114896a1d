"""What requests may say. Checked by ``parse``, described in the OpenAPI document."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, NoReturn
from uuid import UUID

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    WithJsonSchema,
)

from ...limits import (
    AMOUNT_MINOR_MAX,
    AMOUNT_MINOR_MIN,
    NOTES_BYTES_MAX,
    OFFSET_ROWS_MAX,
    PAGE_ROWS_DEFAULT,
    PAGE_ROWS_MAX,
    TEXT_CHARS_MAX,
    URL_CHARS_MAX,
)
from ...money import EXPONENTS
from ...origins import ORIGINS_MAX, origin
from ..json_bodies import write

REASON_CHARS_MAX = 1000
# What a timestamp in the database can tell apart; and ten years.
CLOCK_ADVANCE_MIN_S = 0.000_001
CLOCK_ADVANCE_MAX_S = 315_576_000
_SECRET = re.compile(r"[\x21-\x7e]{8,64}")
_EVENT_TYPE = re.compile(r"[a-z][a-z_]*(\.[a-z][a-z_]*){0,3}")
_WHOLE = re.compile(r"[0-9]{1,9}", re.ASCII)


class Request(BaseModel):
    """A body. Fields that nobody knows are ignored."""

    model_config = ConfigDict(strict=True, frozen=True, extra="ignore", hide_input_in_errors=True)


def _currency(value: str | None) -> str:
    code = (value or "INR").upper()
    if code not in EXPONENTS:
        raise ValueError("currency must be an ISO 4217 code")
    return code


def _no_notes(value: object) -> object:
    """Read an empty list as an empty object: PHP writes its empty map so."""
    return {} if value == [] and isinstance(value, list) else value


def _notes(value: dict[str, Any] | None) -> dict[str, Any]:
    if value is not None and len(write(value)) > NOTES_BYTES_MAX:
        raise ValueError(f"notes must be at most {NOTES_BYTES_MAX} bytes")
    return value or {}


def _origin(value: str) -> str:
    found = origin(value)
    if found is None:
        raise ValueError("allowed_origins must hold origins such as https://shop.example")
    return found


def _secret(value: str | None) -> str | None:
    """None where the present one is to stay: our own masked form comes back from some pages."""
    if not value or value.endswith("***"):
        return None
    if not _SECRET.fullmatch(value):
        raise ValueError("webhook_secret must be 8 to 64 visible ASCII characters")
    return value


def _event_type(value: str | None) -> str:
    if value and not _EVENT_TYPE.fullmatch(value):
        raise ValueError("event must look like payment.success")
    return value or "webhook.test"


_UUID_CHARS = 36
YEARS = "2000 to 2200"
"""What the clock can be set to, and so all that anything of ours can have happened in."""


_SPACE_BEFORE_ZONE = re.compile(r"(?<=[0-9]) (?=[0-9]{2}:?[0-9]{2}\Z)")


def _with_plus(text: str) -> str:
    """Put back the plus sign of a zone, which arrives as a space where it was not encoded."""
    # A date and a time with a space between them look the same without a "T".
    if "T" in text or text.count(" ") > 1:
        return _SPACE_BEFORE_ZONE.sub("+", text)
    return text


def maybe_uuid(value: object) -> UUID | None:
    """An id in its one spelling, which may be left out."""
    if value is None:
        return None
    try:
        return UUID(value) if isinstance(value, str) and len(value) == _UUID_CHARS else _no_uuid()
    except ValueError:
        return _no_uuid()


def _no_uuid() -> NoReturn:
    raise ValueError("must be a UUID")


def maybe_moment(value: object) -> datetime | None:
    """A time with its zone, which may be left out."""
    return None if value is None else moment(value)


def moment(value: object) -> datetime:
    """A time with its zone, as text says it."""
    try:
        at = datetime.fromisoformat(_with_plus(value)) if isinstance(value, str) else None
        # Its first and last hours are no times at all elsewhere.
        at = at.astimezone(UTC) if at and at.tzinfo else None
    except OverflowError:
        raise ValueError(f"must be a time in the years {YEARS}") from None
    except ValueError:
        at = None
    if at is None:
        raise ValueError("must be a time with its zone, such as 2026-01-01T00:00:00Z")
    return at


def _seconds(value: object) -> float | None:
    """Between nothing and ten years; a boolean is not a number here."""
    if value is None:
        return None
    if isinstance(value, int | float) and not isinstance(value, bool):
        if CLOCK_ADVANCE_MIN_S <= value <= CLOCK_ADVANCE_MAX_S:
            return float(value)
        raise ValueError(f"must be above 0 and at most {CLOCK_ADVANCE_MAX_S} (ten years)")
    raise ValueError("must be a number")


def whole(value: object) -> object:
    """What a query says: digits and nothing else."""
    if not isinstance(value, str) or not _WHOLE.fullmatch(value):
        raise ValueError("must be a whole number")
    return int(value)


Text = Annotated[str, Field(max_length=TEXT_CHARS_MAX)]
Reason = Annotated[str, Field(max_length=REASON_CHARS_MAX)]
Currency = Annotated[
    str | None,
    Field(max_length=TEXT_CHARS_MAX),
    AfterValidator(_currency),
    WithJsonSchema(
        {"type": "string", "enum": sorted(EXPONENTS), "default": "INR", "description": "ISO 4217"}
    ),
]
RefundAmount = Annotated[
    int, Field(ge=1, le=AMOUNT_MINOR_MAX, description="in minor units of the payment's currency")
]


class OrderRequest(Request):
    """``POST /orders``."""

    amount: int = Field(
        ge=AMOUNT_MINOR_MIN,
        le=AMOUNT_MINOR_MAX,
        description="in minor units: 50000 is ₹500.00, or ¥50000",
    )
    currency: Currency = "INR"
    receipt: Text | None = Field(None, description="what the merchant calls it")
    notes: Annotated[dict[str, Any] | None, BeforeValidator(_no_notes), AfterValidator(_notes)] = (
        Field(None, description=f"anything, up to {NOTES_BYTES_MAX} bytes of JSON")
    )
    capture: Literal["automatic", "manual"] | None = Field(
        "automatic", description="manual only holds the money until it is captured"
    )


class PaymentRequest(Request):
    """``POST /payments`` and ``POST /payments/public``.

    Beside these come the fields of the method's own input model.
    """

    model_config = ConfigDict(extra="allow")

    order_id: Text = Field(min_length=1)
    method: Any = Field(description="an installed payment method: upi, card, …")

    @property
    def details(self) -> dict[str, Any]:
        """The method's part."""
        return dict(self.__pydantic_extra__ or {})


class CaptureRequest(Request):
    """``POST /payments/{id}/capture``; may be left out."""

    amount: RefundAmount | None = Field(None, description="all of it, if left out")
    final: bool = Field(True, description="let go of what is not captured")


class RefundRequest(Request):
    """``POST /payments/{id}/refunds``."""

    amount: RefundAmount
    reason: Reason | None = Field(None, description="for people")


class RefundOfPaymentRequest(RefundRequest):
    """``POST /refunds``."""

    payment_id: Text = Field(min_length=1)


class MerchantRequest(Request):
    """``PATCH /merchant``. What is left out stays as it is."""

    allowed_origins: (
        Annotated[list[Annotated[str, AfterValidator(_origin)]], Field(max_length=ORIGINS_MAX)]
        | None
    ) = Field(
        None,
        description="whose pages may frame the checkout, such as https://shop.example; "
        "empty: anybody's",
    )


class EndpointRequest(Request):
    """``PATCH /merchant/webhook`` and its likes. What is left out stays as it is."""

    webhook_url: Annotated[str, Field(max_length=URL_CHARS_MAX)] | None = Field(
        None, description="http or https; null or empty sends no webhooks"
    )
    webhook_secret: Annotated[
        str | None,
        Field(max_length=TEXT_CHARS_MAX),
        AfterValidator(_secret),
        WithJsonSchema(
            {
                "anyOf": [{"type": "string", "pattern": r"^[\x21-\x7e]{8,64}$"}, {"type": "null"}],
                "description": "8 to 64 visible ASCII characters; one that ends in *** is ignored",
            }
        ),
    ] = None


class TestEventRequest(Request):
    """``POST /webhooks/test``; may be left out."""

    event: Annotated[
        str | None,
        Field(max_length=50),
        AfterValidator(_event_type),
        WithJsonSchema(
            {
                "type": "string",
                "maxLength": 50,
                "pattern": rf"^{_EVENT_TYPE.pattern}$",
                "default": "webhook.test",
            }
        ),
    ] = "webhook.test"


class SettleRequest(Request):
    """``POST /operations/{id}/settle``."""

    verdict: Literal["approved", "declined"] = Field(description="what happened at the processor")
    reason: Reason = Field(min_length=1, description="how you know; kept on the time line")


class CompleteRequest(Request):
    """``POST /payments/{id}/complete``; may be left out."""

    params: Annotated[dict[str, Text], Field(max_length=50)] = Field(
        default_factory=dict, description="what came back with the shopper"
    )


class PayerRequest(Request):
    """``POST /test/payments/{id}/payer``."""

    decision: Literal["approve", "decline", "wrong_pin", "time_out"]


class ScenarioRequest(Request):
    """``PUT /test/scenario``."""

    scenario: Text | None = Field(description="a scenario's name; null draws again")


class NamespaceRequest(EndpointRequest):
    """``POST /test/namespaces``; may be left out."""

    name: Text | None = Field(None, description="for people")
    scenario: Text | None = Field(None, description="what its payments play that name nothing")


class CallbacksQuery(Request):
    """``?effect=``."""

    effect: (
        Literal[
            "received", "applied", "duplicate", "no_effect", "refused", "quarantined", "conflict"
        ]
        | None
    ) = None


class HoldClockRequest(Request):
    """``POST /test/clock/set``."""

    at: Annotated[
        datetime | None, BeforeValidator(moment), Field(examples=["2026-01-01T00:00:00Z"])
    ] = Field(None, description="where to stop it; ISO 8601 with a time zone. Without it: here")


class AdvanceClockRequest(Request):
    """``POST /test/clock/advance``: ``seconds`` or ``to_next``."""

    seconds: Annotated[
        Annotated[float, Field(gt=0, le=CLOCK_ADVANCE_MAX_S)] | None, BeforeValidator(_seconds)
    ] = Field(None, description="how far to move it, at most ten years")
    to_next: bool = Field(False, description="to the moment the next work falls due, instead")
    hold: bool | None = Field(
        None,
        description="whether it stands still afterwards; without it, it does if it did before",
    )


class PageQuery(Request):
    """``?limit=&offset=``."""

    limit: Annotated[int, BeforeValidator(whole), Field(ge=1)] = Field(
        PAGE_ROWS_DEFAULT, description=f"more than {PAGE_ROWS_MAX} is {PAGE_ROWS_MAX}"
    )
    offset: Annotated[int, BeforeValidator(whole), Field(ge=0, le=OFFSET_ROWS_MAX)] = 0
