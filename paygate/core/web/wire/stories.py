"""What answers about scenarios, callbacks, reviews and the test clock look like."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from typing_extensions import TypedDict

from .answers import At, Minor, PaymentId, Uuid


class Review(TypedDict):
    """An operation that no machine could decide."""

    id: Annotated[str, Field(examples=["op_T5vX2wYz8AbC1dEf"])]
    payment_id: PaymentId
    kind: str
    amount: Minor
    currency: str
    processor: str
    note: str | None
    since: At


class Reviews(TypedDict):
    """What needs a person, the oldest first."""

    data: list[Review]


class ScenarioListed(TypedDict):
    """What simulated processors can play."""

    name: str
    number: int
    says: str
    methods: list[str]
    vpa: Annotated[str | None, Field(description="an address that plays it")]
    card: Annotated[str | None, Field(description="a card number that plays it")]
    amount: Annotated[int, Field(description="an amount that plays it, where amounts choose")]


class Scenarios(TypedDict):
    """The catalogue."""

    data: list[ScenarioListed]


class ScenarioChosen(TypedDict):
    """What payments play that name nothing."""

    scenario: str | None


class Namespace(TypedDict):
    """A merchant of a test's own."""

    id: Uuid
    name: str
    api_key: str
    api_secret: Annotated[str, Field(description="shown this once")]
    webhook_url: str | None
    webhook_secret: str | None
    scenario: str | None
    created_at: At


class NamespaceRetired(TypedDict):
    """Its keys name nobody any more."""

    id: Uuid
    retired: bool


class CallbackListed(TypedDict):
    """What a processor sent, and what became of it."""

    id: int
    processor: str
    received_at: At
    key: str | None
    operation_id: str | None
    payment_id: str | None
    effect: str
    reason: str | None


class Callbacks(TypedDict):
    """The newest first."""

    data: list[CallbackListed]


class ClockShown(TypedDict):
    """The app's time."""

    now: At
    held: Annotated[bool, Field(description="it stands still until it is moved or released")]
    shift_seconds: Annotated[
        float,
        Field(
            description="how far it runs ahead of the real time, until it is released; 0 "
            "while it shows the real time or stands still"
        ),
    ]


class ClockAdvanced(ClockShown):
    """The app's time after an advance, and what that came to."""

    steps: Annotated[int, Field(description="moments on the way at which work was due", ge=0)]
    idle: Annotated[bool, Field(description="all of that work was done, each at its moment")]
