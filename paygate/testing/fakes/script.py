"""The answers of a fake, one for each request."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from inspect import isawaitable
from typing import Any, Generic, TypeVar

Answer = TypeVar("Answer")


class ScriptExhaustedError(AssertionError):
    """A fake got more requests than its script has answers.

    The app gets an unknown outcome. The test gets this error at its next call of the app or
    at the end of the ``with`` block.
    """


@dataclass(slots=True)
class Script(Generic[Answer]):
    """Answers to one kind of request.

    Args:
        fake: Name of the fake, for the message.
        about: What the requests are about, for the message.
        steps: A list is used up from the front. Anything else answers every request.
            A step is an answer, an exception to raise, or a callable that gets the request
            and returns an answer or an awaitable.
        problems: Collects the errors of the fake for the test.
    """

    fake: str
    about: str
    steps: Any
    problems: list[ScriptExhaustedError]
    _used: int = field(default=0, init=False)

    async def next(self, asked: str, *question: object) -> Answer:
        """Return the next answer.

        Raises:
            ScriptExhaustedError: No answer is left.
            Exception: The step is an exception.
        """
        step = self._step(asked)
        if isinstance(step, BaseException):
            raise step
        if callable(step):
            step = step(*question)
            if isawaitable(step):
                step = await step
        answer: Answer = step
        return answer

    def _step(self, asked: str) -> Any:
        if isinstance(self.steps, str | bytes) or not isinstance(self.steps, Sequence):
            return self.steps
        if self._used == len(self.steps):
            problem = ScriptExhaustedError(self._sentence(asked))
            self.problems.append(problem)
            raise problem
        self._used += 1
        return self.steps[self._used - 1]

    def _sentence(self, asked: str) -> str:
        given = "".join(f"\n  {place}. {step!r}" for place, step in enumerate(self.steps, 1))
        return (
            f"{self.fake} was asked {asked}, and its script for {self.about} has no answer "
            f"left. It had {len(self.steps)}:{given or ' none'}"
        )
