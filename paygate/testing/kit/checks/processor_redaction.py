"""What is sealed comes out nowhere: a canary card number is followed."""

from __future__ import annotations

from dataclasses import replace

from ....core.instrument import Instrument
from ....core.plugin_api.processor import AuthorizeRequest
from ..calls import overheard, said, whole_text
from ..cases import PAN, ProcessorCase, operation
from ..rules import require, rule
from ..scenes import charged
from ..stage import Stage, answers, fails_with

CHARS_MIN = 6
"""Shorter values, a month or a year, are found in many places by chance."""


@rule(
    "processor.answers_without_secrets",
    why="outcomes, references and states are stored in clear and shown in the dashboard",
    remedy="keep the last four digits at most; leave instrument.secret out of what you answer",
)
async def answers_without_secrets(case: ProcessorCase) -> None:
    """Repeats nothing sealed in an outcome, a reference, a state or a wake-up."""
    for ordinal, asked in enumerate(_with_canary(case), 1):
        charge = await charged(case, case.processor(), case.stage(), asked=asked, ordinal=ordinal)
        context = case.stage().call(operation(ordinal))
        await said(lambda a=asked, c=context: case.processor().authorize(a, c))  # type: ignore[misc]  # bound at once
        texts = [repr(charge.first.answer), repr(charge.last.answer), repr(context.wake_ups)]
        _require_clean(asked, *texts, where="what it answered")


@rule(
    "processor.logs_without_secrets",
    why="logs are copied to places that nobody may keep card numbers in",
    remedy="log ids and codes through context.logger, never an instrument or a request's body",
)
async def logs_without_secrets(case: ProcessorCase) -> None:
    """Writes nothing sealed to the log, whether its own or Python's, or to the screen."""
    for ordinal, asked in enumerate(_with_canary(case), 1):
        for stage in (case.stage(), *_faulty(case)):
            with overheard() as heard:
                await charged(case, case.processor(), stage, asked=asked, ordinal=ordinal)
            _require_clean(asked, repr(stage.log.lines), heard.getvalue(), where="its log")


@rule(
    "processor.raises_without_secrets",
    why="an exception's words and causes end in logs and error trackers",
    remedy="raise with a code; use `from None` where the cause quotes the request",
)
async def raises_without_secrets(case: ProcessorCase) -> None:
    """Raises nothing that quotes what is sealed, also where the line fails."""
    for ordinal, asked in enumerate(_with_canary(case), 1):
        for stage in (case.stage(), *_faulty(case)):
            charge = await charged(case, case.processor(), stage, asked=asked, ordinal=ordinal)
            errors = whole_text(charge.first.raised) + whole_text(charge.last.raised)
            _require_clean(asked, errors, where="what it raised")


@rule(
    "processor.needs_no_secret_later",
    why="what is sealed is erased when the charge is decided; a query comes without it",
    remedy="put what a query needs, and may be kept, into the state",
)
async def needs_no_secret_later(case: ProcessorCase) -> None:
    """Comes to its ending when it is asked again without what was sealed."""
    asked = case.request()
    charge = await charged(case, case.processor(), case.stage(), asked=asked)
    text = f"{charge.last.raised!r}"
    is_lost = charge.first is not charge.last and charge.last.raised is not None
    require(not is_lost, f"asked without the secret, it raised {text}")


def _with_canary(case: ProcessorCase) -> list[AuthorizeRequest]:
    """Requests whose secret holds a card number that is in nothing else."""
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
