"""Figures, workers and items that need attention."""

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
from ...figures import Figures, PaymentTotals, QueueCounts, StuckWork, Window, WorkerInfo
from ...limits import FIGURES_SAMPLE_ROWS
from ...overview import overview, release_stuck, resolve_attention, work_in_detail
from ...payments.store import Attention
from ...queue.notifier import Queue
from ...redaction import redact
from ...webhooks.model import BreakerState
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
    """Query of ``GET /attention``."""

    resolved: Literal["true", "false"] = Field("false", description="true lists resolved items")


class OverviewQuery(Request):
    """Query of ``GET /overview``."""

    hours: Annotated[int, BeforeValidator(whole), Field(ge=1, le=OVERVIEW_HOURS_MAX)] = Field(
        24, description="length of the period"
    )


ByCurrency = Annotated[
    dict[str, Minor], Field(description="ISO 4217 → minor units", examples=[{"INR": 50000}])
]
Share = Annotated[float | None, Field(ge=0, le=1, description="null without data")]
Ms = Annotated[float | None, Field(ge=0, description="milliseconds; null without data")]


class TotalsJson(TypedDict):
    """Totals of a merchant's payments."""

    totalTransactions: int
    totalAmount: Annotated[int, Field(description="captured by successful payments, in paise")]
    successRate: Annotated[int, Field(description="in percent", ge=0, le=100)]


class VolumeBucketJson(TypedDict):
    """Payments that were created within one bucket, by their current status."""

    at: Annotated[At, Field(description="start of the bucket")]
    payments: int
    succeeded: int
    failed: int
    amount_minor: Annotated[ByCurrency, Field(description="captured by successful payments")]


class MethodShareJson(TypedDict):
    """Payments by one method."""

    method: str
    payments: int
    succeeded: int
    failed: int


class DeclineShareJson(TypedDict):
    """Payments that were declined with one code."""

    code: str
    payments: int


class LatencyJson(TypedDict):
    """Time from the creation of payments to their first final status, in milliseconds.

    The newest payments of the period are measured.
    """

    p50: Ms
    p95: Ms
    p99: Ms
    samples: int


class DeliveryFiguresJson(TypedDict):
    """Deliveries that were created in the period."""

    samples: Annotated[
        int, Field(description=f"deliveries counted: at most the newest {FIGURES_SAMPLE_ROWS}")
    ]
    pending: int
    succeeded: int
    failed: int
    first_try_share: Annotated[
        Share,
        Field(description="share of attempted deliveries that succeeded at the first attempt"),
    ]
    p95_ms: Annotated[Ms, Field(description="from the event to the successful response")]


class RefundFiguresJson(TypedDict):
    """Refunds that were created in the period and did not fail."""

    count: int
    amount_minor: ByCurrency


# ``from`` is a keyword of Python, so a class cannot define it.
OverviewJson = TypedDict(
    "OverviewJson",
    {
        "from": At,
        "to": At,
        "bucket_s": Annotated[int, Field(description="length of a bucket in seconds")],
        "volume": list[VolumeBucketJson],
        "methods": list[MethodShareJson],
        "declines": list[DeclineShareJson],
        "latency_ms": LatencyJson,
        "deliveries": DeliveryFiguresJson,
        "refunds": RefundFiguresJson,
    },
)


class WorkerBreakerJson(TypedDict):
    """The breaker of a processor in a worker, if it is not closed."""

    processor: str
    state: BreakerState
    failures: Annotated[int, Field(description="calls in a row without a response")]
    reason: Annotated[str, Field(description="of the last one")]


class WorkerShownJson(TypedDict):
    """A worker process."""

    id: str
    kind: str
    started_at: At
    heartbeat_at: At
    is_alive: bool
    breakers: Annotated[
        list[WorkerBreakerJson],
        Field(description="processors that do not respond to this worker"),
    ]


class QueueFiguresJson(TypedDict):
    """Counts of one queue."""

    name: Queue
    waiting: Annotated[int, Field(description="not claimed, due now or later")]
    due: Annotated[int, Field(description="of the waiting, due now")]
    leased: Annotated[int, Field(description="claimed by a worker")]
    dead_lettered: int
    oldest_due_at: At | None


class StuckRowJson(TypedDict):
    """A row that is overdue by a minute, or dead-lettered."""

    id: str
    queue: Queue
    state: Literal["overdue", "dead_lettered"]
    payment_id: str | None
    due_at: At | None
    claims: Annotated[int, Field(description="number of claims")]
    reason: str


class WorkersJson(TypedDict):
    """The workers and the queues."""

    workers: list[WorkerShownJson]
    queues: list[QueueFiguresJson]
    stuck: list[StuckRowJson]


class ReleasedJson(TypedDict):
    """A row that is due again."""

    id: str
    queue: Queue
    due_at: At
    payment_id: NotRequired[str | None]


class ResolveRequest(Request):
    """Body of ``POST /attention/{id}/resolve``."""

    note: Reason = Field(min_length=1, description="what you found and did; stored in the history")


class AttentionResolvedJson(TypedDict):
    """When, by whom and with which note an item was resolved; null while it is open."""

    at: At
    by: str
    note: str


class AttentionItemJson(TypedDict):
    """A possible difference between paygate's books and a processor's."""

    id: Annotated[str, Field(examples=["callback-12"])]
    kind: Literal["conflict", "quarantined", "kept_money"]
    at: At
    processor: str
    payment_id: str | None
    operation_id: str | None
    reason: str | None
    resolved: AttentionResolvedJson | None


class AttentionListJson(TypedDict):
    """Open or resolved items, the newest first."""

    data: list[AttentionItemJson]


def parse_is_resolved(query: Mapping[str, str]) -> bool:
    """Parse ``?resolved=`` of ``GET /attention``."""
    return checked(AttentionQuery, message_of(query)).resolved == "true"


def parse_overview_hours(query: Mapping[str, str]) -> int:
    """Parse ``?hours=`` of ``GET /overview``."""
    return checked(OverviewQuery, message_of(query)).hours


def parse_resolution(body: Body) -> str:
    """Parse the note of ``POST /attention/{id}/resolve``."""
    return checked(ResolveRequest, body).note


def totals_to_json(totals: PaymentTotals) -> TotalsJson:
    """Return the response of ``GET /payments/stats``."""
    rate = round(totals.succeeded / totals.payments * 100) if totals.payments else 0
    return {
        "totalTransactions": totals.payments,
        "totalAmount": totals.succeeded_minor,
        "successRate": rate,
    }


def overview_to_json(window: Window, figures: Figures) -> OverviewJson:
    """Return the response of ``GET /overview``."""
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
    """Return the response of ``GET /attention``."""
    return {"data": [attention_item_to_json(each) for each in found]}


def attention_item_to_json(found: Attention) -> AttentionItemJson:
    """Return an item."""
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
    seen: Sequence[WorkerInfo], queues: Sequence[QueueCounts], stuck: Sequence[StuckWork]
) -> WorkersJson:
    """Return the response of ``GET /workers``."""
    return {
        "workers": [
            {
                "id": each.id,
                "kind": each.kind,
                "started_at": timestamp(each.started_at),
                "heartbeat_at": timestamp(each.heartbeat_at),
                "is_alive": each.is_alive,
                "breakers": [
                    {
                        "processor": processor,
                        "state": breaker.state,
                        "failures": breaker.failures,
                        "reason": redact(breaker.reason),
                    }
                    for processor, breaker in sorted(each.breakers.items())
                ],
            }
            for each in seen
        ],
        "queues": [
            {
                "name": each.queue,
                "waiting": each.waiting,
                "due": each.due,
                "leased": each.leased,
                "dead_lettered": each.dead_lettered,
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
    """Return the response of ``POST /workers/stuck/{queue}/{id}/release``."""
    return {"id": row_id, "queue": queue, "due_at": timestamp(due_at)}


TOTALS_EXAMPLE: TotalsJson = {"totalTransactions": 12, "totalAmount": 550_000, "successRate": 92}
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
        "samples": 9,
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
    "reason": "the charge is succeeded, but now it failed",
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
            "breakers": [],
        }
    ],
    "queues": [
        {
            "name": "payments",
            "waiting": 2,
            "due": 1,
            "leased": 0,
            "dead_lettered": 1,
            "oldest_due_at": MADE_AT,
        }
    ],
    "stuck": [
        {
            "id": OPERATION_ID,
            "queue": "payments",
            "state": "dead_lettered",
            "payment_id": PAYMENT_ID,
            "due_at": MADE_AT,
            "claims": 0,
            "reason": "the outcome is unknown",
        }
    ],
}
RELEASED_EXAMPLE: ReleasedJson = {"id": OPERATION_ID, "queue": "payments", "due_at": PAID_AT}
ATTENTION_ROWS_MAX = 200


routes = Blueprint("overview", __name__)


async def visible_merchant() -> UUID | None:
    """Return the merchant whose work the caller may see; None for all."""
    deps = deps_of_app()
    caller = await caller_of_request(deps)
    return None if caller.is_operator else caller.merchant.id


@routes.get("/overview")
@documented(
    "Show figures of the last hours",
    OverviewJson,
    OVERVIEW_EXAMPLE,
    query=OverviewQuery,
    about="Payments are counted at their creation. Buckets begin at whole hours, the last "
    "is incomplete. They last one hour for up to two days, three hours for up to a week, then "
    "twelve.",
    operation_id="showOverview",
)
async def sums() -> Response:
    deps = deps_of_app()
    merchant = await merchant_of_request(deps)
    hours = parse_overview_hours(request.args)
    window, figures = await overview(merchant.id, hours, deps)
    return json_response(overview_to_json(window, figures))


@routes.get("/attention")
@documented(
    "List items that need attention",
    AttentionListJson,
    ATTENTION_EXAMPLE,
    query=AttentionQuery,
    about="Outcomes and callbacks that contradict the stored outcome, callbacks that match no "
    "operation, and failed payments whose money was not refunded: the newest 200 that are "
    "open, callbacks without an operation last, or that were resolved. Operators see those of "
    "all merchants, others their own.",
    operation_id="listAttentionItems",
)
async def attention() -> Response:
    deps = deps_of_app()
    owner = await visible_merchant()
    items = deps.storage.attention
    find = items.resolved if parse_is_resolved(request.args) else items.open
    return json_response(attention_to_json(await find(owner, limit=ATTENTION_ROWS_MAX)))


@routes.post("/attention/<item_id>/resolve")
@documented(
    "Resolve an item",
    AttentionItemJson,
    ATTENTION_RESOLVED_EXAMPLE,
    needs=Role.SUPPORT,
    needs_operator=True,
    audit=Audited("attention.resolve", shows=("note",)),
    body=ResolveRequest,
    body_examples={"example": {"note": "The bank confirmed the charge."}},
    about="Operators only. The item moves from the list to its history. Nothing else "
    "changes: no money moves.",
    operation_id="resolveAttentionItem",
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
    "Show workers and queues",
    WorkersJson,
    WORKERS_EXAMPLE,
    about="Operators see the work of all merchants, others their own.",
)
async def workers() -> Response:
    deps = deps_of_app()
    return json_response(workers_to_json(*await work_in_detail(await visible_merchant(), deps)))


@routes.post("/workers/stuck/<queue>/<row_id>/release")
@documented(
    "Release a stuck row",
    ReleasedJson,
    RELEASED_EXAMPLE,
    needs=Role.SUPPORT,
    audit=Audited("work.release"),
    about="Makes the row due now. A dead-lettered operation is queried, and not sent again.",
)
async def release(queue: str, row_id: str) -> Response:
    deps = deps_of_app()
    owner = await visible_merchant()

    async def do(bound: Deps) -> tuple[object, int]:
        named, due_at = await release_stuck(queue, row_id, owner, bound)
        return released_to_json(row_id, named, due_at), 200

    return await changed(deps, do)
