"""The bank: a process with its own records, which misbehaves on request.

An operation arrives at ``/operations`` with a word that selects the behaviour:

==============  ================================================================================
``approve``     execute it, and say so
``decline``     decline it, and say so
``late``        execute it, and say so after a second or two
``lost``        execute it, and break the connection
``junk``        execute it, and answer with something that is not JSON
``hang``        execute it, and do not answer
``unsent``      break the connection without executing it, the first time
``callback``    answer "pending", execute it later, and say so in a callback
``twice``       execute it, say so, and say it again in two callbacks at once
``ask``         ask the payer, who decides at ``/decide``; say what was decided in a callback
==============  ================================================================================

A payer who does not decide in time has declined.

A blind bank executes an operation again if it arrives again, cannot be queried, and sends a
callback about everything that it has executed. A busy bank takes an operation only when it arrives
again, and says so the first time. A callback is repeated until the gateway has acknowledged it; the
book says when. It also says what the bank answered, and when it was queried.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import random
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

SECRET = b"the bank's"
SIGNATURE = "X-Bank-Signature"
LATE_S = (1.0, 2.0)
CALLBACK_AFTER_S = (0.2, 1.5)
CALLBACK_AGAIN_S = 0.5
HANG_S = 60.0
DECIDE_S = 5.0
"""How long the payer may take."""


def sign(body: bytes) -> str:
    """Return the signature of a callback."""
    return hmac.new(SECRET, body, hashlib.sha256).hexdigest()


class Bank:
    """The bank's side of every operation.

    Args:
        book: The file of the book: a line of JSON for each entry.
        apis: The gateway's addresses, for callbacks.
    """

    def __init__(self, book: Path, apis: list[str]) -> None:
        self._book = book.open("a", buffering=1)
        self._apis = apis
        self._executed: dict[str, bool] = {}
        self._seen: set[str] = set()
        self._asking: dict[str, Mapping[str, Any]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._rng = random.Random(7)
        self._session: aiohttp.ClientSession | None = None

    async def operate(self, request: web.Request) -> web.StreamResponse:
        """Execute an operation, and answer as its word says."""
        operation = await request.json()
        word, is_first = operation["word"], operation["operation_id"] not in self._seen
        self._seen.add(operation["operation_id"])
        if is_first and (operation["flow"] == "busy" or word == "unsent"):
            return _refused(operation, request)
        if word == "callback":
            self._later(self._execute_later(operation))
            return web.json_response({"state": "pending"})
        if word == "ask":
            return self._ask(operation)
        approved = self._execute(operation, approved=word != "decline")
        if operation["flow"] == "blind" or word == "twice":
            for _ in range(2 if word == "twice" else 1):
                self._later(
                    self._call_back(operation, approved, self._rng.uniform(*CALLBACK_AFTER_S))
                )
        match word:
            case "late":
                await asyncio.sleep(self._rng.uniform(*LATE_S))
            case "hang":
                await asyncio.sleep(HANG_S)
            case "lost":
                return _broken(request)
            case "junk":
                return web.Response(body=b"<html>]]")
        return self._respond(operation, approved)

    def _ask(self, operation: Mapping[str, Any]) -> web.Response:
        """Ask the payer; an operation that arrives again is asked about once."""
        id = operation["operation_id"]
        if id in self._executed:
            return self._respond(operation, self._executed[id])
        if id not in self._asking:
            self._asking[id] = operation
            self._later(self._decide_after(DECIDE_S, id))
        return web.json_response({"state": "action", "operation_id": id})

    async def decide(self, request: web.Request) -> web.StreamResponse:
        """Take the payer's decision; only the first one counts."""
        approved = (await request.json())["approved"]
        self._decided(request.query["operation"], approved=approved)
        return web.json_response({})

    async def _decide_after(self, seconds: float, id: str) -> None:
        await asyncio.sleep(seconds)
        self._decided(id, approved=False)

    def _decided(self, id: str, *, approved: bool) -> None:
        operation = self._asking.get(id)
        if operation is None or id in self._executed:
            return
        self._execute(operation, approved=approved)
        self._later(self._call_back(operation, approved, self._rng.uniform(*CALLBACK_AFTER_S)))

    async def query(self, request: web.Request) -> web.StreamResponse:
        """Say what became of an operation."""
        operation = await request.json()
        approved = self._executed.get(operation["operation_id"])
        if approved is None and operation["operation_id"] in self._asking:
            return self._ask(operation)
        if approved is None:
            is_seen = operation["operation_id"] in self._seen and operation["word"] == "callback"
            return web.json_response({"state": "pending" if is_seen else "unknown"})
        return self._respond(operation, approved)

    def _respond(self, operation: Mapping[str, Any], approved: bool) -> web.Response:
        self._write("sent", operation, approved)
        return web.json_response(_result(operation, approved))

    def _execute(self, operation: Mapping[str, Any], *, approved: bool) -> bool:
        id = operation["operation_id"]
        if operation["flow"] != "blind" and id in self._executed:
            return self._executed[id]
        self._executed[id] = approved
        self._write("executed", operation, approved)
        return approved

    async def _execute_later(self, operation: Mapping[str, Any]) -> None:
        await asyncio.sleep(self._rng.uniform(*CALLBACK_AFTER_S))
        if operation["flow"] != "blind" and operation["operation_id"] in self._executed:
            return
        self._execute(operation, approved=True)
        await self._call_back(operation, True, 0.0)

    async def _call_back(
        self, operation: Mapping[str, Any], approved: bool, after_s: float
    ) -> None:
        await asyncio.sleep(after_s)
        content = {**_result(operation, approved), "id": f"{operation['operation_id']}:{approved}"}
        body = json.dumps(content).encode()
        headers = {SIGNATURE: sign(body), "Content-Type": "application/json"}
        while True:
            url = f"{self._rng.choice(self._apis)}/api/v1/callbacks/bank_{operation['flow']}"
            status = await self._post(url, body, headers)
            if status is not None and 200 <= status < 300:
                self._write("acknowledged", operation, approved)
                return
            if status is not None and status >= 500 and status != 503:
                self._write(f"answered {status}", operation, approved)
            await asyncio.sleep(CALLBACK_AGAIN_S)

    async def _post(self, url: str, body: bytes, headers: Mapping[str, str]) -> int | None:
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10))
        try:
            async with self._session.post(url, data=body, headers=headers) as response:
                await response.read()
                return response.status
        except (aiohttp.ClientError, TimeoutError):
            return None

    def _later(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _write(self, what: str, operation: Mapping[str, Any], approved: bool) -> None:
        entry = {name: operation[name] for name in ("operation_id", "payment_id", "kind", "amount")}
        print(json.dumps({"what": what, "approved": approved, **entry}), file=self._book)


def _result(operation: Mapping[str, Any], approved: bool) -> dict[str, Any]:
    names = ("operation_id", "amount", "currency")
    return {"state": "approved" if approved else "declined", **{n: operation[n] for n in names}}


def _refused(operation: Mapping[str, Any], request: web.Request) -> web.StreamResponse:
    """Take no operation: a busy bank says so, another one breaks the connection."""
    if operation["flow"] == "busy":
        return web.json_response({"state": "busy"})
    return _broken(request)


def _broken(request: web.Request) -> web.StreamResponse:
    """Break the connection."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)


async def _serve(port: int, book: Path, apis: list[str]) -> None:
    bank = Bank(book, apis)
    app = web.Application()
    app.add_routes(
        [
            web.post("/operations", bank.operate),
            web.post("/query", bank.query),
            web.post("/decide", bank.decide),
        ]
    )
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    # It ends with the process that started it.
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:]))
