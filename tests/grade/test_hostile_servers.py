"""Whatever a server answers becomes a result: no answer ends the command."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from xml.etree import ElementTree

import pytest
from aiohttp import web

from paygate.grade.clauses import CLAUSES
from paygate.grade.gateway import Keys, Target
from paygate.grade.report import GradeReport, Verdict
from paygate.grade.run import GradeOptions, grade

Answer = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]
DEEP = b"[" * 200_000
WRONG_TYPES = {
    "id": "pay_1", "status": "success", "data": [{"id": {}, "status": "success"}], "total": [],
    "attempts": "many", "error": "text", "webhook_url": 5, "webhook_secret": ["x"], "limit": None,
}  # fmt: skip
ODD_TEXTS = {"id": "../../x y\n\u0000", "status": "\ud800\x9b31m", "amount": "\x1b[31m\u202e"}
# Each is tried once before the clauses are checked.
PAIRS_OF_KEYS = ("the merchant's", "another merchant's")
BODIES = {
    "nothing": b"",
    "an array": b"[]",
    "null": b"null",
    "a text": b'"x"',
    "a page": b"<html>\x1b[31m\x00</html>",
    "bytes that are no UTF-8": b'{"id": "\xff"}',
    "deep JSON": DEEP,
    "a number that is too long": b'{"id": "x", "status": "success", "total": ' + b"9" * 5000 + b"}",
    "other types": json.dumps(WRONG_TYPES).encode(),
    "odd texts": json.dumps(ODD_TEXTS).encode(),
    "rows that are no rows": b'{"id": "x", "status": "success", "data": [1, null], "total": 1}',
}


@asynccontextmanager
async def server(answer: Answer) -> AsyncIterator[str]:
    runner = web.ServerRunner(web.Server(answer), shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def graded(answer: Answer) -> GradeReport:
    keys = Keys("with the merchant's keys", "key_hostile", "secret_hostile")
    async with server(answer) as url:
        target = Target(url, keys, Keys("with others", "key_o", "secret_o"), timedelta(seconds=1))
        return await grade(target, GradeOptions(at_once=8))


def fixed(status: int, body: bytes) -> Answer:
    async def answer(_request: web.BaseRequest) -> web.Response:
        return web.Response(status=status, body=body, content_type="application/json")

    return answer


@pytest.mark.parametrize("status", [200, 201])
async def test_no_clause_passes_and_the_report_is_readable_and_short(status: int):
    reports = await asyncio.gather(*(graded(fixed(status, body)) for body in BODIES.values()))

    for name, report in zip(BODIES, reports, strict=True):
        verdicts = {each.clause.id: each.verdict for each in report.results}
        assert len(verdicts) == len(CLAUSES), name
        assert Verdict.PASSED not in verdicts.values(), f"{name}\n{report.as_text()}"
        text = report.as_text()
        assert all(each.isprintable() for each in text.splitlines()), name
        assert max(map(len, text.splitlines())) < 2_000, name
        ElementTree.fromstring(report.as_junit())
        json.dumps(report.as_json()).encode()


async def test_a_redirect_is_not_followed():
    seen: list[str] = []

    async def elsewhere(request: web.BaseRequest) -> web.Response:
        seen.append(request.path)
        return web.Response(status=200)

    async with server(elsewhere) as other:

        async def redirect(_request: web.BaseRequest) -> web.Response:
            return web.Response(status=307, headers={"Location": f"{other}/stolen"})

        report = await graded(redirect)

    assert seen == []
    assert not report.is_right


async def test_a_connection_that_breaks_off_fails_the_clauses():
    keys = iter(PAIRS_OF_KEYS)

    async def break_off(request: web.BaseRequest) -> web.StreamResponse:
        if next(keys, None):
            return web.Response(status=404)
        assert request.transport is not None
        request.transport.close()
        return web.Response()

    report = await graded(break_off)

    verdicts = {each.verdict for each in report.results}
    assert Verdict.PASSED not in verdicts
    assert "there is no answer (connection)" in report.as_text()


async def test_a_server_that_does_not_answer_fails_the_clauses():
    keys = iter(PAIRS_OF_KEYS)

    async def hang(_request: web.BaseRequest) -> web.StreamResponse:
        if not next(keys, None):
            await asyncio.Event().wait()
        return web.Response(status=404)

    report = await graded(hang)

    assert "there is no answer (timeout)" in report.as_text()
