"""The bank's operations, and the settings that a test may change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pydantic import Field

from ..core.payments.operation import OperationKind
from ..simulator.scenario import Scenario
from .wire import Body, ChargeBody, FollowUpBody

Moves = ChargeBody | FollowUpBody
KINDS = (
    OperationKind.CHARGE,
    OperationKind.CAPTURE,
    OperationKind.VOID,
    OperationKind.REFUND,
)
"""What the bank can do with money."""


class BankSettings(Body):
    """What a test may set while the bank runs.

    Args:
        scenario: The scenario of charges whose instrument and body name none.
        latency_ms: How long every answer takes, beside what its scenario says.
        patience_ms: How long callers wait for an answer. A late answer comes a fifth later,
            and a call that hangs takes ten times as long.
        callback_url: Where callbacks are sent; None sends none.
    """

    scenario: str = "approve"
    latency_ms: float = Field(0, ge=0, le=60_000)
    patience_ms: float = Field(10_000, ge=1, le=60_000)
    callback_url: str | None = Field(None, max_length=2048, pattern=r"^https?://\S+$")

    def changed(self, given: Mapping[str, Any]) -> BankSettings:
        """Return the settings after a change.

        Raises:
            ValidationError: A value is wrong.
        """
        return BankSettings.model_validate({**self.model_dump(), **given})


@dataclass
class BankOperation:
    """An operation, as the bank keeps it.

    Args:
        reference: The caller's idempotency key.
        body: The request.
        scenario: The scenario of its charge.
        asked_at: When the first request arrived, in UTC.
        charge: The charge that it is about; None for a charge.
        requests: How many requests with this reference arrived.
        callbacks: How many callbacks about it were accepted.
        settled: The word of scenarios that ended it: the payer's decision, or a late approval.
        follow_ups: The captures, voids and refunds of a charge.
    """

    kind: OperationKind
    reference: str
    body: Moves
    scenario: Scenario
    asked_at: datetime
    charge: BankOperation | None = None
    requests: int = 1
    callbacks: int = 0
    settled: str | None = None
    follow_ups: list[BankOperation] = field(default_factory=list)

    @property
    def payment(self) -> str:
        """The caller's name of the payment."""
        body = (self.charge or self).body
        assert isinstance(body, ChargeBody), "only a charge has no charge"
        return body.payment

    @property
    def is_final_capture(self) -> bool:
        """Check whether it releases what it does not capture."""
        is_capture = self.kind is OperationKind.CAPTURE
        return is_capture and isinstance(self.body, FollowUpBody) and self.body.final
