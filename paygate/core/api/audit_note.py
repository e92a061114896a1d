"""Write the audit entry of a request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from quart import g, request

from ..accounts.audit import AuditedAction, actor_of, record_audit
from ..accounts.model import Caller
from ..deps import Deps
from ..limits import ENDPOINT_EVENTS_MAX, URL_CHARS_MAX
from ..origins import ORIGINS_MAX
from .bodies import body_of_request
from .context import current_app, current_request
from .documented import Audited, Documented, find_documented

# The longest lists in request bodies.
LIST_MAX = max(ENDPOINT_EVENTS_MAX, ORIGINS_MAX)


@dataclass(frozen=True, slots=True)
class Note:
    """The audit entry of a request, prepared before the request is executed.

    Args:
        caller: The caller.
        audited: The audit settings of the route.
        detail: The ids in the path, and the fields of the body that may be logged.
    """

    caller: Caller
    audited: Audited
    detail: Mapping[str, Any]
    ip: str | None

    async def record_audit(self, shown: object, bound: Deps) -> None:
        """Add the entry; its subject is the created resource, or the one in the path."""
        named = shown.get("id") if isinstance(shown, Mapping) else None
        in_path = next(iter((request.view_args or {}).values()), None)
        subject = str(named or in_path or self.caller.merchant.id)
        detail = {name: value for name, value in self.detail.items() if value != subject}
        done = AuditedAction(self.audited.action, subject, detail)
        merchant_id = self.caller.merchant.id
        await record_audit(done, actor_of(self.caller), merchant_id, bound, ip=self.ip)


async def audit_note_of_request() -> Note | None:
    """Return the audit entry of the current request; None if it has none.

    Every change has one, except orders and payments that keys create: those have rows of
    their own.
    """
    caller: Caller | None = g.get("caller")
    audited = documentation_of_request().audit
    if caller is None or audited is None:
        return None
    if caller.kind != "user" and audited.of_people_only:
        return None
    # A plugin's body may be of any kind; read it only if its fields are logged.
    body = await body_of_request() if audited.shows else {}
    shows = {name: body[name] for name in audited.shows if _is_small(body.get(name))}
    return Note(caller, audited, {**(request.view_args or {}), **shows}, request.remote_addr)


def documentation_of_request() -> Documented:
    """Return the documentation of the current route."""
    endpoint = current_request().endpoint
    view = current_app().view_functions[str(endpoint)]
    doc = find_documented(view)
    assert doc is not None, f"{endpoint} has no documented() decorator"
    return doc


def _is_small(value: object) -> bool:
    """Check whether the value is small: fields that a route ignores may have any size."""
    if isinstance(value, list):
        return len(value) <= LIST_MAX and all(
            isinstance(each, str) and _is_small(each) for each in value
        )
    if isinstance(value, str):
        return len(value) <= URL_CHARS_MAX
    return isinstance(value, int | float)
