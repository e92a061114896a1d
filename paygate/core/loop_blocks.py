"""Calls that have blocked the event loop, and the parts of the app that want to know of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LoopBlock:
    """A call that has blocked the event loop: nothing else ran meanwhile.

    Args:
        plugin: The id of the plugin, processor or sink that was called; None if no plugin was.
        call: The name of the function.
        place: Where it was when it was noticed: file and line.
        seconds: How long it blocked the loop.
    """

    plugin: str | None
    call: str
    place: str
    seconds: float


Listener = Callable[[LoopBlock], None]


class LoopBlocks:
    """Passes calls that have blocked the event loop on to listeners, in the event loop."""

    def __init__(self) -> None:
        self._listeners: list[Listener] = []

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call the listener for each; return a function that ends this."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def report(self, block: LoopBlock) -> None:
        """Tell every listener."""
        for listener in tuple(self._listeners):
            listener(block)
