"""A limit on the number of payments in a period."""

from datetime import timedelta
from typing import Literal

from pydantic import BaseModel, Field

from paygate import Block, DeclineCode, RiskContext, RiskRequest, RiskVerdict

Same = Literal["instrument", "order", "merchant"]


class VelocitySettings(BaseModel):
    """Read from ``PAYGATE_VELOCITY_*``."""

    payments: int = Field(10, ge=1, le=1000, description="Allowed payments in the window.")
    window_minutes: int = Field(60, ge=1, le=31 * 24 * 60, description="Length of the window.")
    same: Same = Field("instrument", description="What counted payments have in common.")
    code: DeclineCode = Field(
        DeclineCode.LIMIT_EXCEEDED, description="Decline code of a blocked payment."
    )
    fail: Literal["open", "closed"] = Field(
        "open", description="What an exception counts as: no opinion, or a block."
    )


class Velocity:
    """Blocks payments above the limit.

    The host counts payments that were created *before* this one, so of several simultaneous
    payments exactly the later ones are blocked, without a lock.
    """

    name = "instrument_velocity"
    requires_api = 2

    def __init__(self, settings: VelocitySettings) -> None:
        self.fail = settings.fail
        self._settings = settings

    async def assess(self, request: RiskRequest, context: RiskContext) -> RiskVerdict | None:
        """Return no opinion below the limit: another check may block."""
        limit, minutes = self._settings.payments, self._settings.window_minutes
        window = timedelta(minutes=minutes)
        before = await context.history.payments(within=window, same=self._settings.same)
        if before.payments < limit:
            return None
        # Without the current count: more people can read the timeline than may know it.
        return Block(f"{limit} payments in {minutes} min are the limit", code=self._settings.code)
