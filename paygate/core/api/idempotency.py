"""Execute a request once per ``Idempotency-Key``."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from hashlib import sha256
from uuid import UUID

from quart import Response, g

from ..accounts.authenticate import confirm_caller
from ..accounts.model import Caller
from ..deps import DeferredNotifications, Deps, run_again_on_conflict
from ..errors import (
    ConflictError,
    IdempotencyInProgressError,
    IdempotencyKeyReusedError,
    NotExecutedError,
)
from ..idempotency import WAIT_MAX, Answer, Keyed, read_key
from .audit_note import audit_note_of_request, documentation_of_request
from .bodies import body_of_request, canonical, write
from .context import current_request, dialect_of_app
from .errors import REASON, answer_to, reason_of

POLL_MIN_S = 0.02
POLL_MAX_S = 0.2
Execute = Callable[[Deps], Awaitable[Answer]]
Refuse = Callable[[ConflictError], Answer]


@dataclass(frozen=True, slots=True)
class Executed:
    """A response, and whether it is a stored one."""

    answer: Answer
    is_replay: bool


async def idempotent(keyed: Keyed, execute: Execute, refuse: Refuse, deps: Deps) -> Executed:
    """Execute the request, or return its stored response.

    The key, the work and its response are one transaction: a process that dies before the
    commit stores nothing; after the commit, the response is stored for the retry.

    Args:
        keyed: The request.
        execute: Executes it with dependencies that write in the transaction and notify
            workers after the commit. It raises ``ConflictError`` before it writes
            anything, or not at all.
        refuse: Turns such an error into a response, which is stored too.
        deps: The app.

    Raises:
        IdempotencyKeyReusedError: The key was used for another request.
        IdempotencyInProgressError: A concurrent request with the key did not end within two
            seconds.
    """
    deadline, pause_s = time.monotonic() + WAIT_MAX.total_seconds(), POLL_MIN_S
    while True:
        # Without the lock: what is stored stays, and many requests may ask for it at once.
        given = await _replay(keyed, deps) or await _try_once(keyed, execute, refuse, deps)
        if given is not None:
            return given
        if time.monotonic() > deadline:
            raise IdempotencyInProgressError
        # Hold no connection while waiting, or the waiting requests would exhaust the pool.
        await asyncio.sleep(pause_s)
        # Many waiting requests must not slow down the request that works.
        pause_s = min(2 * pause_s, POLL_MAX_S)


async def _replay(keyed: Keyed, deps: Deps) -> Executed | None:
    """Return the stored response of the key, if it has one that is not expired.

    Raises:
        IdempotencyKeyReusedError: The key was used for another request.
    """
    before = await deps.storage.idempotency.find(keyed.merchant_id, keyed.key)
    if before is None or before.expires_at <= deps.clock.now():
        return None
    is_same = before.fingerprints & keyed.fingerprints(deps.vault)
    if not is_same and not deps.policy.replay_mismatches:
        raise IdempotencyKeyReusedError
    return Executed(keyed.opened(before.answer, deps.vault), is_replay=True)


@run_again_on_conflict
async def _try_once(keyed: Keyed, execute: Execute, refuse: Refuse, deps: Deps) -> Executed | None:
    notifications = DeferredNotifications()
    async with deps.storage.transaction() as storage:
        if not await storage.idempotency.lock(keyed.merchant_id, keyed.key):
            return None
        bound = replace(deps, storage=storage, notifier=notifications)
        now = deps.clock.now()
        if stored_meanwhile := await _replay(keyed, bound):
            return stored_meanwhile
        try:
            answer = await execute(bound)
        except NotExecutedError:
            raise
        except ConflictError as refusal:
            answer = refuse(refusal)
        keep = deps.policy.retention.idempotency_keys
        stored = keyed.stored(answer, deps.vault, at=now, keep=keep)
        is_stored = await storage.idempotency.save(keyed.merchant_id, keyed.key, stored, at=now)
        if not is_stored:
            # The transaction is rolled back: the response of another request is stored.
            raise IdempotencyInProgressError
        deps.reach("before_commit", "response")
    deps.reach("after_commit", "response")
    notifications.send_all(deps)
    return Executed(answer, is_replay=False)


Do = Callable[[Deps], Awaitable[tuple[object, int]]]


async def once(owner: UUID, deps: Deps, do: Do, *, scope: str = "") -> Response:
    """Execute the current request with ``do``, or return its stored response.

    Args:
        owner: The merchant of the request.
        deps: The app.
        do: Executes it with the given dependencies; returns the body and the
            status.
        scope: Separates keys of shoppers from the merchant's keys.
    """
    keyed = await keyed_of_request(owner, scope=scope)
    note = await audit_note_of_request()

    async def execute(bound: Deps) -> Answer:
        await _confirm(bound)
        shown, status = await do(bound)
        if note is not None:
            await note.record_audit(shown, bound)
        return Answer(status, write(shown))

    if keyed is None:
        is_one = note is not None or dialect_of_app().creates_orders
        answer = await (_in_transaction(execute, deps) if is_one else execute(deps))
        return answer_response(answer)
    return _response(await _idempotent(keyed, execute, deps))


async def changed(deps: Deps, do: Do) -> Response:
    """Execute the request without storing its response, which is shown only once."""
    note = await audit_note_of_request()

    async def execute(bound: Deps) -> Answer:
        await _confirm(bound)
        shown, status = await do(bound)
        if note is not None:
            await note.record_audit(shown, bound)
        return Answer(status, write(shown))

    return answer_response(await _in_transaction(execute, deps))


async def audit_afterwards(shown: object, deps: Deps) -> None:
    """Add the audit entry after a change that has its own transaction."""
    note = await audit_note_of_request()
    if note is not None:
        async with deps.storage.transaction() as storage:
            await note.record_audit(shown, replace(deps, storage=storage))


@run_again_on_conflict
async def _in_transaction(execute: Execute, deps: Deps) -> Answer:
    """Execute with the audit entry, or the order of a payment, in one transaction."""
    notifications = DeferredNotifications()
    async with deps.storage.transaction() as storage:
        answer = await execute(replace(deps, storage=storage, notifier=notifications))
    notifications.send_all(deps)
    return answer


async def _confirm(bound: Deps) -> None:
    """Check the rights of the caller again, in the transaction that changes settings.

    A request that began before the rights were removed must not create a key, a secret or an
    endpoint.
    """
    caller: Caller | None = g.get("caller")
    doc = documentation_of_request()
    if caller is not None and doc.changes_settings:
        await confirm_caller(caller, doc.needs, bound)


async def keyed_of_request(owner: UUID, *, scope: str = "") -> Keyed | None:
    """Return the current request with its idempotency key; None without one.

    Raises:
        InvalidInputError: The key is too long or not printable ASCII.
    """
    key = read_key(current_request().headers.get("Idempotency-Key"))
    return None if key is None else Keyed(owner, _scoped(key, scope), await _content())


def _scoped(key: str, scope: str) -> str:
    # Hashed, because both texts together may exceed the length of a key.
    return f"{scope}:{sha256(key.encode()).hexdigest()}" if scope else key


async def _idempotent(keyed: Keyed, execute: Execute, deps: Deps) -> Executed:
    def refuse(error: ConflictError) -> Answer:
        status, shown = answer_to(error)
        return Answer(status, write(shown), reason_of(error))

    return await idempotent(keyed, execute, refuse, deps)


async def _content() -> bytes:
    """Return the content of the request; white space and the order of fields are ignored.

    So is ``wait``: a client that got no response may repeat its request without waiting.
    """
    asked = current_request()
    query = asked.query_string.decode(errors="replace").split("&")
    kept = "&".join(pair for pair in query if not pair.startswith("wait="))
    return canonical([asked.method, asked.path, kept, await body_of_request()])


def _response(given: Executed) -> Response:
    response = answer_response(given.answer)
    if given.is_replay:
        response.headers["Idempotent-Replayed"] = "true"
    return response


def answer_response(answer: Answer) -> Response:
    """Return the response with these bytes."""
    response = Response(answer.body, status=answer.status, content_type="application/json")
    if answer.reason is not None:
        response.headers[REASON] = answer.reason
    return response
