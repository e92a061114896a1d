"""``Idempotency-Key`` on a route that does something."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from quart import Response, request

from ..domain.errors import ConflictError
from ..domain.idempotency import Answer, read_key
from ..domain.merchant import Merchant
from ..services.deps import Deps
from ..services.idempotent import Execute, Given, Keyed, idempotent
from .body import body_of_request
from .errors import answer_to
from .json import canonical, write

Do = Callable[[Deps], Awaitable[tuple[object, int]]]


async def once(merchant: Merchant, deps: Deps, do: Do) -> Response:
    """Answer the request at hand with ``do``, or with what it was answered before.

    Args:
        merchant: Whose request it is.
        deps: The app.
        do: Carries it out with the dependencies it is handed; returns what to
            show and the status.
    """
    key = read_key(request.headers.get("Idempotency-Key"))

    async def execute(bound: Deps) -> Answer:
        shown, status = await do(bound)
        return Answer(status, write(shown))

    if key is None:
        return _response(Given(await execute(deps), is_replay=False))
    keyed = Keyed(merchant.id, key, await _content())
    return _response(await _idempotent(keyed, execute, deps))


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
