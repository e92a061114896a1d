"""What leaves through ``context.http``, and what is made of it when nothing comes back."""

from __future__ import annotations

from datetime import timedelta

from ....core.errors import NotSentError
from ....core.outcome import Approved, Declined, Outcome
from ..calls import Said, said
from ..cases import ProcessorCase, operation
from ..rules import DoesNotApplyError, require, rule
from ..stage import Network, Stage, answers, fails_with

_LOST: dict[str, Network] = {
    "a connection that broke": fails_with("connection"),
    "a time-out": fails_with("timeout"),
    "a 502": answers(502, b"<html>Bad gateway</html>"),
}


@rule(
    "processor.does_not_retry",
    why="a second request inside one call is a second charge that nobody has written down",
    remedy="send once; answer Unknown or raise, and let the host ask again on its schedule",
)
async def does_not_retry(case: ProcessorCase) -> None:
    """Sends a charge once, also where no answer comes."""
    for what, network in _LOST.items():
        stage, _ = await _authorized(case, network)
        times = _most_repeated(stage)
        require(times <= 1, f"after {what} the same request left {times} times in one call")


@rule(
    "processor.not_sent_only_before_sending",
    why="the host sends again what was not sent: the payer pays twice",
    remedy="raise NotSentError only before the request, or for HttpError `refused_address` or "
    "`invalid_url`; else answer Unknown",
)
async def not_sent_only_before_sending(case: ProcessorCase) -> None:
    """Says NotSentError only where provably nothing left."""
    for what, network in _LOST.items():
        stage, heard = await _authorized(case, network)
        is_lie = isinstance(heard.raised, NotSentError) and stage.line.sent
        require(not is_lie, f"after {what} it raised {heard}, though a request had left")


@rule(
    "processor.silence_is_not_an_answer",
    why="a charge that went through is shown as failed, or one that did not as paid",
    remedy="answer Unknown, or let HttpError out; the host asks what became of it",
)
async def silence_is_not_an_answer(case: ProcessorCase) -> None:
    """Takes neither a yes nor a no from a line that gave none."""
    for what, network in _LOST.items():
        _, heard = await _authorized(case, network)
        is_made_up = isinstance(heard.answer, Approved | Declined)
        require(not is_made_up, f"after {what} it answered {heard}")


@rule(
    "processor.junk_is_not_a_yes",
    why="a proxy's error page with status 200 would pay for goods",
    remedy="approve only where the answer says so in the processor's own words",
)
async def junk_is_not_a_yes(case: ProcessorCase) -> None:
    """Approves nothing on an answer that it cannot read."""
    for body in (b"", b"{}", b"[]", b"null", b"<html>OK</html>", b'{"status":', b"\xff\xfe"):
        _, heard = await _authorized(case, answers(200, body))
        is_yes = isinstance(heard.answer, Approved)
        require(not is_yes, f"the line said {body!r}, it answered {heard}")


@rule(
    "processor.hands_the_deadline_on",
    why="the host stops listening at the deadline; an answer that comes later is lost",
    remedy="post with timeout=context.deadline, or less",
)
async def hands_the_deadline_on(case: ProcessorCase) -> None:
    """Gives no request more time than it has itself."""
    deadline = timedelta(milliseconds=1500)
    stage, _ = await _authorized(case, case.network, deadline=deadline)
    longest = max((sent.timeout for sent in stage.line.sent), default=timedelta(0))
    require(longest <= deadline, f"it has {deadline}, and gave a request {longest}")


@rule(
    "processor.secrets_stay_out_of_addresses",
    why="addresses stand in the access logs of everyone they pass",
    remedy="send what is sealed in the body",
)
async def secrets_stay_out_of_addresses(case: ProcessorCase) -> None:
    """Puts nothing of the payer's secret into an address."""
    stage = case.stage()
    asked = case.request()
    await said(lambda: case.processor().authorize(asked, stage.call(operation(1))))
    if not stage.line.sent:
        raise DoesNotApplyError("nothing left through context.http")
    secret = [value for value in (asked.instrument.secret or {}).values() if len(value) > 5]
    shown = [sent.url for sent in stage.line.sent if any(value in sent.url for value in secret)]
    require(not shown, f"{len(shown)} addresses hold a part of the secret")


async def _authorized(
    case: ProcessorCase, network: Network | None, *, deadline: timedelta = timedelta(seconds=2)
) -> tuple[Stage, Said[Outcome]]:
    """One call on a line of that kind.

    Raises:
        DoesNotApplyError: It does not use the line.
    """
    stage = case.stage(network)
    asked, processor = case.request(), case.processor()
    context = stage.call(operation(1), deadline=deadline)
    heard = await said(lambda: processor.authorize(asked, context))
    if not stage.line.sent:
        raise DoesNotApplyError("nothing left through context.http")
    return stage, heard


def _most_repeated(stage: Stage) -> int:
    sent = [(each.url, each.body) for each in stage.line.sent]
    return max(map(sent.count, sent), default=0)
