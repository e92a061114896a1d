"""Requests of ``context.http``, and the outcomes after lost responses."""

from __future__ import annotations

from datetime import timedelta

from ....core.errors import NotSentError
from ....core.outcome import Approved, Declined, Outcome
from ..calls import Result, run_async
from ..cases import ProcessorCase, operation
from ..rules import DoesNotApplyError, require, rule
from ..stage import Network, Stage, answers, fails_with

LOST: dict[str, Network] = {
    "a broken connection": fails_with("connection"),
    "a time-out": fails_with("timeout"),
    "a 502": answers(502, b"<html>Bad gateway</html>"),
}
"""Networks that lose the response."""


@rule(
    "processor.does_not_retry",
    why="a second request in one call is a second charge that is not recorded",
    remedy="send once; return Unknown or raise, and the host repeats the call on its schedule",
)
async def does_not_retry(case: ProcessorCase) -> None:
    """Sends a charge once, also if there is no response."""
    for what, network in LOST.items():
        stage, _ = await _authorized(case, network)
        times = _most_repeated(stage)
        require(times <= 1, f"after {what} the same request left {times} times in one call")


@rule(
    "processor.not_sent_only_before_sending",
    why="the host repeats an operation that was not sent: the payer would pay twice",
    remedy="raise NotSentError only before the request, or for HttpError `refused_address` or "
    "`invalid_url`; else return Unknown",
)
async def not_sent_only_before_sending(case: ProcessorCase) -> None:
    """Raises NotSentError only if certainly nothing was sent."""
    for what, network in LOST.items():
        stage, result = await _authorized(case, network)
        is_wrong = isinstance(result.raised, NotSentError) and stage.line.sent
        require(not is_wrong, f"after {what} it raised {result}, although a request was sent")


@rule(
    "processor.decides_nothing_without_a_response",
    why="a successful charge is shown as failed, or a failed one as paid",
    remedy="return Unknown, or do not catch HttpError; the host queries the outcome",
)
async def decides_nothing_without_a_response(case: ProcessorCase) -> None:
    """Returns no definite outcome if there was no response."""
    for what, network in LOST.items():
        _, result = await _authorized(case, network)
        is_made_up = isinstance(result.answer, Approved | Declined)
        require(not is_made_up, f"after {what} it answered {result}")


@rule(
    "processor.approves_no_invalid_response",
    why="a proxy's error page with status 200 would count as a payment",
    remedy="approve only if the response contains the processor's approval",
)
async def approves_no_invalid_response(case: ProcessorCase) -> None:
    """Approves nothing if it cannot parse the response."""
    for body in (b"", b"{}", b"[]", b"null", b"<html>OK</html>", b'{"status":', b"\xff\xfe"):
        _, result = await _authorized(case, answers(200, body))
        is_approved = isinstance(result.answer, Approved)
        require(not is_approved, f"the response was {body!r}, it answered {result}")


@rule(
    "processor.passes_the_deadline_on",
    why="the host stops waiting at the deadline; a later response is lost",
    remedy="send requests with timeout=context.deadline, or less",
)
async def passes_the_deadline_on(case: ProcessorCase) -> None:
    """Gives no request a longer timeout than its own deadline."""
    deadline = timedelta(milliseconds=1500)
    stage, _ = await _authorized(case, case.network, deadline=deadline)
    longest = max((sent.timeout for sent in stage.line.sent), default=timedelta(0))
    require(longest <= deadline, f"it has {deadline}, and gave a request {longest}")


@rule(
    "processor.puts_no_secrets_in_urls",
    why="URLs are written to access logs",
    remedy="send secrets in the body",
)
async def puts_no_secrets_in_urls(case: ProcessorCase) -> None:
    """Adds no part of the payer's secret to a URL."""
    stage = case.stage()
    asked = case.request()
    await run_async(lambda: case.processor().authorize(asked, stage.call(operation(1))))
    if not stage.line.sent:
        raise DoesNotApplyError("no request was sent through context.http")
    secret = [value for value in (asked.instrument.secret or {}).values() if len(value) > 5]
    shown = [sent.url for sent in stage.line.sent if any(value in sent.url for value in secret)]
    require(not shown, f"{len(shown)} addresses hold a part of the secret")


async def _authorized(
    case: ProcessorCase, network: Network | None, *, deadline: timedelta = timedelta(seconds=2)
) -> tuple[Stage, Result[Outcome]]:
    """Authorize one charge on a network of a given kind.

    Raises:
        DoesNotApplyError: It sends no request.
    """
    stage = case.stage(network)
    asked, processor = case.request(), case.processor()
    context = stage.call(operation(1), deadline=deadline)
    result = await run_async(lambda: processor.authorize(asked, context))
    if not stage.line.sent:
        raise DoesNotApplyError("no request was sent through context.http")
    return stage, result


def _most_repeated(stage: Stage) -> int:
    sent = [(each.method, each.url, each.body) for each in stage.line.sent]
    return max(map(sent.count, sent), default=0)
