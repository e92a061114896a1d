"""A sink delivers an event once per call, and returns the result."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import replace
from datetime import timedelta

from ....core.errors import PluginContractError
from ....core.plugin_api.sink import DeliverableEvent, EventSink
from ....core.webhooks.model import DeliveryResult, Endpoint
from ....plugins.checks import check_members, check_requirement, sink_id
from ....plugins.results import checked_result
from ..calls import Result, captured_output, run_async, run_sync, stopped, whole_text
from ..cases import SinkCase, operation
from ..exercises import BODY, SECRET, an_endpoint, an_event, event_body
from ..rules import DoesNotApplyError, require, rule
from ..stage import Network, Stage, answers, fails_with, hangs
from ..world import watching

DEADLINE = timedelta(milliseconds=400)
SLACK_S = 1.0
STEP_S_MAX = 0.2
KINDS = ("timeout", "connection", "tls", "protocol", "refused_address", "invalid_url")


@rule(
    "sink.describes_itself",
    why="the host refuses to start with a sink that has no valid id",
    remedy="give it `info`, a PluginInfo with an id of lower-case letters, digits and underscores",
)
async def describes_itself(case: SinkCase) -> None:
    """Has the members of an EventSink, and an id that can be used in rows and logs."""
    sink = case.sink()
    seen = run_sync(lambda: check_members(sink, EventSink))
    require(seen.raised is None, str(seen.raised))
    check_requirement(case.plugin_id, sink)
    named = run_sync(lambda: sink_id(sink))
    require(named.raised is None, str(named.raised))


@rule(
    "sink.returns_a_result",
    why="the host treats anything else as a failed attempt, and sends the event again",
    remedy="return DeliveryResult(delivered=…, status_code=…, body=…, error=…)",
)
async def returns_a_result(case: SinkCase) -> None:
    """Returns a DeliveryResult, whatever the receiver responds."""
    for network in (case.network, answers(200, b"\0\xff"), answers(503), fails_with("timeout")):
        _, delivered = await _delivered(case, network)
        require(delivered.raised is None, f"deliver ended with {delivered}")
        fits = run_sync(lambda a=delivered.answer: checked_result(a))  # type: ignore[misc]  # bound at once
        require(not isinstance(fits.raised, PluginContractError), f"{fits.raised}: {delivered}")


@rule(
    "sink.reports_confirmed_deliveries",
    why="an event that has arrived is sent again for a day",
    remedy="return delivered=True for every 2xx",
)
async def reports_confirmed_deliveries(case: SinkCase) -> None:
    """Reports a delivery if the receiver confirms it."""
    for status in (200, 201, 202, 204):
        _, result = await _on_line(case, answers(status, b"OK"))
        require(result.delivered, f"a {status} gave {result}")


@rule(
    "sink.reports_redirects_as_failures",
    why="a login page does not confirm a delivery",
    remedy="return delivered=False for 3xx; redirects are not followed",
)
async def reports_redirects_as_failures(case: SinkCase) -> None:
    """Reports no delivery if the receiver redirects."""
    for status in (301, 302, 307, 308):
        _, result = await _on_line(case, answers(status, location="https://elsewhere.example/"))
        require(not result.delivered, f"a {status} gave {result}")


@rule(
    "sink.reports_errors_as_failures",
    why="a rejected event would never be sent again",
    remedy="return delivered=False and the status for everything except 2xx; do not raise",
)
async def reports_errors_as_failures(case: SinkCase) -> None:
    """Reports no delivery, and does not raise, if the receiver rejects the event or fails."""
    for status in (400, 401, 404, 410, 429, 500, 502, 503):
        _, result = await _on_line(case, answers(status, b"no"))
        require(not result.delivered, f"a {status} gave {result}")
        is_reported = result.status_code in {None, status}
        require(is_reported, f"a {status} was reported as {result.status_code}")


@rule(
    "sink.reports_missing_responses",
    why="an exception is less precise than `timeout`: the merchant cannot see what is wrong",
    remedy="catch HttpError and return delivered=False, error=error.kind",
)
async def reports_missing_responses(case: SinkCase) -> None:
    """Reports no delivery and the reason, and does not raise, if there is no response."""
    for kind in KINDS:
        _, result = await _on_line(case, fails_with(kind))
        is_reported = not result.delivered and result.error and result.status_code is None
        require(is_reported, f"a {kind} gave {result}")


@rule(
    "sink.sends_once",
    why="the retry policy decides about attempts; a second request in one call is not recorded",
    remedy="send one request; return its result",
)
async def sends_once(case: SinkCase) -> None:
    """Sends an event once per call, whatever the response is."""
    for network in (case.network, answers(503), fails_with("connection"), fails_with("timeout")):
        stage, _ = await _delivered(case, network)
        if not stage.line.sent:
            raise DoesNotApplyError("no request was sent through context.http")
        times = len(stage.line.sent)
        require(times == 1, f"{times} requests were sent in one call")


@rule(
    "sink.sends_the_exact_body",
    why="receivers verify the exact bytes; a body that is encoded again has a wrong signature",
    remedy="send event.body unchanged",
)
async def sends_the_exact_body(case: SinkCase) -> None:
    """Sends the exact bytes of the event, unless it has a format of its own."""
    if _has_own_format(case):
        raise DoesNotApplyError("only_if_named: it sends another gateway's format")
    stage, _ = await _on_line(case, case.network)
    require(stage.line.sent[0].body == BODY, "the sent bytes differ from the event's")


@rule(
    "sink.sends_the_event_id",
    why="events are delivered at least once; a receiver finds duplicates by the event's id",
    remedy="send event.id in a header, the same for every attempt",
)
async def sends_the_event_id(case: SinkCase) -> None:
    """Sends the event's id, the same for each attempt and after a restart."""
    for sink in (case.sink(), case.sink()):
        for _ in range(2):
            stage, _ = await _on_line(case, case.network, sink=sink)
            id = an_event().id
            require(stage.line.sent[0].holds(id), f"no request contains {id}")


@rule(
    "sink.signs_the_body",
    why="a real signature would be valid for another body",
    remedy="sign the exact bytes that are sent",
)
async def signs_the_body(case: SinkCase) -> None:
    """Signs the body: other bytes have another signature."""
    before = await _signatures(case)
    # Another amount: a sink with a format of its own parses the body.
    after = await _signatures(case, event=an_event(body=event_body(99_999)))
    require(before != after, "another body was sent with the same headers")


@rule(
    "sink.signs_id_and_timestamp",
    why="a recorded delivery could be sent again, or with another id",
    remedy="sign id, timestamp and body together, as Standard Webhooks does",
)
async def signs_id_and_timestamp(case: SinkCase) -> None:
    """Signs the event's id and the timestamp: a change of either changes the signature."""
    if _has_own_format(case):
        raise DoesNotApplyError("only_if_named: the other gateway says what is signed")
    before = await _signatures(case)
    event = an_event()
    others = {
        "another id": await _signatures(case, event=replace(event, id="evt_KIT000000000077")),
        "a later timestamp": await _signatures(case, later=timedelta(minutes=10)),
    }
    for what, after in others.items():
        ids = {event.id, "evt_KIT000000000077"}
        changed = [name for name, value in after.items() if value != before.get(name)]
        # The headers of id and timestamp change too; a signature is another, longer value.
        signed = [n for n in changed if after[n] not in ids and not after[n].isdigit()]
        require(signed, f"with {what} only {changed or 'nothing'} changed")


@rule(
    "sink.reveals_no_secret",
    why="anyone with the merchant's secret can sign events",
    remedy="send only the signature; log neither the secret nor the headers",
)
async def reveals_no_secret(case: SinkCase) -> None:
    """Shows the endpoint's secret in no request, result, log or error."""
    for network in (case.network, answers(500, b"no"), fails_with("timeout")):
        with captured_output() as delivered:
            stage, result = await _delivered(case, network)
        texts = (
            repr(stage.log.lines),
            delivered.getvalue(),
            str(result),
            whole_text(result.raised),
        )
        left = [sent.url for sent in stage.line.sent if sent.holds(SECRET)]
        is_revealed = left or any(SECRET in text for text in texts)
        require(not is_revealed, "the endpoint's secret is visible")


@rule(
    "sink.passes_the_deadline_on",
    why="the host stops waiting at the deadline, and the receiver's connection stays open",
    remedy="send requests with timeout=min(own, context.deadline)",
)
async def passes_the_deadline_on(case: SinkCase) -> None:
    """Gives no request a longer timeout than its own deadline."""
    stage, _ = await _on_line(case, case.network, deadline=DEADLINE)
    longest = max(sent.timeout for sent in stage.line.sent)
    require(longest <= DEADLINE, f"it has {DEADLINE}, and gave a request {longest}")


@rule(
    "sink.keeps_its_deadline",
    why="deliveries to other merchants wait for this one",
    remedy="do not sleep; send requests with a timeout",
)
async def keeps_its_deadline(case: SinkCase) -> None:
    """Returns within its deadline, also if the receiver hangs."""
    for network in (case.network, hangs):
        stage, delivered = await _delivered(case, network, deadline=DEADLINE)
        sent_more = any(sent.timeout > DEADLINE for sent in stage.line.sent)
        require(delivered.is_over or sent_more, f"no answer within {DEADLINE} and a second")


@rule(
    "sink.does_not_block_the_loop",
    why="all deliveries of this process are blocked meanwhile",
    remedy="use await; run long calculations with asyncio.to_thread",
)
async def does_not_block_the_loop(case: SinkCase) -> None:
    """Never blocks the event loop with a sleep or a long calculation."""
    with watching() as watch:
        await _delivered(case, case.network)
    slept = watch.of("sleep")
    require(not slept, f"it called {', '.join(map(str, slept))}")
    steps = [(await _delivered(case, case.network))[1].longest_step_s for _ in range(3)]
    require(min(steps) < STEP_S_MAX, f"one step took {min(steps):.2f} s")


@rule(
    "sink.stops_when_cancelled",
    why="a worker that shuts down waits for it",
    remedy="do not catch CancelledError; clean up in `finally`, and quickly",
)
async def stops_when_cancelled(case: SinkCase) -> None:
    """Ends at once when it is cancelled."""
    stage, sink = case.stage(hangs), case.sink()
    call = sink.deliver(an_event(), an_endpoint(), stage.call(operation(1)))
    task = asyncio.ensure_future(call)
    await asyncio.sleep(0.05)
    require(await stopped(task), "a second after it was cancelled it was still running")


@rule(
    "sink.decides_wants_from_arguments",
    why="it is called while a payment is processed",
    remedy="use only the event's type and the endpoint, and do not raise",
)
async def decides_wants_from_arguments(case: SinkCase) -> None:
    """Returns whether it wants an event: the same boolean each time, for any endpoint."""
    sink = case.sink()
    for endpoint in (an_endpoint(), an_endpoint(None), replace(an_endpoint(), secret=None)):
        for kind in ("payment.success", "refund.created", "some.thing_new"):
            delivered = [run_sync(lambda e=endpoint, k=kind: sink.wants(k, e)) for _ in range(2)]  # type: ignore[misc]  # bound at once
            is_plain = all(each.answer in {True, False} for each in delivered)
            require(is_plain and delivered[0].raised is None, f"{kind} gave {delivered[0]}")
            require(
                delivered[0].answer == delivered[1].answer,
                f"{kind}: {delivered[0]}, then {delivered[1]}",
            )


@rule(
    "sink.handles_a_missing_url",
    why="merchants may remove their URL while events are being delivered",
    remedy="return delivered=False if a required field of the endpoint is None",
)
async def handles_a_missing_url(case: SinkCase) -> None:
    """Does not raise if the endpoint has no URL or no secret, and sends no request then."""
    for endpoint in (an_endpoint(None), replace(an_endpoint(), secret=None)):
        stage, delivered = await _delivered(case, case.network, endpoint=endpoint)
        require(isinstance(delivered.answer, DeliveryResult), f"deliver ended with {delivered}")
        is_sent = any(not sent.url or "None" in sent.url for sent in stage.line.sent)
        require(not is_sent, "it sent a request without a URL")


@rule(
    "sink.does_not_change_arguments",
    why="the next attempt would send the changed event",
    remedy="copy before you change",
)
async def does_not_change_arguments(case: SinkCase) -> None:
    """Does not change the event or the endpoint."""
    event, endpoint = an_event(), an_endpoint()
    before = deepcopy((event, endpoint))
    await _delivered(case, case.network, event=event, endpoint=endpoint)
    require((event, endpoint) == before, "the event or the endpoint has changed")


async def _delivered(
    case: SinkCase,
    network: Network | None,
    *,
    sink: EventSink | None = None,
    event: DeliverableEvent | None = None,
    endpoint: Endpoint | None = None,
    deadline: timedelta = timedelta(seconds=5),
    later: timedelta = timedelta(0),
) -> tuple[Stage, Result[DeliveryResult]]:
    stage, sink = case.stage(network), sink or case.sink()
    stage.clock.at += later
    context = stage.call(operation(1), deadline=deadline)
    given = event or an_event(), endpoint or an_endpoint()
    within_s = deadline.total_seconds() + SLACK_S
    return stage, await run_async(lambda: sink.deliver(*given, context), within_s=within_s)


async def _on_line(
    case: SinkCase, network: Network | None, **given: object
) -> tuple[Stage, DeliveryResult]:
    """Deliver an event with a sink that uses ``context.http``.

    Raises:
        DoesNotApplyError: It sends no request.
        BrokenRuleError: It raised.
    """
    stage, delivered = await _delivered(case, network, **given)  # type: ignore[arg-type]  # as above
    if not stage.line.sent:
        raise DoesNotApplyError("no request was sent through context.http")
    require(isinstance(delivered.answer, DeliveryResult), f"deliver ended with {delivered}")
    assert isinstance(delivered.answer, DeliveryResult)
    return stage, delivered.answer


def _has_own_format(case: SinkCase) -> bool:
    return getattr(case.sink(), "only_if_named", False) is True


async def _signatures(case: SinkCase, **given: object) -> Mapping[str, str]:
    """Return the headers that depend on the endpoint's secret.

    Raises:
        DoesNotApplyError: There are none: it does not sign.
    """
    signed, _ = await _on_line(case, case.network, **given)
    # Another secret and not none: without one, a sink may have to send nothing.
    other = replace(an_endpoint(), secret=SECRET.swapcase())
    differs, _ = await _on_line(case, case.network, **{**given, "endpoint": other})
    usual = differs.line.sent[0].headers
    added = {n: v for n, v in signed.line.sent[0].headers.items() if usual.get(n) != v}
    if not added:
        raise DoesNotApplyError("it does not sign")
    return added
