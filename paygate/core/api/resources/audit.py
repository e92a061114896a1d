"""The audit log."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field
from quart import Blueprint, Response, request
from typing_extensions import TypedDict

from ...accounts.model import AuditEntry, AuditFilter
from ...limits import ACTION_CHARS_MAX
from ...paging import AUDIT_LIST
from ..auth import caller_of_request
from ..context import deps_of_app
from ..documented import EMAIL, PAID_AT, PAYMENT_ID, USER_ID, documented, example_page
from ..errors import json_response
from ..fields import PageQuery, Text, checked, parse_page
from ..shapes import At, PageJson, page_to_json, timestamp


class AuditQuery(PageQuery):
    """Query of ``GET /audit``."""

    action: Annotated[str, Field(max_length=ACTION_CHARS_MAX)] | None = Field(
        None, description="an action, such as refund.create"
    )
    actor: Text | None = Field(None, description="an id, an e-mail address or a key")
    subject: Text | None = Field(None, description="the id of the resource")


class AuditActorJson(TypedDict):
    """The actor of an entry."""

    kind: Literal["user", "key", "anybody", "system"]
    id: str
    label: str


class AuditEntryJson(TypedDict):
    """An audit entry."""

    id: int
    at: At
    actor: AuditActorJson
    action: Annotated[str, Field(examples=["refund.create"])]
    subject: str
    ip: str | None
    detail: dict[str, Any]


def parse_audit(query: Mapping[str, str]) -> AuditFilter:
    """Parse ``?action=&actor=&subject=`` of ``GET /audit``; an empty one counts as missing."""
    names = ("action", "actor", "subject")
    given = {name: query[name].replace("\0", "") for name in names if query.get(name)}
    asked = checked(AuditQuery, given)
    return AuditFilter(asked.action, asked.actor, asked.subject)


def audit_entry_to_json(entry: AuditEntry) -> AuditEntryJson:
    """Return an audit entry."""
    actor = entry.actor
    assert entry.id is not None, "only stored entries are shown"
    return {
        "id": entry.id,
        "at": timestamp(entry.at),
        "actor": {"kind": actor.kind, "id": actor.id, "label": actor.label},
        "action": entry.action,
        "subject": entry.subject,
        "ip": entry.ip,
        "detail": dict(entry.detail),
    }


AUDIT_ENTRY_EXAMPLE: AuditEntryJson = {
    "id": 1042,
    "at": PAID_AT,
    "actor": {"kind": "user", "id": USER_ID, "label": EMAIL},
    "action": "payment.capture",
    "subject": PAYMENT_ID,
    "ip": "203.0.113.7",
    "detail": {"amount": 20_000},
}


routes = Blueprint("audit", __name__)


@routes.get("/audit")
@documented(
    "List audit entries",
    PageJson[AuditEntryJson],
    example_page(AUDIT_ENTRY_EXAMPLE),
    query=AuditQuery,
    about="Every change by a user or a key, and every refused access, the newest "
    "first. Orders and payments that keys create are not included.",
)
async def index() -> Response:
    deps = deps_of_app()
    caller = await caller_of_request(deps)
    asked = parse_page(request.args, AUDIT_LIST)
    wanted = parse_audit(request.args)
    found = await deps.storage.audit.page(caller.merchant.id, asked, wanted)
    return json_response(page_to_json(found, audit_entry_to_json))
