"""A payment's timeline."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any

from pydantic import Field
from typing_extensions import TypedDict

from ...payments.store import TIMELINE_ENTRIES_MAX, TimelineEntry, TimelineKind
from ...redaction import redact_json, redact_text
from ..documented import MADE_AT, PAID_AT, PAYMENT_ID
from ..shapes import At, timestamp


class MomentJson(TypedDict):
    """An entry of a payment's timeline."""

    at: At
    what: Annotated[str, Field(description="a sentence for people; it may change")]
    kind: TimelineKind
    id: Annotated[str, Field(description="of the operation, the event, the refund, …")]
    data: Annotated[dict[str, Any], Field(description="data of the kind, without secrets")]


class TimelineJson(TypedDict):
    """The timeline of a payment, oldest first."""

    data: list[MomentJson]
    truncated: Annotated[bool, Field(description="there are more entries")]


def timeline_to_json(entries: Sequence[TimelineEntry]) -> TimelineJson:
    """Return the response of ``GET /payments/{id}/timeline``.

    Args:
        entries: The entries in order; one more than ``TIMELINE_ENTRIES_MAX`` if there are more.
    """
    shown = [_entry_to_json(entry) for entry in entries[:TIMELINE_ENTRIES_MAX]]
    return {"data": shown, "truncated": len(entries) > TIMELINE_ENTRIES_MAX}


def _entry_to_json(entry: TimelineEntry) -> MomentJson:
    return {
        "at": timestamp(entry.at),
        "what": redact_text(SENTENCES[entry.kind](entry)),
        "kind": entry.kind,
        "id": entry.id,
        # Redacted again, because an older version or SQL may have stored it.
        "data": redact_json({name: _shown(name, value) for name, value in entry.data.items()}),
    }


def _shown(name: str, value: Any) -> Any:
    is_time = name.endswith("_at") and isinstance(value, str)
    return timestamp(datetime.fromisoformat(value)) if is_time else value


def _call(entry: TimelineEntry) -> str:
    data = entry.data
    answer = data["answer"].get("class", "no response")
    return f"{data['processor']} {data['name']}: {answer} after {data['took_ms']} ms"


def _callback(entry: TimelineEntry) -> str:
    data = entry.data
    reason = f", {data['reason']}" if data["reason"] else ""
    return f"callback of {data['processor']}: {data['effect']}{reason}"


def _decision(entry: TimelineEntry) -> str:
    data = entry.data
    asked = ", ".join(str(each.get("name")) for each in data["said"].get("asked", ()))
    if data["decision"] == "route":
        return f"{data['chosen']} was chosen; routers: {asked}"
    verb = "blocked" if data["chosen"] == "block" else "allowed"
    return f"the payment was {verb}; risk checks: {asked}"


def _operation(entry: TimelineEntry) -> str:
    data = entry.data
    result = data["note"] or data["state"]
    return f"{data['kind']} {entry.id} at {data['processor']}: {result}"


def _delivery(entry: TimelineEntry) -> str:
    return f"{entry.data['event']} is delivered by {entry.data['sink']}"


def _attempt(entry: TimelineEntry) -> str:
    data = entry.data
    result = data["status_code"] or data["error"] or "no response"
    return f"delivery of {data['event']}, attempt {data['ordinal']}: {result}"


def _refund(entry: TimelineEntry) -> str:
    data = entry.data
    return f"refund {entry.id} of {data['amount']} {data['currency']} is {data['status']}"


SENTENCES: Mapping[TimelineKind, Callable[[TimelineEntry], str]] = {
    "plugin_call": _call,
    "callback": _callback,
    "decision": _decision,
    "transition": lambda entry: f"payment is {entry.data['to']}",
    "refund": _refund,
    "operation": _operation,
    "event": lambda entry: f"event {entry.data['type']}",
    "delivery": _delivery,
    "attempt": _attempt,
}
TIMELINE_EXAMPLE: TimelineJson = {
    "data": [
        {
            "at": MADE_AT,
            "what": "payment is pending",
            "kind": "transition",
            "id": f"{PAYMENT_ID}.1",
            "data": {"from": None, "to": "pending", "version": 1},
        },
        {
            "at": MADE_AT,
            "what": "event payment.created",
            "kind": "event",
            "id": "evt_Ab12Cd34Ef56Gh78",
            "data": {"type": "payment.created", "seq": 1},
        },
        {
            "at": PAID_AT,
            "what": "upi_sim query: Approved after 3 ms",
            "kind": "plugin_call",
            "id": "call_7",
            "data": {
                "name": "query",
                "operation_id": "op_Qw12Er34Ty56Ui78",
                "processor": "upi_sim",
                "took_ms": 3,
                "given": {"amount": 50_000, "currency": "INR", "kind": "charge"},
                "answer": {"class": "Approved", "reference": "upi-1", "amount": 50_000},
            },
        },
        {
            "at": PAID_AT,
            "what": "payment is success",
            "kind": "transition",
            "id": f"{PAYMENT_ID}.3",
            "data": {"from": "processing", "to": "success", "version": 3},
        },
    ],
    "truncated": False,
}
