"""Ask whether the shop's books are right: a command, or a URL."""

from __future__ import annotations

import asyncio
import json
import shlex
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from ..adapters.http.api_client import get_text
from ..core.errors import OperatorError
from .books import Books

ANSWER_S = 30.0
SHOWN_CHARS_MAX = 300
VARIABLES = "CHAOS_"


@dataclass(frozen=True, slots=True)
class ChaosQuestion:
    """What a check is asked after a sequence.

    Args:
        payment_id: The payment of the sequence; no other sequence has it.
        order_id: Its order.
        sequence: The steps, for messages.
        expected: What the books must say.
    """

    payment_id: str
    order_id: str
    sequence: str
    expected: Books

    def as_text(self) -> dict[str, str]:
        """Return what a command gets as variables, and a URL as parameters."""
        return {
            "payment_id": self.payment_id,
            "order_id": self.order_id,
            "sequence": self.sequence,
            **{name: str(value) for name, value in self.expected.as_json().items()},
        }


class Check(Protocol):
    """Knows the shop's books."""

    async def ask(self, question: ChaosQuestion) -> str | None:
        """Return what is wrong in the books, or None.

        Raises:
            OperatorError: The check itself does not work.
        """
        ...


class CommandCheck:
    """Implements ``Check``: runs a command, without a shell.

    Exit code 0 says that the books are right. Any other code says that they are wrong, and the
    output says why. If the output is a JSON object, its fields are compared with the expected ones.

    Args:
        command: The program and its arguments, quoted as in a shell.
        environ: Its environment; the question is added.

    Raises:
        OperatorError: It is not a command.
    """

    def __init__(self, command: str, environ: Mapping[str, str]) -> None:
        try:
            self._words = shlex.split(command)
        except ValueError as error:
            raise _unusable(f"is no command: {error}") from None
        if not self._words:
            raise _unusable("is empty")
        self._environ = environ

    async def ask(self, question: ChaosQuestion) -> str | None:
        """See ``Check.ask``."""
        asked = {f"{VARIABLES}{name.upper()}": value for name, value in question.as_text().items()}
        try:
            process = await asyncio.create_subprocess_exec(
                *self._words,
                env={**self._environ, **asked},
                stdin=DEVNULL,
                stdout=PIPE,
                stderr=PIPE,
            )
        except OSError as error:
            raise _unusable(f"cannot be started: {error.strerror}") from error
        try:
            async with asyncio.timeout(ANSWER_S):
                output, errors = await process.communicate()
        except TimeoutError:
            raise _unusable(f"did not end within {ANSWER_S:g} s") from None
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        text = output.decode(errors="replace").strip() or errors.decode(errors="replace").strip()
        refusal = f"exit code {process.returncode}" if process.returncode else None
        return judge(text, question.expected, refusal)


class UrlCheck:
    """Implements ``Check``: sends a GET request.

    A status from 200 to 299 says that the books are right. A status from 400 to 499 says that they
    are wrong, and the body says why. If the body is a JSON object, its fields are compared with the
    expected ones.

    Args:
        url: The URL; the question is added as parameters.
    """

    def __init__(self, url: str) -> None:
        self._url = url

    async def ask(self, question: ChaosQuestion) -> str | None:
        """See ``Check.ask``."""
        status, text = await get_text(self._url, question.as_text(), within_s=ANSWER_S)
        if not 200 <= status < 300 and not 400 <= status < 500:
            raise _unusable(f"answered {status}: {_shortened(text)}")
        return judge(text, question.expected, f"status {status}" if status >= 400 else None)


def open_check(check: str, environ: Mapping[str, str]) -> Check:
    """Return the check that an option names: a URL, or else a command.

    Raises:
        OperatorError: It is neither.
    """
    is_url = check.startswith(("http://", "https://"))
    return UrlCheck(check) if is_url else CommandCheck(check, environ)


def judge(text: str, expected: Books, refusal: str | None) -> str | None:
    """Return what is wrong according to an answer, or None.

    Args:
        text: What the check printed or answered.
        expected: What the books must say.
        refusal: How the check said no; None if it said yes.
    """
    try:
        reported = json.loads(text)
    except ValueError:
        reported = None
    if isinstance(reported, Mapping) and (differences := expected.differences(reported)):
        return ", ".join(differences)
    if refusal is None:
        return None
    return f"{_shortened(text)} ({refusal})" if text else f"the check says no ({refusal})"


def _shortened(text: str) -> str:
    # The end of a trace says what went wrong.
    joined = " ".join(text.split())
    return joined if len(joined) <= SHOWN_CHARS_MAX else f"…{joined[-SHOWN_CHARS_MAX:]}"


def _unusable(problem: str) -> OperatorError:
    return OperatorError(
        setting="--check",
        problem=f"the check {problem}",
        remedy="Name a command that ends with code 0, or a URL that answers 200, if the books are "
        "right",
    )
