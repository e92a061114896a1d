"""So many payments in so much time, and no more."""

from datetime import timedelta
from typing import Literal

from pydantic import BaseModel, Field

from paygate import Block, DeclineCode, RiskContext, RiskRequest, RiskVerdict

Same = Literal["instrument", "order", "merchant"]


class VelocitySettings(BaseModel):
    """Read from ``PAYGATE_VELOCITY_*``."""

    payments: int = Field(10, ge=1, le=1000, description="So many in the window are allowed.")
    window_minutes: int = Field(60, ge=1, le=31 * 24 * 60, description="How long the window is.")
    same: Same = Field("instrument", description="What the payments that count have in common.")
    code: DeclineCode = Field(
        DeclineCode.LIMIT_EXCEEDED, description="What the merchant of a blocked payment is told."
    )
    fail: Literal["open", "closed"] = Field(
        "open", description="What counts where the check fails: no opinion, or a block."
    )


class Velocity:
    """Blocks the payment that is one too many.

    The host counts what was made *before* the payment at hand, so of several that race each
    other exactly the later ones are blocked: there is nothing to lock and nothing to keep.
    """

    name = "instrument_velocity"
    requires_api = 2

    def __init__(self, settings: VelocitySettings) -> None:
        self.fail = settings.fail
        self._settings = settings

    async def assess(self, request: RiskRequest, context: RiskContext) -> RiskVerdict | None:
        """No opinion below the limit: another check may know more."""
        limit, minutes = self._settings.payments, self._settings.window_minutes
        window = timedelta(minutes=minutes)
        before = await context.history.payments(within=window, same=self._settings.same)
        if before.payments < limit:
            return None
        # Not how many there were: the time line is read by more people than the limit is for.
        return Block(f"{limit} payments in {minutes} min are the limit", code=self._settings.code)
