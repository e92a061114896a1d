"""Settings of the plugin."""

from pydantic import Field

from paygate import SimulatorSettings


class CardSimSettings(SimulatorSettings):
    """Settings of the simulated card network."""

    success_rate: float = Field(
        default=0.95,
        ge=0,
        le=1,
        description="The share of approved card payments, from 0 to 1.",
        json_schema_extra={"env": "CARD_SUCCESS_RATE"},
    )
