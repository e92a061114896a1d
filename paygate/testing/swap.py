"""Plugin objects of one running app, exchanged for a while.

An app's registry is made of mappings that nothing writes to. A test's app is given
mappings in layers: what a test puts on top is seen by the next call, and taken off again
it was never there. No other app is touched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any, TypeVar, overload

from .. import (
    EventSink,
    FollowUp,
    Money,
    OperationKind,
    Outcome,
    PaymentMethod,
    PluginInfo,
    Processor,
    RawCallback,
    RiskCheck,
    Router,
    Update,
    Verified,
)
from ..core.plugin_api.plugin import CallContext
from ..core.registry import GuardedByHost, GuardedCheck, GuardedRouter, Registry
from ..plugins.checks import (
    adviser_name,
    check_members,
    fails_closed,
    method_code,
    processor_id,
    router_priority,
    sink_id,
)
from ..plugins.guard import GuardedMethod, GuardedProcessor, GuardedSink
from ..plugins.guard_extensions import HostedCheck, HostedRouter
from .fakes.advisers import FakeRiskCheck, FakeRouter
from .fakes.method import FakeMethod
from .fakes.processor import FakeProcessor, full_capabilities
from .fakes.sink import FakeSink

Value = TypeVar("Value")
IN_TESTS = "in_tests"
"""The plugin that routers and checks of a test seem to come from."""
Undo = Callable[[], None]


class Layers(Mapping[str, Value]):
    """A mapping that others may be laid over.

    A layer's new names come first, so that a processor of a test is the preferred one;
    a name that was there before keeps its place.
    """

    def __init__(self, base: Mapping[str, Value]) -> None:
        self._base = base
        self._layers: list[Mapping[str, Value]] = []
        self._shown: Mapping[str, Value] = dict(base)

    def __getitem__(self, name: str) -> Value:
        return self._shown[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._shown)

    def __len__(self) -> int:
        return len(self._shown)

    def lay(self, layer: Mapping[str, Value]) -> Undo:
        """Put a layer on top; what is returned takes that one off, wherever it lies then."""
        self._layers.append(layer)
        self._show()

        def take_off() -> None:
            self._layers[:] = [each for each in self._layers if each is not layer]
            self._show()

        return take_off

    def _show(self) -> None:
        shown: dict[str, Value] = dict(self._base)
        for layer in self._layers:
            new = {name: thing for name, thing in layer.items() if name not in shown}
            shown = {**new, **{name: layer.get(name, shown[name]) for name in shown}}
        # At once: other threads read it.
        self._shown = shown


class Queue(Sequence[Value]):
    """A sequence that others may be laid before, or in the place of."""

    def __init__(self, base: Sequence[Value]) -> None:
        self._shown: Sequence[Value] = tuple(base)
        self._base = self._shown
        self._layers: list[tuple[Value, bool]] = []

    @overload
    def __getitem__(self, place: int) -> Value: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Value]: ...
    def __getitem__(self, place: int | slice) -> Value | Sequence[Value]:
        return self._shown[place]

    def __len__(self) -> int:
        return len(self._shown)

    def lay(self, thing: Value, *, is_alone: bool) -> Undo:
        """Put one first, or alone; what is returned takes it off again."""
        layer = (thing, is_alone)
        self._layers.append(layer)
        self._show()

        def take_off() -> None:
            self._layers[:] = [each for each in self._layers if each is not layer]
            self._show()

        return take_off

    def _show(self) -> None:
        shown = self._base
        for thing, is_alone in self._layers:
            shown = (thing,) if is_alone else (thing, *shown)
        self._shown = shown


@dataclass(frozen=True, slots=True)
class StandIn(GuardedProcessor):
    """A fake in the place of a processor, whose callbacks are still its own.

    Args:
        before: What is stood in for. What it has under way reaches the app as before.
    """

    before: GuardedByHost

    async def wake(self, request: FollowUp, context: CallContext) -> None:
        """See ``CanWake.wake``: a fake asks for none."""
        await self.before.wake(request, context)

    def split(self, callback: RawCallback) -> Sequence[RawCallback]:
        """See ``CanCallback.split``."""
        return self.before.split(callback)

    def verify(self, callback: RawCallback) -> Verified:
        """See ``CanCallback.verify``."""
        return self.before.verify(callback)

    def translate(self, verified: Verified) -> Sequence[Update]:
        """See ``CanCallback.translate``."""
        return self.before.translate(verified)

    def payer_decides(self, request: FollowUp, decision: str) -> RawCallback | None:
        """See ``CanPlayPayer.payer_decides``."""
        return self.before.payer_decides(request, decision)

    def checked(self, update: Update, asked: Money, kind: OperationKind) -> Outcome:
        """See ``GuardedByHost.checked``."""
        return self.before.checked(update, asked, kind)

    def acknowledge(self, *, accepted: bool) -> tuple[int, bytes]:
        """See ``CanCallback.acknowledge``."""
        return self.before.acknowledge(accepted=accepted)


class Swappable:
    """One app's registry, with what tests lay over it.

    Args:
        found: What the host made of the plugins.
    """

    def __init__(self, found: Registry) -> None:
        self._methods: Layers[PaymentMethod] = Layers(found.methods)
        self._processors: Layers[GuardedByHost] = Layers(found.processors)
        self._sinks: Layers[EventSink] = Layers(found.sinks)
        self._routers: Queue[GuardedRouter] = Queue(found.routers)
        self._checks: Queue[GuardedCheck] = Queue(found.checks)
        self.registry = replace(
            found,
            methods=self._methods,
            processors=self._processors,
            sinks=self._sinks,
            routers=self._routers,
            checks=self._checks,
        )
        self.used: list[object] = []

    def lay(self, things: Iterable[object]) -> Undo:
        """Put plugin objects in their places; what is returned takes them away again.

        Raises:
            PluginContractError: One is not right, as the host would say at start-up.
            TypeError: One is no plugin object.
        """
        # Methods first: who stands in for a processor carries out what is there by then.
        ordered = sorted(things, key=lambda thing: not isinstance(thing, PaymentMethod))
        with ExitStack() as laid:
            for thing in ordered:
                laid.callback(self._lay(thing))
            take_off = laid.pop_all().close
        self.used += ordered

        def undo() -> None:
            take_off()
            self.used[:] = [each for each in self.used if each not in ordered]

        return undo

    def _lay(self, thing: object) -> Undo:
        if isinstance(thing, PaymentMethod):
            return self._methods.lay(self._method(thing))
        if isinstance(thing, Processor):
            return self._processors.lay(self._processor(thing))
        if isinstance(thing, EventSink):
            return self._sinks.lay(self._sink(thing))
        if isinstance(thing, Router):
            return self._router(thing)
        if isinstance(thing, RiskCheck):
            return self._check(thing)
        raise TypeError(
            f"{thing!r} is no payment method, processor, sink, router or risk check; what "
            "use() takes is an object with the members of one of these"
        )

    def _router(self, router: Router) -> Undo:
        check_members(router, Router)
        # Among a test's own the latest is asked first; the host would ask by priority.
        router_priority(router)
        hosted = HostedRouter(router, adviser_name(router), IN_TESTS)
        return self._routers.lay(hosted, is_alone=isinstance(router, FakeRouter))

    def _check(self, check: RiskCheck) -> Undo:
        check_members(check, RiskCheck)
        hosted = HostedCheck(check, adviser_name(check), IN_TESTS, fails_closed(check))
        return self._checks.lay(hosted, is_alone=isinstance(check, FakeRiskCheck))

    def _method(self, method: PaymentMethod) -> Mapping[str, PaymentMethod]:
        check_members(method, PaymentMethod)
        info, before = method.info, self._methods.get(method_code(method))
        if isinstance(method, FakeMethod) and before is not None:
            # What carries out the flows of the one that is there carries out its own.
            method.take_flows(before.info)
            info = method.info
        return {info.code: GuardedMethod(method, info)}

    def _processor(self, processor: Processor) -> Mapping[str, GuardedByHost]:
        check_members(processor, Processor)
        id = processor_id(processor)
        if not isinstance(processor, FakeProcessor):
            return {id: GuardedProcessor(processor, processor.info, processor.capabilities)}
        if processor.is_new:
            can = processor.given or full_capabilities(processor.methods or self._all_flows())
            return {id: GuardedProcessor(processor, processor.info, can)}
        replaced = self._named(processor.instead_of, self._processors)
        return {
            name: StandIn(
                processor,
                PluginInfo(name, before.info.version),
                processor.given or self._stand_in(before),
                before,
            )
            for name, before in replaced.items()
        }

    def _stand_in(self, before: GuardedByHost) -> Any:
        """What it could do, what nobody else could, and everything a fake can beside."""
        carried = {name: set(flows) for name, flows in before.capabilities.methods.items()}
        everybody = [each.capabilities.methods for each in self._processors.values()]
        for code, flows in self._all_flows().items():
            known = frozenset[str]().union(*(each.get(code, ()) for each in everybody))
            if flows - known:
                carried.setdefault(code, set()).update(flows - known)
        return full_capabilities(carried, like=before.capabilities)

    def _all_flows(self) -> Mapping[str, frozenset[str]]:
        return {code: method.info.flows for code, method in self._methods.items()}

    def _sink(self, sink: EventSink) -> Mapping[str, EventSink]:
        check_members(sink, EventSink)
        name = sink_id(sink)
        if not isinstance(sink, FakeSink) or sink.is_new:
            return {name: GuardedSink(sink, sink.info)}
        replaced = self._named(sink.instead_of, self._sinks)
        return {name: GuardedSink(sink, before.info) for name, before in replaced.items()}

    def _named(self, name: str | None, among: Mapping[str, Value]) -> Mapping[str, Value]:
        if name is None:
            return dict(among)
        if name not in among:
            raise ValueError(f"there is no {name!r} to stand in for, only {', '.join(among)}")
        return {name: among[name]}

    def problem(self) -> BaseException | None:
        """The first mistake that a fake in use has noticed."""
        for thing in self.used:
            for problem in getattr(thing, "problems", ()):
                return problem  # type: ignore[no-any-return]  # a fake's are exceptions
        return None
