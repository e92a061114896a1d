"""New, replay or conflict: one execution for one key, however often it is asked for."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from uuid import UUID

from ..deps import DeferredNotifications, Deps, run_again_on_conflict
from ..errors import (
    ConflictError,
    IdempotencyInProgressError,
    IdempotencyKeyReusedError,
    NotExecutedError,
)
from ..idempotency import KEPT_FOR, WAIT_MAX, Answer, Remembered

POLL_S = 0.02
PURPOSE = "idempotency"
SEALED = "sealed"
Execute = Callable[[Deps], Awaitable[Answer]]
Refuse = Callable[[ConflictError], Answer]


@dataclass(frozen=True, slots=True)
class Keyed:
    """A request that carries a key.

    Args:
        merchant_id: Whose key it is; another merchant's equal key is another key.
        key: What the caller made up.
        content: All that the request asks for, in one canonical form.
    """

    merchant_id: UUID
    key: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Given:
    """An answer, and whether it was given before."""

    answer: Answer
    is_replay: bool


async def idempotent(keyed: Keyed, execute: Execute, refuse: Refuse, deps: Deps) -> Given:
    """Execute the request, or repeat what it was answered before.

    The key, the work and its answer are one transaction: a process that dies in
    the middle leaves nothing, and one that dies after the commit has left the
    answer for the retry.

    Args:
        keyed: The request.
        execute: Carries it out with the dependencies it is handed, which write
            into the transaction and notify workers when it is committed. It raises
            ``ConflictError`` before it has written anything, or not at all.
        refuse: Turns such a refusal into the answer, which is remembered too.
        deps: The app.

    Raises:
        IdempotencyKeyReusedError: The key was used for another request.
        IdempotencyInProgressError: Its twin did not end within two seconds.
    """
    deadline = time.monotonic() + WAIT_MAX.total_seconds()
    while True:
        given = await _try_once(keyed, execute, refuse, deps)
        if given is not None:
            return given
        if time.monotonic() > deadline:
            raise IdempotencyInProgressError
        # No connection is held meanwhile, or the waiters would empty the pool.
        await asyncio.sleep(POLL_S)


@run_again_on_conflict
async def _try_once(keyed: Keyed, execute: Execute, refuse: Refuse, deps: Deps) -> Given | None:
    notifications = DeferredNotifications()
    async with deps.storage.transaction() as storage:
        if not await storage.idempotency.lock(keyed.merchant_id, keyed.key):
            return None
        fingerprints = frozenset(deps.vault.digests(keyed.content, purpose=PURPOSE))
        before = await storage.idempotency.find(keyed.merchant_id, keyed.key)
        now = deps.clock.now()
        if before is not None and before.expires_at > now:
            if not before.fingerprints & fingerprints and not deps.replay_mismatches:
                raise IdempotencyKeyReusedError
            return Given(opened_answer(before.answer, keyed, deps), is_replay=True)
        try:
            answer = await execute(replace(deps, storage=storage, notifier=notifications))
        except NotExecutedError:
            raise
        except ConflictError as refusal:
            answer = refuse(refusal)
        sealed = sealed_answer(answer, keyed, deps)
        remembered = Remembered(fingerprints, sealed, expires_at=now + KEPT_FOR)
        is_stored = await storage.idempotency.remember(
            keyed.merchant_id, keyed.key, remembered, at=now
        )
        if not is_stored:
            # The work is undone with the transaction: another request's answer stands.
            raise IdempotencyInProgressError
    notifications.send_all(deps)
    return Given(answer, is_replay=False)


def sealed_answer(answer: Answer, keyed: Keyed, deps: Deps) -> Answer:
    """Seal an answer: it may hold a secret that is shown only to whoever asked."""
    sealed = deps.vault.seal({"body": answer.body.decode()}, context=_context(keyed))
    return replace(answer, body=json.dumps({SEALED: sealed}).encode())


def opened_answer(stored: Answer, keyed: Keyed, deps: Deps) -> Answer:
    """Open a stored answer; one that an earlier version stored in clear is returned as it is.

    Raises:
        InfrastructureError: It was sealed with a key that this process does not have.
    """
    if not stored.body.startswith(_SEALED_PREFIX):
        return stored
    sealed = json.loads(stored.body)[SEALED]
    body = deps.vault.open(sealed, context=_context(keyed))["body"]
    return replace(stored, body=body.encode())


_SEALED_PREFIX = b'{"sealed": "v2.'


def _context(keyed: Keyed) -> str:
    return f"idempotency {keyed.merchant_id} {keyed.key}"
