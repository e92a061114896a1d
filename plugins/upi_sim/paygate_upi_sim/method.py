"""The payment method ``upi``: the payer enters a virtual payment address (VPA)."""

import re
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, JsonValue

from paygate import Instrument, InvalidInstrumentError, MethodContext, MethodInfo

VPA_CHARS_MAX = 255
SCENARIO_HANDLE = "sim"
"""The handle of addresses that select a scenario, such as ``late_success@sim``."""
VPA_PATTERN = r"^[a-zA-Z0-9._-]+@[a-zA-Z0-9]+$"
# Used with fullmatch: `$` alone would accept a trailing line break.
_VPA = re.compile(VPA_PATTERN)


def _text(value: object) -> str:
    """Return the value if it can be an address, else an empty string.

    A missing value, one of another type and one that is too long are then refused with the
    same error as a malformed address.
    """
    is_text = isinstance(value, str) and value.isascii() and len(value) <= VPA_CHARS_MAX
    return str(value) if is_text else ""


def _vpa_schema(schema: dict[str, JsonValue]) -> None:
    schema.pop("default")
    schema.update(pattern=VPA_PATTERN, maxLength=VPA_CHARS_MAX, examples=["user@paytm"])


class UpiInput(BaseModel):
    """The input of a UPI payment."""

    model_config = ConfigDict(
        hide_input_in_errors=True,
        json_schema_extra={"anyOf": [{"required": ["vpa"]}, {"required": ["flow"]}]},
    )

    flow: Literal["collect", "intent", "qr"] = Field(
        default="collect",
        title="How to pay",
        description="collect sends a request to the payer's UPI ID; intent and qr need no UPI ID.",
    )
    vpa: Annotated[str, BeforeValidator(_text)] = Field(
        default="",
        title="UPI ID",
        description="The payer's virtual payment address.",
        json_schema_extra=_vpa_schema,
    )


class UpiMethod:
    """UPI: the payer approves the payment in an app."""

    @property
    def info(self) -> MethodInfo:
        return MethodInfo(
            code="upi",
            label="UPI",
            flows=frozenset({"collect", "intent", "qr"}),
            input_model=UpiInput,
            invalid_code="invalid_vpa",
            version="0.1.0",
        )

    def prepare(self, details: BaseModel, context: MethodContext) -> Instrument:  # noqa: ARG002 - an address is valid at any time
        """Check the address.

        Raises:
            InvalidInstrumentError: It is not a VPA (``invalid_vpa``).
        """
        assert isinstance(details, UpiInput), "the host validates against info.input_model"
        if details.flow != "collect" and not details.vpa:
            # The payer is unknown until someone opens the link or scans the code.
            return Instrument(method="upi", flow=details.flow)
        if not _VPA.fullmatch(details.vpa):
            raise InvalidInstrumentError("VPA format invalid", field="vpa", code="invalid_vpa")
        name, _, handle = details.vpa.partition("@")
        return Instrument(
            method="upi",
            flow=details.flow,
            display={"vpa": details.vpa},
            scenario=name.lower() if handle.lower() == SCENARIO_HANDLE else None,
        )
