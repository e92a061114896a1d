"""Circuit breakers and shares of processors, in the memory of a worker.

A worker's own calls are enough to know that a processor does not respond, and its own slots are
what has to be protected: no state is shared. A breaker only decides what a worker claims. The
operations of a processor whose breaker is open stay due, and nothing happens to their payments.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from ..errors import NotSentError
from ..figures import ShownBreaker
from ..limits import (
    BREAKER_PAUSE_MAX,
    BREAKER_PAUSE_MIN,
    PLUGIN_TEXT_CHARS_MAX,
    PROCESSOR_FAILURES_MAX,
)
from ..outcome import Unknown
from ..redaction import redact_text
from ..webhooks.model import BreakerState
from .operation import OperationKind
from .recorded_call import CallOutcome

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Breaker:
    failures: int = 0
    reason: str = ""
    pause_s: float = 0.0
    until_s: float = 0.0
    probe: str | None = None
    is_tripped: bool = False


class ProcessorBreakers:
    """The breakers of the processors that a worker calls.

    Args:
        now_s: The monotonic clock: a pause is real time, whatever the app's clock shows.
    """

    def __init__(self, now_s: Callable[[], float] = time.monotonic) -> None:
        self._now_s = now_s
        self._failing: dict[str, _Breaker] = {}
        # The last pause of a processor that was stopped by ``trip``.
        self._tripped_s: dict[str, float] = {}

    def state(self, processor: str) -> BreakerState:
        """Return the state of a processor's breaker."""
        breaker = self._failing.get(processor)
        if breaker is None or breaker.failures < PROCESSOR_FAILURES_MAX:
            return "closed"
        return "open" if self._now_s() < breaker.until_s else "half_open"

    def room(self, processor: str) -> int | None:
        """Return how many calls may begin; None for any number."""
        state = self.state(processor)
        if state == "closed":
            return None
        return 1 if state == "half_open" and self._failing[processor].probe is None else 0

    def reason_shut(self, processor: str) -> str | None:
        """Return why no call may begin now; None if one may."""
        if self.room(processor) != 0:
            return None
        return f"the breaker of {processor} is open: {self._failing[processor].reason}"

    def begin(self, processor: str, operation_id: str) -> None:
        """Take note of a call. While the breaker is half open it is the only one."""
        if self.state(processor) == "half_open" and self._failing[processor].probe is None:
            self._failing[processor].probe = operation_id

    def end(self, processor: str, operation_id: str) -> None:
        """Take note that a call has ended, whether or not it says something."""
        breaker = self._failing.get(processor)
        if breaker is not None and breaker.probe == operation_id:
            breaker.probe = None

    def succeeded(self, processor: str) -> None:
        """Close the breaker: the processor has answered.

        A breaker that was tripped stays open for its pause: the answer is of the call that
        tripped it, or of one that waited meanwhile.
        """
        before = self._failing.get(processor)
        if before is not None and before.is_tripped and self._now_s() < before.until_s:
            return
        self._failing.pop(processor, None)
        if before is not None and before.pause_s:
            log.warning("processor %s responds again: its breaker is closed", processor)

    def failed(self, processor: str, operation_id: str, reason: str) -> None:
        """Count a call without an answer. Five in a row open the breaker."""
        breaker = self._failing.setdefault(processor, _Breaker())
        breaker.failures += 1
        breaker.reason = redact_text(reason)[:PLUGIN_TEXT_CHARS_MAX]
        is_probe = breaker.probe == operation_id
        # Calls that had begun before it opened say nothing new.
        if is_probe or (breaker.failures >= PROCESSOR_FAILURES_MAX and not breaker.pause_s):
            self._open(processor, breaker)

    def trip(self, processor: str, reason: str) -> None:
        """Open the breaker at once, although the processor has answered.

        The pause doubles each time, and an answer does not reset that.
        """
        breaker = self._failing.setdefault(processor, _Breaker())
        breaker.failures = max(breaker.failures + 1, PROCESSOR_FAILURES_MAX)
        breaker.reason = redact_text(reason)[:PLUGIN_TEXT_CHARS_MAX]
        breaker.pause_s = self._tripped_s.get(processor, 0.0)
        self._open(processor, breaker)
        breaker.is_tripped = True
        self._tripped_s[processor] = breaker.pause_s

    def _open(self, processor: str, breaker: _Breaker) -> None:
        shortest, longest = BREAKER_PAUSE_MIN.total_seconds(), BREAKER_PAUSE_MAX.total_seconds()
        breaker.pause_s = min(2 * breaker.pause_s or shortest, longest)
        breaker.until_s = self._now_s() + breaker.pause_s
        log.warning(
            "the breaker of processor %s is open for %g s after %d calls without a response: %s",
            processor,
            breaker.pause_s,
            breaker.failures,
            breaker.reason,
        )

    def shown(self) -> Mapping[str, ShownBreaker]:
        """Return the breakers that are not closed, by processor."""
        return {
            processor: ShownBreaker(state, breaker.failures, breaker.reason)
            for processor, breaker in self._failing.items()
            if (state := self.state(processor)) != "closed"
        }


@dataclass(slots=True)
class ProcessorShares:
    """The operations that a queue worker has in progress, by processor.

    Args:
        breakers: The breakers, which several queues share.
        slots: How many operations the queue worker processes at the same time.
    """

    breakers: ProcessorBreakers
    slots: int
    _in_progress: Counter[str] = field(default_factory=Counter, init=False)

    def rooms(self, processors: Collection[str]) -> Mapping[str, int]:
        """Return how many operations of each processor a claim may take.

        With several processors, one may have at most twice as many slots as are free. So slots
        are left for the others when one or several hang.
        """
        free = max(0, self.slots - self._in_progress.total())
        rooms: dict[str, int] = {}
        for processor in processors:
            room = free
            if len(processors) > 1:
                used = self._in_progress[processor]
                # Those that are claimed now are no longer free: used + n <= 2 * (free - n).
                room = min(free, max((2 * free - used) // 3, 0 if used else 1))
            limit = self.breakers.room(processor)
            rooms[processor] = room if limit is None else min(room, limit)
        return rooms

    def begin(self, processor: str, operation_id: str) -> None:
        """Take note of a claimed operation."""
        self._in_progress[processor] += 1
        self.breakers.begin(processor, operation_id)

    def end(self, processor: str, operation_id: str) -> None:
        """Take note that an operation is no longer in progress."""
        if self._in_progress[processor] > 0:
            self._in_progress[processor] -= 1
        self.breakers.end(processor, operation_id)


def reason_of_failure(
    kind: OperationKind, outcome: CallOutcome, *, is_query: bool, can_query: bool
) -> str | None:
    """Return why a call is counted as one without an answer.

    Args:
        kind: The kind of the operation.
        outcome: The result of the call.
        is_query: Whether it asked about an operation that was sent before.
        can_query: Whether the processor supports queries.

    Returns:
        The reason; an empty text if the call says nothing about the processor; None if the
        processor has answered.
    """
    if kind is OperationKind.WAKE or (is_query and not can_query):
        return ""
    if isinstance(outcome, Unknown):
        return outcome.reason or "unknown"
    # A query that raises it has the answer that the operation never arrived.
    if isinstance(outcome, NotSentError) and not is_query:
        return outcome.reason or "not sent"
    return None
