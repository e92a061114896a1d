"""Settings of the plugin."""

from pydantic import Field

from paygate import SimulatorSettings


class UpiSimSettings(SimulatorSettings):
    """Settings of the simulated UPI network."""

    success_rate: float = Field(
        default=0.90,
        ge=0,
        le=1,
        description="The share of approved UPI payments, from 0 to 1.",
        json_schema_extra={"env": "UPI_SUCCESS_RATE"},
    )
