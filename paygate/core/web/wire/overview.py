"""What the overview, the plugins and the workers look like on the wire."""

from __future__ import annotations

from typing import Annotated, Any, Literal, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from ...queue.notifier import Queue
from .answers import At, Minor
from .request_bodies import Reason, Request

ByCurrency = Annotated[
    dict[str, Minor], Field(description="ISO 4217 → minor units", examples=[{"INR": 50000}])
]
Share = Annotated[float | None, Field(ge=0, le=1, description="null where there is nothing")]
Ms = Annotated[float | None, Field(ge=0, description="milliseconds; null where there is nothing")]
Source = Literal["environment", "stored", "default"]


class VolumeBucket(TypedDict):
    """Payments that were made within one bucket, by how they stand now."""

    at: Annotated[At, Field(description="where the bucket begins")]
    payments: int
    succeeded: int
    failed: int
    amount_minor: Annotated[ByCurrency, Field(description="taken by those that succeeded")]


class MethodShare(TypedDict):
    """Payments by one method."""

    method: str
    payments: int
    succeeded: int
    failed: int


class DeclineShare(TypedDict):
    """Payments that were declined for one reason."""

    code: str
    payments: int


class Latency(TypedDict):
    """From a payment's making to its first ending, in milliseconds."""

    p50: Ms
    p95: Ms
    p99: Ms
    samples: int


class DeliveryFigures(TypedDict):
    """Webhooks that were made in the window."""

    pending: int
    succeeded: int
    failed: int
    first_try_share: Annotated[Share, Field(description="of those tried, which the first reached")]
    p95_ms: Annotated[Ms, Field(description="from the event to the receiver's yes")]


class RefundFigures(TypedDict):
    """Refunds that were made in the window and did not fail."""

    count: int
    amount_minor: ByCurrency


# ``from`` is a word of Python's, so this one cannot be written as a class.
Overview = TypedDict(
    "Overview",
    {
        "from": At,
        "to": At,
        "bucket_s": Annotated[int, Field(description="how long a bucket is, in seconds")],
        "volume": list[VolumeBucket],
        "methods": list[MethodShare],
        "declines": list[DeclineShare],
        "latency_ms": Latency,
        "deliveries": DeliveryFigures,
        "refunds": RefundFigures,
    },
)


class MethodOffer(TypedDict):
    """A payment method that a plugin offers."""

    code: str
    label: str
    flows: list[str]


class ProcessorCapabilities(TypedDict):
    """What a processor can do."""

    methods: Annotated[dict[str, list[str]], Field(description="method → flows")]
    currencies: Annotated[list[str], Field(description="empty for all")]
    capture: str
    void: bool
    refund: str
    query: bool
    callbacks: bool
    amount_minor_min: int
    amount_minor_max: int | None


class ProcessorOffer(TypedDict):
    """A processor that a plugin offers."""

    id: str
    capabilities: ProcessorCapabilities


class SinkOffer(TypedDict):
    """What carries events out."""

    id: str


class RetryPolicyOffer(TypedDict):
    """What decides about repeats."""

    name: str
    applies_to: list[str]


class Offers(TypedDict):
    """What a plugin offers."""

    methods: list[MethodOffer]
    processors: list[ProcessorOffer]
    sinks: list[SinkOffer]
    retry_policies: list[RetryPolicyOffer]
    scenarios: Annotated[list[str], Field(description="names of scenarios")]
    routers: list[str]
    risk_checks: list[str]
    routes: list[str]
    commands: list[str]
    panels: list[str]


class PluginHealth(TypedDict):
    """How the calls of its processors went in the last 24 hours."""

    calls: int
    unknown: Annotated[int, Field(description="answered with Unknown, which nobody can act on")]
    errors: Annotated[int, Field(description="said that the request never left")]
    p50_ms: Ms
    p95_ms: Ms
    last_error: str | None
    last_error_at: At | None


class PluginConfig(TypedDict):
    """A plugin's settings, as a process that starts now would read them."""

    schema: Annotated[dict[str, Any], Field(description="JSON Schema of the values")]
    values: Annotated[dict[str, Any], Field(description="by field, without secrets")]
    source: Annotated[dict[str, Source], Field(description="by field, secrets too")]
    pending: Annotated[bool, Field(description="the process that answers runs with others")]


class Plugin(TypedDict):
    """A plugin that is installed here."""

    id: str
    version: str
    distribution: str | None
    offers: Offers
    health: PluginHealth
    config: Annotated[PluginConfig | None, Field(description="null where nothing can be set")]


class Plugins(TypedDict):
    """Every plugin, the built-in one first."""

    data: list[Plugin]


class WorkerShown(TypedDict):
    """A process that works."""

    id: str
    kind: str
    started_at: At
    heartbeat_at: At
    is_alive: bool


class QueueFigures(TypedDict):
    """One queue of work."""

    name: Queue
    waiting: Annotated[int, Field(description="to be done, now or later, and held by nobody")]
    due: Annotated[int, Field(description="of the waiting, what could be done now")]
    leased: Annotated[int, Field(description="being done")]
    set_aside: Annotated[int, Field(description="no machine goes on with it")]
    oldest_due_at: At | None


class StuckRow(TypedDict):
    """A row that should have been done a minute ago, or was set aside."""

    id: str
    queue: Queue
    state: Literal["overdue", "set_aside"]
    payment_id: str | None
    due_at: At | None
    claims: Annotated[int, Field(description="how often somebody began with it")]
    reason: str


class Workers(TypedDict):
    """Who works, and what work there is."""

    workers: list[WorkerShown]
    queues: list[QueueFigures]
    stuck: list[StuckRow]


class Released(TypedDict):
    """The row is ready again."""

    id: str
    queue: Queue
    due_at: At
    payment_id: NotRequired[str | None]


class ResolveRequest(Request):
    """``POST /attention/{id}/resolve``."""

    note: Reason = Field(min_length=1, description="what you found and did; kept in the history")


class AttentionResolved(TypedDict):
    """When, by whom and with which note an item was resolved; null while it is open."""

    at: At
    by: str
    note: str


class AttentionItem(TypedDict):
    """Money that our books and a processor's may see differently."""

    id: Annotated[str, Field(examples=["callback-12"])]
    kind: Literal["conflict", "quarantined", "kept_money"]
    at: At
    processor: str
    payment_id: str | None
    operation_id: str | None
    reason: str | None
    resolved: AttentionResolved | None


class AttentionList(TypedDict):
    """What an operator has to look at, or what was resolved, the newest first."""

    data: list[AttentionItem]
