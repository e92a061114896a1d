"""The settings of simulated processors."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationInfo,
    field_validator,
)
from pydantic_core import PydanticCustomError

DELAY_MS_MAX = 3_600_000
"""An hour: longer than any simulation, short enough to detect a wrong unit."""


def _stripped(value: object) -> object:
    # Environment files may leave spaces after values.
    return value.strip() if isinstance(value, str) else value


def _unless_false(value: object) -> object:
    return value.strip().lower() != "false" if isinstance(value, str) else value


def _env(name: str) -> dict[str, Any]:
    return {"env": name}


Delay = Annotated[int, Field(ge=0, le=DELAY_MS_MAX)]


class SimulatorSettings(BaseModel):
    """The settings of a simulated processor.

    A plugin inherits from it to give ``success_rate`` its own default and name; all simulators
    of the process share the other settings.

    Units:
        Delays are in milliseconds.
    """

    model_config = ConfigDict(frozen=True)

    test_mode: Annotated[bool, BeforeValidator(_stripped)] = Field(
        default=False,
        description="Take delay and result from the TEST_ settings instead of deciding at random.",
        json_schema_extra=_env("TEST_MODE"),
    )
    test_payment_success: Annotated[bool, BeforeValidator(_unless_false)] = Field(
        default=True,
        description="The result in test mode; anything except `false` is success.",
        json_schema_extra=_env("TEST_PAYMENT_SUCCESS"),
    )
    test_processing_delay_ms: Delay = Field(
        default=1000,
        description="The delay in test mode; 0 answers at once.",
        json_schema_extra=_env("TEST_PROCESSING_DELAY"),
    )
    processing_delay_min_ms: Delay = Field(
        default=5000,
        description="The minimum of the random delay.",
        json_schema_extra=_env("PROCESSING_DELAY_MIN"),
    )
    processing_delay_max_ms: Delay = Field(
        default=10_000,
        # A raised minimum is compared with the default maximum as well.
        validate_default=True,
        description="The maximum of the random delay.",
        json_schema_extra=_env("PROCESSING_DELAY_MAX"),
    )
    refund_delay_min_ms: Delay = Field(
        default=3000,
        description="The minimum delay of a refund, also in test mode.",
        json_schema_extra=_env("REFUND_DELAY_MIN"),
    )
    refund_delay_max_ms: Delay = Field(
        default=5000,
        validate_default=True,
        description="The maximum delay of a refund, also in test mode.",
        json_schema_extra=_env("REFUND_DELAY_MAX"),
    )
    success_rate: float = Field(
        default=0.9,
        ge=0,
        le=1,
        description="The share of approved operations, from 0 to 1.",
    )
    hold_days: float = Field(
        default=7,
        gt=0,
        le=30,
        description="How long an authorization lasts before the simulated bank releases it.",
        json_schema_extra=_env("PAYGATE_SIMULATOR_HOLD_DAYS"),
    )
    callback_secret: SecretStr | None = Field(
        default=None,
        description="Signs the callbacks of simulated processors; derived from the "
        "installation's vault key if it is not set.",
        json_schema_extra={**_env("PAYGATE_SIMULATOR_SECRET"), "derived": True},
    )
    book: Path | None = Field(
        default=None,
        description="A file that records every operation, outside the gateway's database.",
        json_schema_extra=_env("PAYGATE_SIMULATOR_BOOK"),
    )

    @field_validator("processing_delay_max_ms", "refund_delay_max_ms")
    @classmethod
    def _not_below_the_minimum(cls, value: int, info: ValidationInfo) -> int:
        assert info.field_name is not None, "it is a field validator"
        what = info.field_name.removesuffix("_max_ms")
        minimum = info.data.get(f"{what}_min_ms", 0)
        if value < minimum:
            raise PydanticCustomError(
                "delay_range",
                "{what}_MAX is {maximum} ms, below {what}_MIN, {minimum} ms",
                {"what": what.upper(), "maximum": value, "minimum": minimum},
            )
        return value
