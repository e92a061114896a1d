"""A sink carries an event once a call, and says what became of it."""

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
from ..calls import Said, overheard, said, stopped, tried, whole_text
from ..cases import SinkCase, operation
from ..exercises import BODY, SECRET, an_endpoint, an_event
from ..rules import DoesNotApplyError, require, rule
from ..stage import Network, Stage, answers, fails_with, hangs
from ..world import watching

DEADLINE = timedelta(milliseconds=400)
SLACK_S = 1.0
STEP_S_MAX = 0.2
KINDS = ("timeout", "connection", "tls", "protocol", "refused_address", "invalid_url")


@rule(
    "sink.describes_itself",
    why="the host refuses at start-up what has no usable name",
    remedy="give it `info`, a PluginInfo with an id of lower-case letters, digits and underscores",
)
async def describes_itself(case: SinkCase) -> None:
    """Has the members of an EventSink, and an id that can stand in rows and logs."""
    sink = case.sink()
    seen = tried(lambda: check_members(sink, EventSink))
    require(seen.raised is None, str(seen.raised))
    check_requirement(case.plugin_id, sink)
    named = tried(lambda: sink_id(sink))
    require(named.raised is None, str(named.raised))


@rule(
    "sink.answers_with_a_result",
    why="the host takes anything else for a failed attempt, and sends again what arrived",
    remedy="return DeliveryResult(delivered=…, status_code=…, body=…, error=…)",
)
async def answers_with_a_result(case: SinkCase) -> None:
    """Answers with a DeliveryResult, whatever the receiver says."""
    for network in (case.network, answers(200, b"\0\xff"), answers(503), fails_with("timeout")):
        _, heard = await _delivered(case, network)
        require(heard.raised is None, f"deliver ended with {heard}")
        fits = tried(lambda a=heard.answer: checked_result(a))  # type: ignore[misc]  # bound at once
        require(not isinstance(fits.raised, PluginContractError), f"{fits.raised}: {heard}")


@rule(
    "sink.believes_a_yes",
    why="an event that arrived is sent again for a day",
    remedy="answer delivered=True for every 2xx",
)
async def believes_a_yes(case: SinkCase) -> None:
    """Says delivered where the receiver confirms it."""
    for status in (200, 201, 202, 204):
        _, result = await _on_line(case, answers(status, b"OK"))
        require(result.delivered, f"a {status} gave {result}")


@rule(
    "sink.believes_no_redirect",
    why="a page that asks to log in confirms nothing",
    remedy="answer delivered=False for 3xx; they are not followed",
)
async def believes_no_redirect(case: SinkCase) -> None:
    """Says not delivered where the receiver points elsewhere."""
    for status in (301, 302, 307, 308):
        _, result = await _on_line(case, answers(status, location="https://elsewhere.example/"))
        require(not result.delivered, f"a {status} gave {result}")


@rule(
    "sink.takes_a_no_for_a_no",
    why="an event that was refused is never sent again",
    remedy="answer delivered=False and the status for everything but 2xx; raise nothing",
)
async def takes_a_no_for_a_no(case: SinkCase) -> None:
    """Says not delivered, and does not raise, where the receiver refuses or fails."""
    for status in (400, 401, 404, 410, 429, 500, 502, 503):
        _, result = await _on_line(case, answers(status, b"no"))
        require(not result.delivered, f"a {status} gave {result}")
        is_said = result.status_code in {None, status}
        require(is_said, f"a {status} was told as {result.status_code}")


@rule(
    "sink.survives_silence",
    why="an exception says less than `timeout`: the merchant cannot see what is wrong",
    remedy="catch HttpError and answer delivered=False, error=error.kind",
)
async def survives_silence(case: SinkCase) -> None:
    """Says not delivered and why, and does not raise, where no answer comes."""
    for kind in KINDS:
        _, result = await _on_line(case, fails_with(kind))
        is_told = not result.delivered and result.error and result.status_code is None
        require(is_told, f"a {kind} gave {result}")


@rule(
    "sink.sends_once",
    why="tries are the retry policy's; two in one call are a copy that nobody has written down",
    remedy="post once; answer what came of it",
)
async def sends_once(case: SinkCase) -> None:
    """Sends an event once in one call, whatever comes back."""
    for network in (case.network, answers(503), fails_with("connection"), fails_with("timeout")):
        stage, _ = await _delivered(case, network)
        if not stage.line.sent:
            raise DoesNotApplyError("nothing left through context.http")
        times = len(stage.line.sent)
        require(times == 1, f"{times} requests left in one call")


@rule(
    "sink.sends_the_exact_body",
    why="receivers verify bytes; one that was written anew fails its signature",
    remedy="send event.body as it is",
)
async def sends_the_exact_body(case: SinkCase) -> None:
    """Sends the very bytes of the event."""
    stage, _ = await _on_line(case, case.network)
    require(stage.line.sent[0].body == BODY, "other bytes left than the event's")


@rule(
    "sink.names_the_event",
    why="deliveries come at least once; a receiver knows a copy by the event's id",
    remedy="send event.id in a header, the same for every attempt",
)
async def names_the_event(case: SinkCase) -> None:
    """Sends the event's id, the same each time and also after a restart."""
    for sink in (case.sink(), case.sink()):
        for _ in range(2):
            stage, _ = await _on_line(case, case.network, sink=sink)
            id = an_event().id
            require(stage.line.sent[0].holds(id), f"nothing that left names {id}")


@rule(
    "sink.signs_the_body",
    why="a real signature under other contents would be believed",
    remedy="sign the exact bytes that are sent",
)
async def signs_the_body(case: SinkCase) -> None:
    """Signs the body: other bytes have another signature."""
    before = await _signatures(case)
    after = await _signatures(case, event=an_event(body=BODY + b" "))
    require(before != after, "another body left with the same headers")


@rule(
    "sink.signs_id_and_moment",
    why="a delivery that was overheard can be sent again, or under another id",
    remedy="sign id, timestamp and body together, as Standard Webhooks does",
)
async def signs_id_and_moment(case: SinkCase) -> None:
    """Signs the event's id and the moment: with either changed, a signature changes."""
    before = await _signatures(case)
    event = an_event()
    others = {
        "another id": await _signatures(case, event=replace(event, id="evt_KIT000000000077")),
        "a later moment": await _signatures(case, later=timedelta(minutes=10)),
    }
    for what, after in others.items():
        told = {event.id, "evt_KIT000000000077"}
        changed = [name for name, value in after.items() if value != before.get(name)]
        # The id's and the moment's own headers change too; a signature is long and neither.
        signed = [n for n in changed if after[n] not in told and not after[n].isdigit()]
        require(signed, f"with {what} only {changed or 'nothing'} changed")


@rule(
    "sink.keeps_the_secret",
    why="whoever has the secret can sign; it is the merchant's",
    remedy="send what is made with it, and log neither it nor the headers",
)
async def keeps_the_secret(case: SinkCase) -> None:
    """Lets the endpoint's secret out neither on the line, nor in its answer, log or error."""
    for network in (case.network, answers(500, b"no"), fails_with("timeout")):
        with overheard() as heard:
            stage, said_ = await _delivered(case, network)
        texts = (repr(stage.log.lines), heard.getvalue(), str(said_), whole_text(said_.raised))
        left = [sent.url for sent in stage.line.sent if sent.holds(SECRET)]
        is_out = left or any(SECRET in text for text in texts)
        require(not is_out, "the endpoint's secret came out")


@rule(
    "sink.hands_the_deadline_on",
    why="the host stops listening at the deadline, and the receiver holds a connection",
    remedy="post with timeout=min(own, context.deadline)",
)
async def hands_the_deadline_on(case: SinkCase) -> None:
    """Gives no request more time than it has itself."""
    stage, _ = await _on_line(case, case.network, deadline=DEADLINE)
    longest = max(sent.timeout for sent in stage.line.sent)
    require(longest <= DEADLINE, f"it has {DEADLINE}, and gave a request {longest}")


@rule(
    "sink.keeps_its_deadline",
    why="other merchants' deliveries wait for this one",
    remedy="do not sleep; post with a timeout",
)
async def keeps_its_deadline(case: SinkCase) -> None:
    """Answers within its deadline, also where the receiver hangs."""
    for network in (case.network, hangs):
        stage, heard = await _delivered(case, network, deadline=DEADLINE)
        sent_more = any(sent.timeout > DEADLINE for sent in stage.line.sent)
        require(heard.is_over or sent_more, f"no answer within {DEADLINE} and a second")


@rule(
    "sink.lets_the_loop_go_on",
    why="every delivery of this process stands still meanwhile",
    remedy="await; give what computes for long to asyncio.to_thread",
)
async def lets_the_loop_go_on(case: SinkCase) -> None:
    """Never holds up the event loop: it does not sleep in it, nor compute for long."""
    with watching() as watch:
        await _delivered(case, case.network)
    slept = watch.of("sleep")
    require(not slept, f"it called {', '.join(map(str, slept))}")
    steps = [(await _delivered(case, case.network))[1].longest_step_s for _ in range(3)]
    require(min(steps) < STEP_S_MAX, f"one step took {min(steps):.2f} s")


@rule(
    "sink.stops_when_told_to",
    why="a worker that shuts down waits for it",
    remedy="let CancelledError through; clean up in `finally`, and be quick about it",
)
async def stops_when_told_to(case: SinkCase) -> None:
    """Ends at once when it is cancelled."""
    stage, sink = case.stage(hangs), case.sink()
    call = sink.deliver(an_event(), an_endpoint(), stage.call(operation(1)))
    task = asyncio.ensure_future(call)
    await asyncio.sleep(0.05)
    require(await stopped(task), "a second after it was cancelled it was still running")


@rule(
    "sink.wants_without_asking",
    why="it is asked in the middle of a payment",
    remedy="decide from the event's type and the endpoint alone, and raise nothing",
)
async def wants_without_asking(case: SinkCase) -> None:
    """Says whether it wants an event: a yes or a no, the same each time, for any endpoint."""
    sink = case.sink()
    for endpoint in (an_endpoint(), an_endpoint(None), replace(an_endpoint(), secret=None)):
        for kind in ("payment.success", "refund.created", "some.thing_new"):
            heard = [tried(lambda e=endpoint, k=kind: sink.wants(k, e)) for _ in range(2)]  # type: ignore[misc]  # bound at once
            is_plain = all(each.answer in {True, False} for each in heard)
            require(is_plain and heard[0].raised is None, f"{kind} gave {heard[0]}")
            require(heard[0].answer == heard[1].answer, f"{kind}: {heard[0]}, then {heard[1]}")


@rule(
    "sink.copes_without_an_address",
    why="merchants take their address back while events are under way",
    remedy="answer delivered=False where what you need of the endpoint is None",
)
async def copes_without_an_address(case: SinkCase) -> None:
    """Does not raise where the endpoint has no address or no secret, and sends to no None."""
    for endpoint in (an_endpoint(None), replace(an_endpoint(), secret=None)):
        stage, heard = await _delivered(case, case.network, endpoint=endpoint)
        require(isinstance(heard.answer, DeliveryResult), f"deliver ended with {heard}")
        is_sent = any(not sent.url or "None" in sent.url for sent in stage.line.sent)
        require(not is_sent, "it posted to no address")


@rule(
    "sink.leaves_its_arguments_alone",
    why="the next attempt sends what this one made of it",
    remedy="copy before you change",
)
async def leaves_its_arguments_alone(case: SinkCase) -> None:
    """Changes nothing of the event or the endpoint."""
    event, endpoint = an_event(), an_endpoint()
    before = deepcopy((event, endpoint))
    await _delivered(case, case.network, event=event, endpoint=endpoint)
    require((event, endpoint) == before, "the event or the endpoint was changed")


async def _delivered(
    case: SinkCase,
    network: Network | None,
    *,
    sink: EventSink | None = None,
    event: DeliverableEvent | None = None,
    endpoint: Endpoint | None = None,
    deadline: timedelta = timedelta(seconds=5),
    later: timedelta = timedelta(0),
) -> tuple[Stage, Said[DeliveryResult]]:
    stage, sink = case.stage(network), sink or case.sink()
    stage.clock.at += later
    context = stage.call(operation(1), deadline=deadline)
    given = event or an_event(), endpoint or an_endpoint()
    within_s = deadline.total_seconds() + SLACK_S
    return stage, await said(lambda: sink.deliver(*given, context), within_s=within_s)


async def _on_line(
    case: SinkCase, network: Network | None, **scene: object
) -> tuple[Stage, DeliveryResult]:
    """A delivery of a sink that uses the line.

    Raises:
        DoesNotApplyError: It does not.
        BrokenRuleError: It raised.
    """
    stage, heard = await _delivered(case, network, **scene)  # type: ignore[arg-type]  # as above
    if not stage.line.sent:
        raise DoesNotApplyError("nothing left through context.http")
    require(isinstance(heard.answer, DeliveryResult), f"deliver ended with {heard}")
    assert isinstance(heard.answer, DeliveryResult)
    return stage, heard.answer


async def _signatures(case: SinkCase, **scene: object) -> Mapping[str, str]:
    """The headers that are there because the endpoint has a secret.

    Raises:
        DoesNotApplyError: There are none: it does not sign.
    """
    signed, _ = await _on_line(case, case.network, **scene)
    bare = replace(an_endpoint(), secret=None)
    plain, _ = await _on_line(case, case.network, **{**scene, "endpoint": bare})
    usual = plain.line.sent[0].headers
    added = {n: v for n, v in signed.line.sent[0].headers.items() if usual.get(n) != v}
    if not added:
        raise DoesNotApplyError("it does not sign")
    return added
