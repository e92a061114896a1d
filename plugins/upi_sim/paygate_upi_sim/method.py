"""The payment method ``upi``: the payer names a virtual payment address."""

import re
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, JsonValue

from paygate import Instrument, InvalidInstrumentError, MethodContext, MethodInfo

VPA_CHARS_MAX = 255
SCENARIO_HANDLE = "sim"
"""Addresses such as ``late_success@sim`` name what is to be played."""
VPA_PATTERN = r"^[a-zA-Z0-9._-]+@[a-zA-Z0-9]+$"
# Matched with fullmatch: `$` alone would let a trailing line break through.
_VPA = re.compile(VPA_PATTERN)


def _text(value: object) -> str:
    """The value if it can be an address at all, else no address.

    What is missing, not a string or far too long is then refused in the same
    place and the same words as a malformed address.
    """
    is_text = isinstance(value, str) and value.isascii() and len(value) <= VPA_CHARS_MAX
    return str(value) if is_text else ""


def _vpa_schema(schema: dict[str, JsonValue]) -> None:
    schema.pop("default")
    schema.update(pattern=VPA_PATTERN, maxLength=VPA_CHARS_MAX, examples=["user@paytm"])


class UpiInput(BaseModel):
    """What a request to pay by UPI must hold."""

    model_config = ConfigDict(
        hide_input_in_errors=True,
        json_schema_extra={"anyOf": [{"required": ["vpa"]}, {"required": ["flow"]}]},
    )

    flow: Literal["collect", "intent", "qr"] = Field(
        default="collect",
        title="How to pay",
        description="collect asks the payer's app by its UPI ID; intent and qr need none.",
    )
    vpa: Annotated[str, BeforeValidator(_text)] = Field(
        default="",
        title="UPI ID",
        description="The payer's virtual payment address.",
        json_schema_extra=_vpa_schema,
    )


class UpiMethod:
    """Paying by UPI: the payer's app is asked for the money."""

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

    def prepare(self, details: BaseModel, context: MethodContext) -> Instrument:  # noqa: ARG002 - an address is right or wrong at any time
        """Check the address.

        Raises:
            InvalidInstrumentError: It is none (``invalid_vpa``).
        """
        assert isinstance(details, UpiInput), "the host validates against info.input_model"
        if details.flow != "collect" and not details.vpa:
            # Whoever opens the link or scans the code pays; nobody is named before.
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
