"""The merchant's commands with a server that is not the API, and with wrong words."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from aiohttp import web
from click.testing import Result
from typer.testing import CliRunner

from paygate.adapters.http.api_client import Access
from paygate.cli.merchant.listen import Listen, listen
from paygate.cli.merchant.trigger import Trigger, trigger
from paygate.cli.verbs import app
from paygate.core.errors import OperatorError

PATIENCE_S = 20
KEY, SECRET = "key_test_1", "secret_of_this_test"
Answer = Callable[[], web.StreamResponse]


@dataclass
class Other:
    """A server, and the requests that it got."""

    url: str = ""
    seen: list[web.BaseRequest] = field(default_factory=list)


@asynccontextmanager
async def server(answer: Answer) -> AsyncIterator[Other]:
    here = Other()

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        here.seen.append(request)
        return answer()

    runner = web.ServerRunner(web.Server(handle))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    here.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield here
    finally:
        await runner.cleanup()


def json_answer() -> web.Response:
    return web.json_response({"id": "pay_1"})


async def list_payments(access: Access) -> None:
    result = await run("payments", "list", access=access)
    if result.exception is not None:
        raise result.exception


async def follow_events(access: Access) -> None:
    await listen(Listen(access, None))


async def make_event(access: Access) -> None:
    await trigger(Trigger(access, "payment.success"))


COMMANDS = pytest.mark.parametrize("command", [list_payments, follow_events, make_event])


async def run(*words: str, access: Access) -> Result:
    command = [*words, "--url", access.url, "--api-key", access.key, "--api-secret", access.secret]
    return await asyncio.to_thread(CliRunner().invoke, app, command)


@COMMANDS
@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_redirect_is_not_followed_with_the_keys(command: Callable, status: int):
    async with server(json_answer) as target:

        def redirect() -> web.Response:
            return web.Response(status=status, headers={"Location": f"{target.url}/elsewhere"})

        async with server(redirect) as moved, asyncio.timeout(PATIENCE_S):
            with pytest.raises(OperatorError, match=f"is not a paygate API: it answered {status}"):
                await command(Access(moved.url, KEY, SECRET))

    assert target.seen == []
    assert len(moved.seen) == 1


@COMMANDS
@pytest.mark.parametrize("body", [b"<html>Welcome", b"\xff\xfe", b""], ids=repr)
async def test_a_server_that_is_not_the_api_is_named(command: Callable, body: bytes):
    def answer() -> web.Response:
        return web.Response(body=body, content_type="text/html", charset="utf-8")

    async with server(answer) as other, asyncio.timeout(PATIENCE_S):
        with pytest.raises(OperatorError, match="is not a paygate API: it answered 200"):
            await command(Access(other.url, KEY, SECRET))


@COMMANDS
async def test_an_error_that_cannot_be_decoded_is_shown_as_far_as_possible(command: Callable):
    async with server(lambda: web.Response(status=502, body=b"bad \xff gate")) as other:
        with pytest.raises(OperatorError, match=r"the API answered 502: bad . gate"):
            await command(Access(other.url, KEY, SECRET))


@COMMANDS
@pytest.mark.parametrize("secret", ["line\nend", "₹"])
async def test_a_secret_that_cannot_be_sent_is_not_shown(command: Callable, secret: str):
    with pytest.raises(OperatorError, match="PAYGATE_API_SECRET") as raised:
        await command(Access("http://127.0.0.1:9", KEY, secret))

    assert "end" not in str(raised.value).replace("line end", "")
    assert SECRET not in repr(Access("http://127.0.0.1:9", KEY, SECRET))


@pytest.mark.parametrize(
    ("words", "path"),
    [
        (("payments", "show"), "/api/v1/payments/..%2Forders%3Fq"),
        (("payments", "timeline"), "/api/v1/payments/..%2Forders%3Fq/timeline"),
        (("refunds", "show"), "/api/v1/refunds/..%2Forders%3Fq"),
        (("deliveries", "resend"), "/api/v1/webhooks/..%2Forders%3Fq/retry"),
    ],
)
async def test_ids_lead_to_no_other_path(words: tuple[str, str], path: str):
    async with server(lambda: web.json_response({"data": []})) as other:
        access = Access(other.url, KEY, SECRET)
        result = await run(*words, "../orders?q", access=access)
        wrong = [await run(*words, id, access=access) for id in ("", ".", "..")]

    assert result.exit_code == 0
    assert [request.raw_path for request in other.seen] == [path]
    assert [each.exit_code for each in wrong] == [2, 2, 2]


@pytest.mark.parametrize("command", ["listen", "chaos"])
@pytest.mark.parametrize("events", ["payment.sucess", "payments.*", "payment"])
async def test_a_filter_that_matches_no_event_is_refused(command: str, events: str):
    options = {"listen": [], "chaos": ["--forward-to", "http://localhost:1", "--check", "true"]}
    access = Access("http://127.0.0.1:9", KEY, SECRET)
    result = await run(command, *options[command], "--events", events, access=access)

    assert isinstance(result.exception, OperatorError)
    assert f"no event is called {events!r}" in str(result.exception)


EVENT = {"event": "payment.success", "timestamp": 1_767_225_600, "data": {"payment_id": "pay_1"}}
STREAM = f"id: 1\nevent: payment.success\nwebhook-id: evt_1\ndata: {json.dumps(EVENT)}\n\n"


@pytest.mark.parametrize("as_json", [False, True])
async def test_only_a_secret_that_the_command_made_is_shown(as_json: bool):
    async with (
        server(lambda: web.Response(body=STREAM.encode(), content_type="text/event-stream")) as api,
        server(web.Response) as shop,
    ):
        access = Access(api.url, KEY, SECRET)
        words = [
            "listen",
            "--forward-to",
            shop.url,
            "--count",
            "1",
            "--events",
            "refund.*, payment.*",
        ]
        words += ["--json"] if as_json else []
        made = await run(*words, access=access)
        given = await run(*words, "--secret", "whsec_of_the_merchant", access=access)

    assert (made.exit_code, given.exit_code) == (0, 0)
    assert made.stderr.startswith("webhook secret: whsec_")
    assert "whsec" not in made.stdout
    assert "whsec" not in given.output
    if as_json:
        assert json.loads(made.stdout)["delivered"] is True
