"""What can be set."""

from pydantic import Field

from paygate import SimulatorSettings


class CardSimSettings(SimulatorSettings):
    """How the simulated card network behaves."""

    success_rate: float = Field(
        default=0.95,
        ge=0,
        le=1,
        description="The share of card payments that is approved, from 0 to 1.",
        json_schema_extra={"env": "CARD_SUCCESS_RATE"},
    )
