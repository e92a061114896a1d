"""A payment's timeline."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from pydantic import Field
from typing_extensions import TypedDict

from ...money import Money
from ...payments.store import TIMELINE_ENTRIES_MAX, TimelineEntry, TimelineKind
from ...redaction import redact_json, redact_text
from ..documented import MADE_AT, PAID_AT, PAYMENT_ID
from ..shapes import At, timestamp


class TimelineEntryJson(TypedDict):
    """An entry of a payment's timeline."""

    at: At
    what: Annotated[str, Field(description="a sentence for people; it may change")]
    note: Annotated[str | None, Field(description="details for people; they may change")]
    kind: TimelineKind
    id: Annotated[str, Field(description="of the operation, the event, the refund, …")]
    data: Annotated[dict[str, Any], Field(description="data of the kind, without secrets")]


class TimelineJson(TypedDict):
    """The timeline of a payment, oldest first."""

    data: list[TimelineEntryJson]
    truncated: Annotated[bool, Field(description="there are more entries")]


def timeline_to_json(entries: Sequence[TimelineEntry]) -> TimelineJson:
    """Return the response of ``GET /payments/{id}/timeline``.

    Args:
        entries: The entries in order; one more than ``TIMELINE_ENTRIES_MAX`` if there are more.
    """
    shown = [_entry_to_json(entry) for entry in entries[:TIMELINE_ENTRIES_MAX]]
    return {"data": shown, "truncated": len(entries) > TIMELINE_ENTRIES_MAX}


def _entry_to_json(entry: TimelineEntry) -> TimelineEntryJson:
    sentence = SENTENCES[entry.kind](entry.data)
    return {
        "at": timestamp(entry.at),
        "what": redact_text(sentence.what),
        "note": redact_text(sentence.note) if sentence.note else None,
        "kind": entry.kind,
        "id": entry.id,
        # Redacted again, because an older version or SQL may have stored it.
        "data": redact_json({name: _shown(name, value) for name, value in entry.data.items()}),
    }


def _shown(name: str, value: Any) -> Any:
    is_time = name.endswith("_at") and isinstance(value, str)
    return timestamp(datetime.fromisoformat(value)) if is_time else value


@dataclass(frozen=True, slots=True)
class Sentence:
    """What people read about an entry.

    Args:
        what: A short sentence.
        note: Details in a few words.
    """

    what: str
    note: str | None = None


STATUS_SENTENCES: Mapping[str, str] = {
    "pending": "Payment accepted",
    "processing": "Sent to the processor",
    "unknown": "Outcome unknown; the processor is queried",
    "authorized": "Authorized",
    "capturing": "Capture started",
    "voiding": "Void started",
    "success": "Payment succeeded",
    "failed": "Payment failed",
    "cancelled": "Authorization voided",
}


def _transition(data: Mapping[str, Any]) -> Sentence:
    return Sentence(STATUS_SENTENCES.get(data["to"], f"Payment is {data['to']}"))


_CAPITAL = re.compile(r"(?<!^)(?=[A-Z])")


def _call(data: Mapping[str, Any]) -> Sentence:
    call = "was queried" if data["name"] == "query" else f"was asked to {data['name']}"
    answer = data["answer"]
    # `ActionRequired` as `action required`.
    result = _CAPITAL.sub(" ", answer.get("class", "no response")).lower()
    reason = answer.get("code") or answer.get("reason")
    took = f"{data['took_ms']} ms"
    return Sentence(
        f"{data['processor']} {call}: {result}", f"{reason} · {took}" if reason else took
    )


def _callback(data: Mapping[str, Any]) -> Sentence:
    effect = data["effect"].replace("_", " ")
    return Sentence(f"{data['processor']} sent a callback ({effect})", data["reason"])


def _decision(data: Mapping[str, Any]) -> Sentence:
    if data["decision"] == "failover":
        left, reason = data["details"].get("from"), data["details"].get("reason")
        return Sentence(f"{data['chosen']} takes over from {left}", str(reason))
    plugins = ", ".join(str(each.get("name")) for each in data["details"].get("asked", ()))
    note = f"{plugins} · {data['took_ms']} ms"
    if data["decision"] == "route":
        return Sentence(f"{data['chosen']} was chosen", note)
    is_blocked = data["chosen"] == "block"
    return Sentence("Blocked by a risk check" if is_blocked else "Allowed by the risk checks", note)


def _operation(data: Mapping[str, Any]) -> Sentence:
    state = data["state"].replace("_", " ")
    return Sentence(f"{data['processor']}: {data['kind']} {state}", data["note"])


def _attempt(data: Mapping[str, Any]) -> Sentence:
    status = data["status_code"]
    response = (
        f"your server responded with {status}"
        if status
        else f"no response: {data['error'] or 'timeout'}"
    )
    ordinal = data["ordinal"]
    note = response if ordinal == 1 else f"attempt {ordinal}: {response}"
    return Sentence(f"{data['event']} sent", note)


def _refund(data: Mapping[str, Any]) -> Sentence:
    return Sentence(f"Refund {data['status']}", str(Money(data["amount"], data["currency"])))


SENTENCES: Mapping[TimelineKind, Callable[[Mapping[str, Any]], Sentence]] = {
    "plugin_call": _call,
    "callback": _callback,
    "decision": _decision,
    "transition": _transition,
    "refund": _refund,
    "operation": _operation,
    "event": lambda data: Sentence(data["type"], "event stored"),
    "delivery": lambda data: Sentence(f"{data['event']} is queued", data["sink"]),
    "attempt": _attempt,
}
TIMELINE_EXAMPLE: TimelineJson = {
    "data": [
        {
            "at": MADE_AT,
            "what": "Payment accepted",
            "note": None,
            "kind": "transition",
            "id": f"{PAYMENT_ID}.1",
            "data": {"from": None, "to": "pending", "version": 1},
        },
        {
            "at": MADE_AT,
            "what": "payment.created",
            "note": "event stored",
            "kind": "event",
            "id": "evt_Ab12Cd34Ef56Gh78",
            "data": {"type": "payment.created", "seq": 1, "request_id": "req_Z8xC6vB4nM2kJ0hG"},
        },
        {
            "at": PAID_AT,
            "what": "upi_sim was queried: approved",
            "note": "3 ms",
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
            "what": "Payment succeeded",
            "note": None,
            "kind": "transition",
            "id": f"{PAYMENT_ID}.3",
            "data": {"from": "processing", "to": "success", "version": 3},
        },
    ],
    "truncated": False,
}
