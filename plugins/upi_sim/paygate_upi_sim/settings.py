"""What can be set."""

from pydantic import Field

from paygate import SimulatorSettings


class UpiSimSettings(SimulatorSettings):
    """How the simulated UPI network behaves."""

    success_rate: float = Field(
        default=0.90,
        ge=0,
        le=1,
        description="The share of UPI payments that is approved, from 0 to 1.",
        json_schema_extra={"env": "UPI_SUCCESS_RATE"},
    )
