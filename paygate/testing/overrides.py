"""Replace plugin objects of one running app for a block.

An app's registry consists of read-only mappings. A test's app has mappings that can be
overridden: the next call sees the override, and removing it restores the original. Other apps
are not affected.
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
from ..plugins.checks import check_members, method_code, processor_id, sink_id
from ..plugins.guard import GuardedMethod, GuardedProcessor, GuardedSink
from ..plugins.guard_extensions import (
    HostedCheck,
    HostedRouter,
    adviser_name,
    fails_closed,
    router_priority,
)
from .fakes.advisers import FakeRiskCheck, FakeRouter
from .fakes.method import FakeMethod
from .fakes.processor import FakeProcessor, full_capabilities
from .fakes.sink import FakeSink

Value = TypeVar("Value")
IN_TESTS = "in_tests"
"""The plugin id of a test's routers and checks."""
Undo = Callable[[], None]


class OverridableMapping(Mapping[str, Value]):
    """A mapping whose entries can be overridden.

    New names come first, so that a processor of a test is the preferred one; an existing name
    keeps its position.
    """

    def __init__(self, base: Mapping[str, Value]) -> None:
        self._base = base
        self._overrides: list[Mapping[str, Value]] = []
        self._shown: Mapping[str, Value] = dict(base)

    def __getitem__(self, name: str) -> Value:
        return self._shown[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._shown)

    def __len__(self) -> int:
        return len(self._shown)

    def override(self, override: Mapping[str, Value]) -> Undo:
        """Add an override; call the result to remove it."""
        self._overrides.append(override)
        self._show()

        def remove() -> None:
            self._overrides[:] = [each for each in self._overrides if each is not override]
            self._show()

        return remove

    def _show(self) -> None:
        shown: dict[str, Value] = dict(self._base)
        for override in self._overrides:
            new = {name: thing for name, thing in override.items() if name not in shown}
            shown = {**new, **{name: override.get(name, shown[name]) for name in shown}}
        # Assigned at once: other threads read it.
        self._shown = shown


class OverridableSequence(Sequence[Value]):
    """A sequence that can be extended at the front, or replaced."""

    def __init__(self, base: Sequence[Value]) -> None:
        self._shown: Sequence[Value] = tuple(base)
        self._base = self._shown
        self._overrides: list[tuple[Value, bool]] = []

    @overload
    def __getitem__(self, place: int) -> Value: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Value]: ...
    def __getitem__(self, place: int | slice) -> Value | Sequence[Value]:
        return self._shown[place]

    def __len__(self) -> int:
        return len(self._shown)

    def override(self, thing: Value, *, is_alone: bool) -> Undo:
        """Put an object first, or alone; call the result to remove it."""
        override = (thing, is_alone)
        self._overrides.append(override)
        self._show()

        def remove() -> None:
            self._overrides[:] = [each for each in self._overrides if each is not override]
            self._show()

        return remove

    def _show(self) -> None:
        shown = self._base
        for thing, is_alone in self._overrides:
            shown = (thing,) if is_alone else (thing, *shown)
        self._shown = shown


@dataclass(frozen=True, slots=True)
class StandIn(GuardedProcessor):
    """A fake that replaces a processor, while callbacks still go to the processor.

    Args:
        before: The replaced processor. Its earlier operations still reach the app.
    """

    before: GuardedByHost

    async def wake(self, request: FollowUp, context: CallContext) -> None:
        """Pass it on. A fake never requests a wake-up."""
        await self.before.wake(request, context)

    def split(self, callback: RawCallback) -> Sequence[RawCallback]:
        return self.before.split(callback)

    def verify(self, callback: RawCallback) -> Verified:
        return self.before.verify(callback)

    def translate(self, verified: Verified) -> Sequence[Update]:
        return self.before.translate(verified)

    def payer_decides(self, request: FollowUp, decision: str) -> RawCallback | None:
        return self.before.payer_decides(request, decision)

    def checked(self, update: Update, asked: Money, kind: OperationKind) -> Outcome:
        return self.before.checked(update, asked, kind)

    def acknowledge(self, *, accepted: bool) -> tuple[int, bytes]:
        return self.before.acknowledge(accepted=accepted)


class RegistryOverrides:
    """The registry of one app, with the overrides of a test.

    Args:
        found: The registry of the installed plugins.
    """

    def __init__(self, found: Registry) -> None:
        self._methods: OverridableMapping[PaymentMethod] = OverridableMapping(found.methods)
        self._processors: OverridableMapping[GuardedByHost] = OverridableMapping(found.processors)
        self._sinks: OverridableMapping[EventSink] = OverridableMapping(found.sinks)
        self._routers: OverridableSequence[GuardedRouter] = OverridableSequence(found.routers)
        self._checks: OverridableSequence[GuardedCheck] = OverridableSequence(found.checks)
        self.registry = replace(
            found,
            methods=self._methods,
            processors=self._processors,
            sinks=self._sinks,
            routers=self._routers,
            checks=self._checks,
        )
        self.used: list[object] = []

    def override(self, things: Iterable[object]) -> Undo:
        """Replace plugin objects; call the result to restore them.

        Raises:
            PluginContractError: An object breaks a rule that the host checks at start-up.
            TypeError: An object is not a plugin object.
        """
        # Methods first: a fake processor carries out the methods that exist by then.
        ordered = sorted(things, key=lambda thing: not isinstance(thing, PaymentMethod))
        with ExitStack() as stack:
            for thing in ordered:
                stack.callback(self._override(thing))
            remove = stack.pop_all().close
        self.used += ordered

        def undo() -> None:
            remove()
            self.used[:] = [each for each in self.used if each not in ordered]

        return undo

    def _override(self, thing: object) -> Undo:
        if isinstance(thing, PaymentMethod):
            return self._methods.override(self._method(thing))
        if isinstance(thing, Processor):
            return self._processors.override(self._processor(thing))
        if isinstance(thing, EventSink):
            return self._sinks.override(self._sink(thing))
        if isinstance(thing, Router):
            return self._router(thing)
        if isinstance(thing, RiskCheck):
            return self._check(thing)
        raise TypeError(
            f"{thing!r} is not a payment method, processor, sink, router or risk check; "
            "use() takes an object with the members of one of these"
        )

    def _router(self, router: Router) -> Undo:
        check_members(router, Router)
        # The latest of a test is asked first; the host would ask by priority.
        router_priority(router)
        hosted = HostedRouter(router, adviser_name(router), IN_TESTS)
        return self._routers.override(hosted, is_alone=isinstance(router, FakeRouter))

    def _check(self, check: RiskCheck) -> Undo:
        check_members(check, RiskCheck)
        hosted = HostedCheck(check, adviser_name(check), IN_TESTS, fails_closed(check))
        return self._checks.override(hosted, is_alone=isinstance(check, FakeRiskCheck))

    def _method(self, method: PaymentMethod) -> Mapping[str, PaymentMethod]:
        check_members(method, PaymentMethod)
        info, before = method.info, self._methods.get(method_code(method))
        if isinstance(method, FakeMethod) and before is not None:
            # The processors of the replaced method carry out the flows of the fake.
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
        """Return the capabilities of the replaced processor, its flows and all extra operations."""
        carried = {name: set(flows) for name, flows in before.capabilities.methods.items()}
        all_processors = [each.capabilities.methods for each in self._processors.values()]
        for code, flows in self._all_flows().items():
            known = frozenset[str]().union(*(each.get(code, ()) for each in all_processors))
            if flows - known:
                carried.setdefault(code, set()).update(flows - known)
        return full_capabilities(carried, like=before.capabilities)

    def _all_flows(self) -> Mapping[str, frozenset[str]]:
        return {code: method.info.flows for code, method in self._methods.items()}

    def _sink(self, sink: EventSink) -> Mapping[str, EventSink]:
        check_members(sink, EventSink)
        name = sink_id(sink)
        if not isinstance(sink, FakeSink) or sink.is_new:
            return {name: GuardedSink(sink, sink.info, name)}
        replaced = self._named(sink.instead_of, self._sinks)
        # A fake of all sinks is not delivered to once more by those that endpoints have to name.
        sink.only_if_named = sink.instead_of is not None and _is_only_if_named(
            replaced[sink.instead_of]
        )
        return {
            name: GuardedSink(sink, before.info, name)
            for name, before in replaced.items()
            if _is_only_if_named(before) == sink.only_if_named
        }

    def _named(self, name: str | None, among: Mapping[str, Value]) -> Mapping[str, Value]:
        if name is None:
            return dict(among)
        if name not in among:
            raise ValueError(f"there is no {name!r} to replace, only {', '.join(among)}")
        return {name: among[name]}

    def problem(self) -> BaseException | None:
        """Return the first error that a fake in use has recorded."""
        for thing in self.used:
            for problem in getattr(thing, "problems", ()):
                return problem  # type: ignore[no-any-return]  # problems of a fake are exceptions
        return None


def _is_only_if_named(sink: EventSink) -> bool:
    return getattr(sink, "only_if_named", False) is True
