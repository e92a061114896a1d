"""Who did what."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from tortoise.expressions import Q

from ....core.accounts.model import Actor, AuditEntry, AuditFilter
from ....core.records import Page
from .. import mapping
from ..database import Executor
from ..models.accounts import AuditRow
from ..statements import accounts as sql


@dataclass(frozen=True, slots=True)
class PostgresAudit:
    """See ``AuditRepository``."""

    executor: Executor

    async def add(self, entry: AuditEntry) -> None:
        """See ``AuditRepository.add``."""
        await self.executor.fetch(
            sql.ADD_AUDIT,
            entry.merchant_id,
            entry.at,
            entry.actor.kind,
            entry.actor.id,
            entry.actor.label,
            entry.action,
            entry.subject,
            entry.ip,
            json.dumps(dict(entry.detail)),
        )

    async def page(
        self, merchant_id: UUID, wanted: AuditFilter, *, limit: int, offset: int
    ) -> Page[AuditEntry]:
        """See ``AuditRepository.page``."""
        with self.executor.models() as db:
            query = AuditRow.filter(_condition(merchant_id, wanted)).using_db(db)
            total = await query.count()
            rows = await query.order_by("-id").limit(limit).offset(offset).values()
        return Page([_entry_of(row) for row in rows], total, limit, offset)


ACTOR_ID_CHARS_MAX = 64


def _condition(merchant_id: UUID, wanted: AuditFilter) -> Q:
    condition = Q(merchant_id=merchant_id)
    if wanted.action:
        condition &= Q(action=wanted.action)
    if wanted.actor:
        named = Q(actor_label=wanted.actor)
        # An address may be longer than any id, and than what its column is asked for.
        if len(wanted.actor) <= ACTOR_ID_CHARS_MAX:
            named |= Q(actor_id=wanted.actor)
        condition &= named
    if wanted.subject:
        condition &= Q(subject=wanted.subject)
    return condition


def _entry_of(row: Mapping[str, Any]) -> AuditEntry:
    return AuditEntry(
        merchant_id=mapping.uuid(row["merchant_id"]),
        at=row["at"],
        actor=Actor(row["actor_kind"], row["actor_id"], row["actor_label"]),
        action=row["action"],
        subject=row["subject"],
        ip=row["ip"],
        detail=mapping.decoded(row["detail"]),
        id=row["id"],
    )
