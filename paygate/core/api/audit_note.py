"""The audit entry of a request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from quart import current_app, g, request

from ..accounts.audit import AuditedAction, actor_of, record_audit
from ..accounts.model import Caller
from ..deps import Deps
from ..limits import ENDPOINT_EVENTS_MAX, URL_CHARS_MAX
from ..origins import ORIGINS_MAX
from .bodies import body_of_request
from .documented import Audited, Documented, find_documented

# The longest lists that a route reads.
LIST_MAX = max(ENDPOINT_EVENTS_MAX, ORIGINS_MAX)


@dataclass(frozen=True, slots=True)
class Note:
    """Who asks for what, known before it is done.

    Args:
        caller: Who.
        audited: What.
        detail: The ids in the path, and what of the body may be shown.
    """

    caller: Caller
    audited: Audited
    detail: Mapping[str, Any]
    ip: str | None

    async def record_audit(self, shown: object, bound: Deps) -> None:
        """Add it to the log; the subject is what was made, or what the path names."""
        named = shown.get("id") if isinstance(shown, Mapping) else None
        in_path = next(iter((request.view_args or {}).values()), None)
        subject = str(named or in_path or self.caller.merchant.id)
        detail = {name: value for name, value in self.detail.items() if value != subject}
        done = AuditedAction(self.audited.action, subject, detail)
        merchant_id = self.caller.merchant.id
        await record_audit(done, actor_of(self.caller), merchant_id, bound, ip=self.ip)


async def audit_note_of_request() -> Note | None:
    """What is to be written down of the request at hand, if anything is.

    Every change, but for orders and payments that keys make all day: those rows tell of it.
    """
    caller: Caller | None = g.get("caller")
    audited = stated().audit
    if caller is None or audited is None:
        return None
    if caller.kind != "user" and audited.of_people_only:
        return None
    # A plugin may read bodies of any kind; what is not told is not read.
    body = await body_of_request() if audited.shows else {}
    shows = {name: body[name] for name in audited.shows if _is_small(body.get(name))}
    return Note(caller, audited, {**(request.view_args or {}), **shows}, request.remote_addr)


def stated() -> Documented:
    """What the route at hand says of itself."""
    view = current_app.view_functions[str(request.endpoint)]
    said = find_documented(view)
    assert said is not None, f"{request.endpoint} does not say what it needs"
    return said


def _is_small(value: object) -> bool:
    """Fields that a route ignores are told as they came: they may be of any size."""
    if isinstance(value, list):
        return len(value) <= LIST_MAX and all(
            isinstance(each, str) and _is_small(each) for each in value
        )
    if isinstance(value, str):
        return len(value) <= URL_CHARS_MAX
    return isinstance(value, int | float)
