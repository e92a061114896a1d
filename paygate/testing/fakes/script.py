"""What a fake answers, one question after the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from inspect import isawaitable
from typing import Any, Generic, TypeVar

Answer = TypeVar("Answer")


class ScriptExhaustedError(AssertionError):
    """A fake was asked more often than its script has answers.

    The app hears "unknown" meanwhile; the test hears this, at its next step with the app
    or at the end of the ``with`` block.
    """


@dataclass(slots=True)
class Script(Generic[Answer]):
    """Answers to one kind of question.

    Args:
        fake: Whose, for the sentence.
        about: What is asked about, for the sentence.
        steps: A list is used up from the front. Anything else answers every question.
            A step is an answer, an exception to raise, or a callable that is handed the
            question and returns an answer, perhaps awaited.
        problems: Where the fake's mistakes are kept for the test.
    """

    fake: str
    about: str
    steps: Any
    problems: list[ScriptExhaustedError]
    _used: int = field(default=0, init=False)

    async def next(self, asked: str, *question: object) -> Answer:
        """The next answer.

        Raises:
            ScriptExhaustedError: There is none.
            Exception: The step is one.
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
            f"{self.fake} was asked {asked}, and its script about {self.about} has no answer "
            f"left. It held {len(self.steps)}:{given or ' nothing'}"
        )
