"""The payment method ``card``: its fields, and what is stored."""

from collections.abc import Callable, Mapping
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, JsonValue

from paygate import Instrument, MethodContext, MethodInfo, Scenario, card_network

from .rules import check_cvv, checked_expiry, checked_number, published_rules

# Long enough for twice a number with a separator after each digit.
FIELD_CHARS_MAX = 80
SCENARIO_CARDS = "400001000000"


def _text(value: object) -> str:
    """Convert a value to text if it can be part of a card, else to an empty text.

    A missing or malformed value is then rejected by the same rules and with the same
    message as a wrong one.
    """
    # A JSON true is an int in Python, but not a month.
    if type(value) is int and 0 <= value < 10**19:
        return str(value)
    is_text = isinstance(value, str) and value.isascii() and len(value) <= FIELD_CHARS_MAX
    return str(value) if is_text else ""


def _text_or_none(value: object) -> str | None:
    return None if value is None else _text(value)


def _mapping(value: object) -> object:
    return value if isinstance(value, Mapping | BaseModel) else {}


def _shown_as(*types: str) -> Callable[[dict[str, JsonValue]], None]:
    """Describe a field by what may be sent, not by its internal type."""

    def describe(schema: dict[str, JsonValue]) -> None:
        for word in ("default", "type", "anyOf"):
            schema.pop(word, None)
        schema["type"] = types[0] if len(types) == 1 else list(types)

    return describe


def _is_scenario(number: str) -> bool:
    """Check for a scenario card: 4000 0100 0000, three digits, a check digit."""
    return len(number) == 16 and number.startswith(SCENARIO_CARDS)


Text = Annotated[str, BeforeValidator(_text)]


class CardInput(BaseModel):
    """A card, as the payer entered it."""

    model_config = ConfigDict(
        hide_input_in_errors=True,
        json_schema_extra={"required": ["number", "expiry_month", "expiry_year"]},
    )

    number: Text = Field(
        default="",
        repr=False,
        title="Card number",
        description="13 to 19 digits; spaces and dashes are ignored.",
        json_schema_extra=_shown_as("string"),
    )
    expiry_month: Text = Field(
        default="",
        repr=False,
        description="1 to 12.",
        json_schema_extra=_shown_as("string", "integer"),
    )
    expiry_year: Text = Field(
        default="",
        repr=False,
        description="Two or four digits.",
        json_schema_extra=_shown_as("string", "integer"),
    )
    cvv: Annotated[str | None, BeforeValidator(_text_or_none)] = Field(
        default=None,
        repr=False,
        title="CVV",
        description="Three or four digits; checked and not stored.",
        json_schema_extra=_shown_as("string", "integer", "null"),
    )
    holder_name: object = Field(
        default=None,
        repr=False,
        description="Accepted and ignored.",
        json_schema_extra=_shown_as("string", "null"),
    )


class CardRequest(BaseModel):
    """The fields of a card payment."""

    model_config = ConfigDict(
        hide_input_in_errors=True,
        json_schema_extra={"required": ["card"], "x-card": {**published_rules()}},
    )

    card: Annotated[CardInput, BeforeValidator(_mapping)] = Field(
        default_factory=CardInput, repr=False
    )


class CardMethod:
    """The card payment method.

    Args:
        scenarios: Scenarios of test cards, by name.
    """

    def __init__(self, scenarios: Mapping[str, Scenario] | None = None) -> None:
        named = (scenarios or {}).values()
        self._scenarios = {f"{scenario.number:03}": scenario.name for scenario in named}

    @property
    def info(self) -> MethodInfo:
        return MethodInfo(
            code="card",
            label="Card",
            flows=frozenset({"frictionless"}),
            input_model=CardRequest,
            invalid_code="invalid_card",
            version="0.1.0",
        )

    def prepare(self, details: BaseModel, context: MethodContext) -> Instrument:
        """Check the card; store its network and last four digits, encrypt number and expiry.

        The security code is checked and not stored.

        Raises:
            InvalidInstrumentError: The number or the security code is wrong
                (``invalid_card``), or the expiry is (``expired_card``).
        """
        assert isinstance(details, CardRequest), "the host validates against info.input_model"
        card = details.card
        number = checked_number(card.number)
        expiry = checked_expiry(card.expiry_month, card.expiry_year, now=context.now)
        if card.cvv is not None:
            check_cvv(card.cvv)
        return Instrument(
            method="card",
            flow="frictionless",
            display={"network": card_network(number), "last4": number[-4:]},
            secret={
                "number": number,
                "expiry_month": f"{expiry.month:02}",
                "expiry_year": str(expiry.year),
            },
            scenario=self._scenarios.get(number[12:15]) if _is_scenario(number) else None,
        )
