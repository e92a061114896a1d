"""Find the smallest sequence that still fails."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence

from .sequence import Fault, Step, Steps

Fails = Callable[[Steps], Awaitable[bool]]


async def shrink(sequence: Steps, happened: Sequence[str], fails: Fails) -> Steps:
    """Return a sequence that fails, and of which no simpler variant fails.

    Every variant has fewer steps, or as many with fewer faults, or with fewer pairs in the wrong
    order. So it ends.

    Args:
        sequence: It fails.
        happened: The events in the order in which they happened.
        fails: Plays a sequence.
    """
    known: dict[Steps, bool] = {}
    while True:
        for simpler in variants(sequence, happened):
            if simpler not in known:
                known[simpler] = await fails(simpler)
            if known[simpler]:
                sequence = simpler
                break
        else:
            return sequence


def variants(sequence: Steps, happened: Sequence[str]) -> Iterator[Steps]:
    """Yield simpler sequences, the simplest ones first."""
    events = dict.fromkeys(step.event for step in sequence)
    if len(events) > 2:
        for event in events:
            yield tuple(step for step in sequence if step.event == event)
    if len(events) > 1:
        for event in events:
            yield tuple(step for step in sequence if step.event != event)
    if len(sequence) > 1:
        for place in range(len(sequence)):
            yield (*sequence[:place], *sequence[place + 1 :])
    yield from _with_fewer_faults(sequence)
    yield from _in_better_order(sequence, happened)


def _with_fewer_faults(sequence: Steps) -> Iterator[Steps]:
    for place, step in enumerate(sequence):
        if step.fault is None:
            continue
        before, after, plain = sequence[:place], sequence[place + 1 :], Step(step.event)
        yield (*before, plain, *after)
        if step.fault is Fault.LOST:
            # It is sent again after the others.
            yield (*before, *after, plain)


def _in_better_order(sequence: Steps, happened: Sequence[str]) -> Iterator[Steps]:
    rank = {event: place for place, event in enumerate(happened)}
    for place in range(len(sequence) - 1):
        first, second = sequence[place], sequence[place + 1]
        if rank[first.event] > rank[second.event] and first.is_genuine and second.is_genuine:
            yield (*sequence[:place], second, first, *sequence[place + 2 :])
