"""What is answered about the default webhook endpoint and about deliveries."""

from __future__ import annotations

from typing import Literal

from typing_extensions import TypedDict

from .answers import At, Uuid


class Delivery(TypedDict):
    """One event to one endpoint."""

    id: Uuid
    event: str
    status: Literal["pending", "success", "failed"]
    attempts: int
    created_at: At
    last_attempt_at: At | None
    next_retry_at: At | None
    response_code: int | None
    response_body: str | None


class DeliveryRetried(TypedDict):
    """The delivery is due again."""

    id: Uuid
    status: Literal["pending"]
    message: str


class EndpointShort(TypedDict):
    """The same once more, for readers of another gateway."""

    url: str | None
    secret: str | None


class Endpoint(TypedDict):
    """Whose webhooks go where, in every shape that clients read it in."""

    id: Uuid
    name: str
    email: str
    api_key: str
    webhook_url: str | None
    webhook_secret: str | None
    created_at: At
    success: bool
    message: str
    data: EndpointShort


class TestEventSent(TypedDict):
    """A test event is on its way."""

    status: Literal["success"]
    message: str
    id: Uuid
    webhook_id: Uuid
    scheduled: bool
    event: str
    attempts: int
    response_code: None
    created_at: At
