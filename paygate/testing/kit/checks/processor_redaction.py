"""Secrets do not appear in any output: the checks follow a marked card number."""

from __future__ import annotations

from dataclasses import replace

from ....core.instrument import Instrument
from ....core.plugin_api.processor import AuthorizeRequest
from ..calls import captured_output, run_async, whole_text
from ..cases import PAN, ProcessorCase, operation
from ..operations import charged
from ..rules import require, rule
from ..stage import Stage, answers, fails_with

CHARS_MIN = 6
"""Shorter values, such as a month or a year, appear by chance."""


@rule(
    "processor.returns_no_secrets",
    why="outcomes, references and states are stored unencrypted and shown in the dashboard",
    remedy="keep at most the last four digits; return nothing from instrument.secret",
)
async def returns_no_secrets(case: ProcessorCase) -> None:
    """Repeats no secret in an outcome, a reference, a state or a wake-up."""
    for ordinal, asked in enumerate(_with_canary(case), 1):
        charge = await charged(case, case.processor(), case.stage(), asked=asked, ordinal=ordinal)
        context = case.stage().call(operation(ordinal))
        await run_async(lambda a=asked, c=context: case.processor().authorize(a, c))  # type: ignore[misc]  # bound at once
        texts = [repr(charge.first.answer), repr(charge.last.answer), repr(context.wake_ups)]
        _require_clean(asked, *texts, where="what it answered")


@rule(
    "processor.logs_no_secrets",
    why="logs are copied to places where card numbers are not allowed",
    remedy="log ids and codes with context.logger, never an instrument or a request body",
)
async def logs_no_secrets(case: ProcessorCase) -> None:
    """Writes no secret to a log or to standard output."""
    for ordinal, asked in enumerate(_with_canary(case), 1):
        for stage in (case.stage(), *_faulty(case)):
            with captured_output() as result:
                await charged(case, case.processor(), stage, asked=asked, ordinal=ordinal)
            _require_clean(asked, repr(stage.log.lines), result.getvalue(), where="its log")


@rule(
    "processor.raises_no_secrets",
    why="messages and causes of exceptions appear in logs and error trackers",
    remedy="raise an exception with a code; use `from None` if the cause contains the request",
)
async def raises_no_secrets(case: ProcessorCase) -> None:
    """Raises no exception that contains a secret, also if requests fail."""
    for ordinal, asked in enumerate(_with_canary(case), 1):
        for stage in (case.stage(), *_faulty(case)):
            charge = await charged(case, case.processor(), stage, asked=asked, ordinal=ordinal)
            errors = whole_text(charge.first.raised) + whole_text(charge.last.raised)
            _require_clean(asked, errors, where="what it raised")


@rule(
    "processor.queries_without_the_secret",
    why="secrets are erased when the charge is decided; queries do not contain them",
    remedy="store what a query needs, and may be stored, in the state",
)
async def queries_without_the_secret(case: ProcessorCase) -> None:
    """Returns the final outcome if it is queried without the secret."""
    asked = case.request()
    charge = await charged(case, case.processor(), case.stage(), asked=asked)
    text = f"{charge.last.raised!r}"
    is_lost = charge.first is not charge.last and charge.last.raised is not None
    require(not is_lost, f"asked without the secret, it raised {text}")


def _with_canary(case: ProcessorCase) -> list[AuthorizeRequest]:
    """Return requests whose secret contains a card number that appears nowhere else."""
    samples = ["approved", *(["declined"] if case.declined is not None else [])]
    return [_sealed(case.request(sample=sample)) for sample in samples]


def _sealed(asked: AuthorizeRequest) -> AuthorizeRequest:
    instrument: Instrument = asked.instrument
    secret = {**(instrument.secret or {}), "kit_canary": PAN}
    return replace(asked, instrument=replace(instrument, secret=secret))


def _faulty(case: ProcessorCase) -> list[Stage]:
    return [case.stage(network) for network in (fails_with("connection"), answers(500, b"no"))]


def _require_clean(asked: AuthorizeRequest, *texts: str, where: str) -> None:
    shown = set(asked.instrument.display.values())
    secret = (asked.instrument.secret or {}).items()
    for name, value in secret:
        if len(value) >= CHARS_MIN and value not in shown:
            require(not any(value in text for text in texts), f"{where} holds the secret's {name}")
