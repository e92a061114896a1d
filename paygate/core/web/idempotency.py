"""``Idempotency-Key`` on a route that does something."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from hashlib import sha256
from uuid import UUID

from quart import Response, g, request

from ..accounts.authenticate import confirm_caller
from ..accounts.model import Caller
from ..deps import DeferredNotifications, Deps, run_again_on_conflict
from ..errors import ConflictError
from ..idempotency import Answer, read_key
from .body import body_of_request
from .dialect import dialect_of_app
from .errors import answer_to
from .idempotent import Execute, Given, Keyed, idempotent
from .json_bodies import canonical, write
from .noted import note_of_request, stated

Do = Callable[[Deps], Awaitable[tuple[object, int]]]


async def once(owner: UUID, deps: Deps, do: Do, *, scope: str = "") -> Response:
    """Answer the request at hand with ``do``, or with what it was answered before.

    Args:
        owner: The merchant whose request it is.
        deps: The app.
        do: Carries it out with the dependencies it is handed; returns what to
            show and the status.
        scope: Keeps the keys of somebody who is not the merchant apart from theirs.
    """
    key = read_key(request.headers.get("Idempotency-Key"))
    note = await note_of_request()

    async def execute(bound: Deps) -> Answer:
        await _confirm(bound)
        shown, status = await do(bound)
        if note is not None:
            await note.write_down(shown, bound)
        return Answer(status, write(shown))

    if key is None:
        is_one = note is not None or dialect_of_app().creates_orders
        answer = await (_in_transaction(execute, deps) if is_one else execute(deps))
        return _response(Given(answer, is_replay=False))
    keyed = Keyed(owner, _scoped(key, scope), await _content())
    return _response(await _idempotent(keyed, execute, deps))


async def changed(deps: Deps, do: Do) -> Response:
    """The same for what is shown once: its answer is not remembered, whatever the key."""
    note = await note_of_request()

    async def execute(bound: Deps) -> Answer:
        await _confirm(bound)
        shown, status = await do(bound)
        if note is not None:
            await note.write_down(shown, bound)
        return Answer(status, write(shown))

    return _response(Given(await _in_transaction(execute, deps), is_replay=False))


async def written_down(shown: object, deps: Deps) -> None:
    """The line in the audit log of what is no transaction of ours, once it is done."""
    note = await note_of_request()
    if note is not None:
        async with deps.storage.transaction() as storage:
            await note.write_down(shown, replace(deps, storage=storage))


@run_again_on_conflict
async def _in_transaction(execute: Execute, deps: Deps) -> Answer:
    """Together with the line in the audit log, or with the order that a payment makes."""
    notifications = DeferredNotifications()
    async with deps.storage.transaction() as storage:
        answer = await execute(replace(deps, storage=storage, notifier=notifications))
    notifications.send_all(deps)
    return answer


async def _confirm(bound: Deps) -> None:
    """Judge who changes settings once more, in the transaction that changes them.

    A request that began before their right was taken away leaves them none after: no key, no
    secret, no endpoint of their own.
    """
    caller: Caller | None = g.get("caller")
    said = stated()
    if caller is not None and said.changes_settings:
        await confirm_caller(caller, said.needs, bound)


def _scoped(key: str, scope: str) -> str:
    # Hashed: two strings side by side may be longer than a key can be.
    return f"{scope}:{sha256(key.encode()).hexdigest()}" if scope else key


async def _idempotent(keyed: Keyed, execute: Execute, deps: Deps) -> Given:
    def refuse(error: ConflictError) -> Answer:
        status, shown = answer_to(error)
        return Answer(status, write(shown))

    return await idempotent(keyed, execute, refuse, deps)


async def _content() -> bytes:
    """All that the request asks for; white space and the order of fields ask for nothing."""
    asked = [request.method, request.path, request.query_string.decode(errors="replace")]
    return canonical([*asked, await body_of_request()])


def _response(given: Given) -> Response:
    answer = given.answer
    response = Response(answer.body, status=answer.status, content_type="application/json")
    if given.is_replay:
        response.headers["Idempotent-Replayed"] = "true"
    return response
