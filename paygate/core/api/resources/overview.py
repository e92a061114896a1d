"""Figures, workers and the attention list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Literal, NotRequired
from uuid import UUID

from pydantic import BeforeValidator, Field
from quart import Blueprint, Response, request
from typing_extensions import TypedDict

from ...accounts.model import Role
from ...deps import Deps
from ...figures import Figures, QueueCounts, StuckWork, Window, WorkerSeen
from ...overview import overview, release_stuck, resolve_attention, work_in_detail
from ...payments.store import Attention
from ...queue.notifier import Queue
from ...redaction import redact
from ..auth import caller_of_request, merchant_of_request
from ..bodies import body_of_request
from ..context import deps_of_app
from ..documented import MADE_AT, PAID_AT, PAYMENT_ID, Audited, documented
from ..errors import json_response
from ..fields import Body, Reason, Request, checked, message_of, whole
from ..idempotency import changed
from ..shapes import At, Minor, maybe_timestamp, timestamp

OVERVIEW_HOURS_MAX = 720


class AttentionQuery(Request):
    """``GET /attention``."""

    resolved: Literal["true", "false"] = Field("false", description="what was resolved, instead")


class OverviewQuery(Request):
    """``GET /overview``."""

    hours: Annotated[int, BeforeValidator(whole), Field(ge=1, le=OVERVIEW_HOURS_MAX)] = Field(
        24, description="how far back"
    )


ByCurrency = Annotated[
    dict[str, Minor], Field(description="ISO 4217 → minor units", examples=[{"INR": 50000}])
]
Share = Annotated[float | None, Field(ge=0, le=1, description="null where there is nothing")]
Ms = Annotated[float | None, Field(ge=0, description="milliseconds; null where there is nothing")]


class VolumeBucketJson(TypedDict):
    """Payments that were made within one bucket, by how they stand now."""

    at: Annotated[At, Field(description="where the bucket begins")]
    payments: int
    succeeded: int
    failed: int
    amount_minor: Annotated[ByCurrency, Field(description="taken by those that succeeded")]


class MethodShareJson(TypedDict):
    """Payments by one method."""

    method: str
    payments: int
    succeeded: int
    failed: int


class DeclineShareJson(TypedDict):
    """Payments that were declined for one reason."""

    code: str
    payments: int


class LatencyJson(TypedDict):
    """From a payment's making to its first ending, in milliseconds."""

    p50: Ms
    p95: Ms
    p99: Ms
    samples: int


class DeliveryFiguresJson(TypedDict):
    """Webhooks that were made in the window."""

    pending: int
    succeeded: int
    failed: int
    first_try_share: Annotated[Share, Field(description="of those tried, which the first reached")]
    p95_ms: Annotated[Ms, Field(description="from the event to the receiver's yes")]


class RefundFiguresJson(TypedDict):
    """Refunds that were made in the window and did not fail."""

    count: int
    amount_minor: ByCurrency


# ``from`` is a word of Python's, so this one cannot be written as a class.
OverviewJson = TypedDict(
    "OverviewJson",
    {
        "from": At,
        "to": At,
        "bucket_s": Annotated[int, Field(description="how long a bucket is, in seconds")],
        "volume": list[VolumeBucketJson],
        "methods": list[MethodShareJson],
        "declines": list[DeclineShareJson],
        "latency_ms": LatencyJson,
        "deliveries": DeliveryFiguresJson,
        "refunds": RefundFiguresJson,
    },
)


class WorkerShownJson(TypedDict):
    """A process that works."""

    id: str
    kind: str
    started_at: At
    heartbeat_at: At
    is_alive: bool


class QueueFiguresJson(TypedDict):
    """One queue of work."""

    name: Queue
    waiting: Annotated[int, Field(description="to be done, now or later, and held by nobody")]
    due: Annotated[int, Field(description="of the waiting, what could be done now")]
    leased: Annotated[int, Field(description="being done")]
    set_aside: Annotated[int, Field(description="no machine goes on with it")]
    oldest_due_at: At | None


class StuckRowJson(TypedDict):
    """A row that should have been done a minute ago, or was set aside."""

    id: str
    queue: Queue
    state: Literal["overdue", "set_aside"]
    payment_id: str | None
    due_at: At | None
    claims: Annotated[int, Field(description="how often somebody began with it")]
    reason: str


class WorkersJson(TypedDict):
    """Who works, and what work there is."""

    workers: list[WorkerShownJson]
    queues: list[QueueFiguresJson]
    stuck: list[StuckRowJson]


class ReleasedJson(TypedDict):
    """The row is ready again."""

    id: str
    queue: Queue
    due_at: At
    payment_id: NotRequired[str | None]


class ResolveRequest(Request):
    """``POST /attention/{id}/resolve``."""

    note: Reason = Field(min_length=1, description="what you found and did; kept in the history")


class AttentionResolvedJson(TypedDict):
    """When, by whom and with which note an item was resolved; null while it is open."""

    at: At
    by: str
    note: str


class AttentionItemJson(TypedDict):
    """Money that our books and a processor's may see differently."""

    id: Annotated[str, Field(examples=["callback-12"])]
    kind: Literal["conflict", "quarantined", "kept_money"]
    at: At
    processor: str
    payment_id: str | None
    operation_id: str | None
    reason: str | None
    resolved: AttentionResolvedJson | None


class AttentionListJson(TypedDict):
    """What an operator has to look at, or what was resolved, the newest first."""

    data: list[AttentionItemJson]


def parse_is_resolved(query: Mapping[str, str]) -> bool:
    """``?resolved=`` of ``GET /attention``."""
    return checked(AttentionQuery, message_of(query)).resolved == "true"


def parse_overview_hours(query: Mapping[str, str]) -> int:
    """``?hours=`` of ``GET /overview``."""
    return checked(OverviewQuery, message_of(query)).hours


def parse_resolution(body: Body) -> str:
    """``POST /attention/{id}/resolve``: the note."""
    return checked(ResolveRequest, body).note


def overview_to_json(window: Window, figures: Figures) -> OverviewJson:
    """``GET /overview``."""
    return {
        "from": timestamp(window.since),
        "to": timestamp(window.until),
        "bucket_s": int(window.bucket.total_seconds()),
        "volume": [
            {
                "at": timestamp(window.since + row["bucket"] * window.bucket),
                "payments": row["payments"],
                "succeeded": row["succeeded"],
                "failed": row["failed"],
                "amount_minor": row["amount_minor"],
            }
            for row in figures.volume
        ],
        "methods": [MethodShareJson(**row) for row in figures.methods],  # type: ignore[typeddict-item]  # rows of that shape
        "declines": [DeclineShareJson(**row) for row in figures.declines],  # type: ignore[typeddict-item]  # rows of that shape
        "latency_ms": LatencyJson(**figures.latency),  # type: ignore[typeddict-item]  # a row of that shape
        "deliveries": DeliveryFiguresJson(**figures.deliveries),  # type: ignore[typeddict-item]  # a row of that shape
        "refunds": RefundFiguresJson(**figures.refunds),  # type: ignore[typeddict-item]  # a row of that shape
    }


def attention_to_json(found: Sequence[Attention]) -> AttentionListJson:
    """``GET /attention``."""
    return {"data": [attention_item_to_json(each) for each in found]}


def attention_item_to_json(found: Attention) -> AttentionItemJson:
    """One of them."""
    resolved: AttentionResolvedJson | None = None
    if found.resolved_at is not None:
        resolved = {
            "at": timestamp(found.resolved_at),
            "by": found.resolved_by or "",
            "note": found.note or "",
        }
    return {
        "id": found.id,
        "kind": found.kind,
        "at": timestamp(found.at),
        "processor": found.processor,
        "payment_id": found.payment_id,
        "operation_id": found.operation_id,
        "reason": found.reason,
        "resolved": resolved,
    }


def workers_to_json(
    seen: Sequence[WorkerSeen], queues: Sequence[QueueCounts], stuck: Sequence[StuckWork]
) -> WorkersJson:
    """``GET /workers``."""
    return {
        "workers": [
            {
                "id": each.id,
                "kind": each.kind,
                "started_at": timestamp(each.started_at),
                "heartbeat_at": timestamp(each.heartbeat_at),
                "is_alive": each.is_alive,
            }
            for each in seen
        ],
        "queues": [
            {
                "name": each.queue,
                "waiting": each.waiting,
                "due": each.due,
                "leased": each.leased,
                "set_aside": each.set_aside,
                "oldest_due_at": maybe_timestamp(each.oldest_due_at),
            }
            for each in queues
        ],
        "stuck": [
            {
                "id": each.id,
                "queue": each.queue,
                "state": each.state,
                "payment_id": each.payment_id,
                "due_at": maybe_timestamp(each.due_at),
                "claims": each.claims,
                "reason": redact(each.reason),
            }
            for each in stuck
        ],
    }


def released_to_json(row_id: str, queue: Queue, due_at: datetime) -> ReleasedJson:
    """``POST /workers/stuck/{queue}/{id}/release``."""
    return {"id": row_id, "queue": queue, "due_at": timestamp(due_at)}


OVERVIEW_EXAMPLE: OverviewJson = {
    "from": "2026-01-15T10:00:00.000Z",
    "to": PAID_AT,
    "bucket_s": 3600,
    "volume": [
        {
            "at": "2026-01-15T10:00:00.000Z",
            "payments": 3,
            "succeeded": 2,
            "failed": 1,
            "amount_minor": {"INR": 100_000},
        }
    ],
    "methods": [{"method": "upi", "payments": 3, "succeeded": 2, "failed": 1}],
    "declines": [{"code": "insufficient_funds", "payments": 1}],
    "latency_ms": {"p50": 6240.5, "p95": 9410.0, "p99": 9800.1, "samples": 3},
    "deliveries": {
        "pending": 0,
        "succeeded": 9,
        "failed": 0,
        "first_try_share": 1.0,
        "p95_ms": 84.2,
    },
    "refunds": {"count": 1, "amount_minor": {"INR": 20_000}},
}
ATTENTION_ITEM_EXAMPLE: AttentionItemJson = {
    "id": "callback-12",
    "kind": "conflict",
    "at": PAID_AT,
    "processor": "upi_sim",
    "payment_id": PAYMENT_ID,
    "operation_id": "op_Qw12Er34Ty56Ui78",
    "reason": "the charge is succeeded, and now it failed",
    "resolved": None,
}
ATTENTION_EXAMPLE: AttentionListJson = {"data": [ATTENTION_ITEM_EXAMPLE]}
ATTENTION_RESOLVED_EXAMPLE: AttentionItemJson = {
    **ATTENTION_ITEM_EXAMPLE,
    "resolved": {"at": PAID_AT, "by": "op@example.com", "note": "The bank confirmed the charge."},
}
OPERATION_ID = "op_Qw12Er34Ty56Ui78"
WORKERS_EXAMPLE: WorkersJson = {
    "workers": [
        {
            "id": "host-1-4711-a1b2c3",
            "kind": "worker",
            "started_at": MADE_AT,
            "heartbeat_at": PAID_AT,
            "is_alive": True,
        }
    ],
    "queues": [
        {
            "name": "payments",
            "waiting": 2,
            "due": 1,
            "leased": 0,
            "set_aside": 1,
            "oldest_due_at": MADE_AT,
        }
    ],
    "stuck": [
        {
            "id": OPERATION_ID,
            "queue": "payments",
            "state": "set_aside",
            "payment_id": PAYMENT_ID,
            "due_at": MADE_AT,
            "claims": 0,
            "reason": "nobody could say what became of it",
        }
    ],
}
RELEASED_EXAMPLE: ReleasedJson = {"id": OPERATION_ID, "queue": "payments", "due_at": PAID_AT}
ATTENTION_ROWS_MAX = 200


routes = Blueprint("overview", __name__)


async def whose() -> UUID | None:
    """Whose work may be seen: everybody's by operators, else one's own."""
    deps = deps_of_app()
    caller = await caller_of_request(deps)
    return None if caller.is_operator else caller.merchant.id


@routes.get("/overview")
@documented(
    "Sum the last hours up",
    OverviewJson,
    OVERVIEW_EXAMPLE,
    query=OverviewQuery,
    about="Payments are counted when they were made. Buckets begin at whole hours, the last "
    "is still under way: an hour long up to two days back, three hours up to a week, then "
    "twelve.",
)
async def sums() -> Response:
    deps = deps_of_app()
    merchant = await merchant_of_request(deps)
    hours = parse_overview_hours(request.args)
    window, figures = await overview(merchant.id, hours, deps)
    return json_response(overview_to_json(window, figures))


@routes.get("/attention")
@documented(
    "List money that needs attention",
    AttentionListJson,
    ATTENTION_EXAMPLE,
    query=AttentionQuery,
    about="Answers and callbacks that contradict what is settled, callbacks that fit nothing "
    "of ours, and failed payments whose money was not given back: the newest 200 that are "
    "open, those that fit nothing of ours last, or that were resolved. Of all merchants to "
    "operators, to others their own.",
)
async def attention() -> Response:
    deps = deps_of_app()
    owner = await whose()
    items = deps.storage.attention
    find = items.resolved if parse_is_resolved(request.args) else items.open
    return json_response(attention_to_json(await find(owner, limit=ATTENTION_ROWS_MAX)))


@routes.post("/attention/<item_id>/resolve")
@documented(
    "Resolve what needs attention",
    AttentionItemJson,
    ATTENTION_RESOLVED_EXAMPLE,
    needs=Role.SUPPORT,
    needs_operator=True,
    audit=Audited("attention.resolve", shows=("note",)),
    body=ResolveRequest,
    body_examples={"example": {"note": "The bank confirmed the charge."}},
    about="For operators. The item leaves the list and stays in its history. Nothing else "
    "changes: no money moves.",
)
async def resolve(item_id: str) -> Response:
    deps = deps_of_app()
    caller = await caller_of_request(deps)
    note = parse_resolution(await body_of_request())

    async def do(bound: Deps) -> tuple[object, int]:
        item = await resolve_attention(item_id, note, caller, bound)
        return attention_item_to_json(item), 200

    return await changed(deps, do)


@routes.get("/workers")
@documented(
    "Say who works on what",
    WorkersJson,
    WORKERS_EXAMPLE,
    about="The work of all merchants to operators, to others their own.",
)
async def workers() -> Response:
    deps = deps_of_app()
    return json_response(workers_to_json(*await work_in_detail(await whose(), deps)))


@routes.post("/workers/stuck/<queue>/<row_id>/release")
@documented(
    "Make stuck work due again",
    ReleasedJson,
    RELEASED_EXAMPLE,
    needs=Role.SUPPORT,
    audit=Audited("work.release"),
    about="What was set aside is asked of its processor, never told on a guess.",
)
async def release(queue: str, row_id: str) -> Response:
    deps = deps_of_app()
    owner = await whose()

    async def do(bound: Deps) -> tuple[object, int]:
        named, due_at = await release_stuck(queue, row_id, owner, bound)
        return released_to_json(row_id, named, due_at), 200

    return await changed(deps, do)
