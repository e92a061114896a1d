"""Traces: one for each payment, from the request to its webhooks."""

from __future__ import annotations

import asyncio
import json
import sys
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from multidict import CIMultiDictProxy
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from paygate.adapters.http.client import AiohttpClient
from paygate.adapters.traces.otel import open_traces
from paygate.bootstrap import open_traces as open_configured
from paygate.core.errors import OperatorError
from paygate.core.observe.traced_http import TracedHttp
from paygate.core.observe.traced_work import TracedWork
from paygate.settings import read_settings
from tests.canary.search import contains
from tests.harness.apps import KEYS, TestApp, running_app
from tests.harness.patience import PATIENCE_S

TRACE, CLIENT_SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
FROM_CLIENT = {**KEYS, "traceparent": f"00-{TRACE}-{CLIENT_SPAN}-01"}
NUMBER, CVV, VPA = "4111111111111111", "0864", "marked.payer@paytm"
CARD = {"number": NUMBER, "expiry_month": "12", "expiry_year": "2040", "cvv": CVV}


@dataclass(frozen=True)
class Shown:
    """A span of the file."""

    name: str
    trace: str
    id: str
    parent: str | None
    attributes: Mapping[str, Any]


def spans_in(file: Path) -> Sequence[Shown]:
    found = [json.loads(line) for line in file.read_text().splitlines()]
    return [
        Shown(
            each["name"],
            each["context"]["trace_id"].removeprefix("0x"),
            each["context"]["span_id"].removeprefix("0x"),
            each["parent_id"] and each["parent_id"].removeprefix("0x"),
            each["attributes"],
        )
        for each in found
    ]


@dataclass
class Receiver:
    """A merchant's server.

    Attributes:
        url: Its address.
        heads: The headers of the requests that it received.
        bodies: Their bodies.
    """

    url: str = ""
    heads: list[CIMultiDictProxy[str]] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    found = Receiver()

    async def receive(request: web.Request) -> web.Response:
        found.bodies.append(await request.read())
        found.heads.append(request.headers)
        return web.Response()

    app = web.Application()
    app.router.add_post("/{path:.*}", receive)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    found.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield found
    await runner.cleanup()


@asynccontextmanager
async def traced(database_url: str, tmp_path: Path, receiver: Receiver) -> AsyncIterator[TestApp]:
    environ = {"PAYGATE_TRACES": f"file:{tmp_path / 'spans'}"}
    async with running_app(database_url, tmp_path, environ=environ) as app:
        await app.webhook_url(f"{receiver.url}/hook/secret-path")
        yield app


async def pay(app: TestApp, *, headers: Mapping[str, str] = FROM_CLIENT, **details: Any) -> str:
    """Pay an order, and wait until all is delivered."""
    body = {"order_id": await app.order(), **details}
    answer = await app.call("POST", "/payments", keys=headers, json=body)
    assert answer.status == 201, answer
    payment_id = str(answer.json["id"])
    async with app.working():
        await app.until(payment_id, "success")
        undelivered = "SELECT count(*) FROM webhook_logs WHERE status <> 'success'"
        await app.until_value(0, undelivered)
    return payment_id


async def test_a_payment_is_one_tree_from_the_request_to_its_webhooks(
    database_url: str, tmp_path: Path, receiver: Receiver
):
    async with traced(database_url, tmp_path, receiver) as app:
        payment_id = await pay(app, method="upi", vpa=VPA)
        events = await app.value("SELECT count(*) FROM webhook_logs")
    spans = [span for span in spans_in(tmp_path / "spans") if span.trace == TRACE]
    by_id = {span.id: span for span in spans}

    def way(span: Shown) -> str:
        above = by_id.get(span.parent or "")
        return f"{way(above)} > {span.name}" if above else span.name

    (root,) = [span for span in spans if span.parent not in by_id]
    assert (root.name, root.parent) == ("POST /api/v1/payments", CLIENT_SPAN)
    assert root.attributes["http.response.status_code"] == 201
    ways = Counter(way(span) for span in spans)
    assert ways[f"{root.name} > charge > upi_sim.authorize"] == 1
    sent = [span for span in spans if way(span).endswith(" > webhook_http.deliver > POST")]
    assert all(way(span).startswith(f"{root.name} > deliver payment.") for span in sent)
    workers = [span for span in spans if span.parent == root.id]
    assert {span.attributes["paygate.payment_id"] for span in workers} == {payment_id}
    # Each webhook names the span that sent it.
    assert len(sent) == len(receiver.heads) == events
    assert {head["traceparent"] for head in receiver.heads} == {
        f"00-{TRACE}-{span.id}-01" for span in sent
    }


async def test_spans_have_no_secret_and_nothing_that_a_payer_wrote(
    database_url: str, tmp_path: Path, receiver: Receiver
):
    async with traced(database_url, tmp_path, receiver) as app:
        await pay(app, method="card", card=CARD)
        await pay(app, method="upi", vpa=VPA)
        await app.client.open("/planted", method="PLANTED", headers={"X-Request-Id": "planted"})
        await app.call("GET", "/orders/order_planted?planted=1")
        secret = await app.value("SELECT webhook_secret FROM merchants")
    text = (tmp_path / "spans").read_bytes()

    assert b"card_sim.authorize" in text
    for marked in (NUMBER, CVV, VPA, "marked", "planted", "PLANTED", "secret-path", *KEYS.values()):
        assert not contains(text, marked), marked
    assert not contains(text, str(secret))


async def test_a_trace_that_its_client_does_not_record_goes_on_unrecorded(
    database_url: str, tmp_path: Path, receiver: Receiver
):
    unrecorded = {**KEYS, "traceparent": f"00-{TRACE}-{CLIENT_SPAN}-00"}
    async with traced(database_url, tmp_path, receiver) as app:
        await pay(app, headers=unrecorded, method="upi", vpa=VPA)

    assert [span for span in spans_in(tmp_path / "spans") if span.trace == TRACE] == []
    assert receiver.heads
    for head in receiver.heads:
        assert head["traceparent"].startswith(f"00-{TRACE}-")
        assert head["traceparent"].endswith("-00")


@pytest.mark.parametrize(
    "sent", ["", "junk", f"00-{'0' * 32}-{CLIENT_SPAN}-01", "00-" + "a" * 9999]
)
async def test_a_payment_whose_client_names_no_span_begins_a_trace(
    database_url: str, tmp_path: Path, receiver: Receiver, sent: str
):
    async with traced(database_url, tmp_path, receiver) as app:
        payment_id = await pay(app, headers={**KEYS, "traceparent": sent}, method="upi", vpa=VPA)
        stored = await app.value("SELECT traceparent FROM payments WHERE id = $1", payment_id)
    version, trace, span, _ = stored.split("-")

    (root,) = [each for each in spans_in(tmp_path / "spans") if each.id == span]
    assert (version, root.trace, root.parent) == ("00", trace, None)


async def test_a_plugin_that_sends_its_own_traceparent_keeps_it(tmp_path: Path, receiver: Receiver):
    traces = open_traces(f"file:{tmp_path / 'spans'}", version="1")
    http, own = TracedHttp(AiohttpClient(allow_private=True), traces), {"Traceparent": "own"}
    wait = timedelta(seconds=PATIENCE_S)
    try:
        await http.request("POST", receiver.url, timeout=wait)
        with traces.begin("a call", kind="internal", parent=None, attributes={}):
            await http.request("POST", receiver.url, timeout=wait)
            await http.request("POST", receiver.url, headers=own, timeout=wait)
    finally:
        await http.close()
        traces.close()
    outside, inside, of_plugin = receiver.heads

    assert "traceparent" not in outside
    assert inside["traceparent"].startswith("00-")
    assert of_plugin.getall("traceparent") == ["own"]


async def test_a_span_that_fails_shows_the_class_of_its_error_only(tmp_path: Path):
    traces = open_traces(f"file:{tmp_path / 'spans'}", version="1")
    with (
        pytest.raises(ValueError, match=NUMBER),
        traces.begin("a call", kind="internal", parent=None, attributes={}),
    ):
        raise ValueError(NUMBER)
    traces.close()
    (span,) = spans_in(tmp_path / "spans")

    assert span.attributes["error.type"] == "ValueError"
    assert NUMBER not in (tmp_path / "spans").read_text()


async def test_a_collector_receives_spans_with_the_name_of_the_service(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.url)
    monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=test")
    traces = open_traces("otlp", version="1")
    with traces.begin("a request", kind="server", parent=None, attributes={"a": 1}):
        pass
    await asyncio.to_thread(traces.close)
    (body,) = receiver.bodies
    (resource,) = ExportTraceServiceRequest.FromString(body).resource_spans

    shown = {each.key: each.value.string_value for each in resource.resource.attributes}
    assert shown["service.name"] == "paygate"
    assert shown["deployment.environment.name"] == "test"
    assert [each.name for each in resource.scope_spans[0].spans] == ["a request"]


async def test_without_the_setting_nothing_is_wrapped(app: TestApp):
    deps = app.app.deps
    async with app.working() as worker:
        works = [each._work for each in worker._queue_workers.values()]
    payment_id = await app.paid()

    assert deps.traces is None
    assert isinstance(deps.http, AiohttpClient)
    assert not any(isinstance(work, TracedWork) for work in works)
    assert {type(each).__name__ for each in deps.registry.processors.values()} <= {
        "GuardedProcessor"
    }
    assert await app.value("SELECT traceparent FROM payments WHERE id = $1", payment_id) is None


@pytest.mark.parametrize(
    ("given", "problem"),
    [("jaeger", "PAYGATE_TRACES"), ("file:", "PAYGATE_TRACES"), ("file:/absent/spans", "written")],
)
def test_a_destination_that_does_not_exist_is_refused(given: str, problem: str):
    with pytest.raises(OperatorError, match=problem):
        open_configured(read_settings({"PAYGATE_TRACES": given}))


def test_the_error_names_the_extra_if_the_library_is_not_installed(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    monkeypatch.delitem(sys.modules, "paygate.adapters.traces.otel")

    with pytest.raises(OperatorError, match=r"paygate-framework\[traces\]"):
        open_configured(read_settings({"PAYGATE_TRACES": "otlp"}))
