"""A plugin uses only its context: the same rules for every kind."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from ....core.plugin_api.wire import WireDialect
from ..exercises import exercise, made
from ..rules import KINDS, DoesNotApplyError, Kind, require, rule
from ..world import ReachKind, watching

OWN_CLIENT = "own_client"
"""An attribute with a sentence that explains why the plugin cannot use ``context.http``."""


@dataclass(frozen=True)
class _Closed:
    """One forbidden way to the outside."""

    name: str
    kinds: tuple[ReachKind, ...]
    what: str
    why: str
    remedy: str


_CLOSED = (
    _Closed(
        "reads_no_clock",
        ("clock",),
        "Reads the time from its context, not from the machine.",
        "a test that moves the clock does not affect this plugin, and clocks of machines differ",
        "use context.clock.now(), context.now or `now`",
    ),
    _Closed(
        "uses_no_shared_random",
        ("random",),
        "Uses only the random generator of its context.",
        "a failed run cannot be reproduced",
        "use context.rng or `rng`, which the host seeds with the operation id",
    ),
    _Closed(
        "reads_no_environment",
        ("environment",),
        "Reads its settings through its config model, not from the environment.",
        "these settings are not validated, documented or shown in the dashboard",
        "declare a pydantic model and read it with PluginContext.config(Model)",
    ),
    _Closed(
        "opens_no_socket",
        ("socket", "process"),
        "Reaches the network through context.http, and starts no process.",
        "a merchant's URL may point into the internal network; requests are not limited or logged",
        "send requests with context.http; a plugin that cannot, such as one for a message broker, "
        "explains why in its attribute `own_client`",
    ),
    _Closed(
        "starts_no_thread",
        ("thread",),
        "Starts no thread that outlives its call.",
        "the thread runs after the deadline and the lease have ended",
        "use await; run blocking code with asyncio.to_thread",
    ),
    _Closed(
        "never_exits",
        ("exit",),
        "Never ends the process.",
        "all other payments of this process are interrupted",
        "raise an exception, or return a result",
    ),
)


def _judge(closed: _Closed) -> Callable[[Any], Awaitable[None]]:
    async def check(case: Any) -> None:
        reason = getattr(made(case), OWN_CLIENT, None) if "socket" in closed.kinds else None
        if isinstance(reason, str) and reason:
            raise DoesNotApplyError(f"it explains why it has its own client: {reason}")
        with watching() as watch:
            await exercise(case)
        reached = watch.of(*closed.kinds)
        require(not reached, f"it called {', '.join(map(str, reached[:5]))}")

    check.__doc__ = closed.what
    return check


async def stores_nothing_global(case: Any) -> None:
    """Stores nothing in its modules or classes: two apps in one process share nothing."""
    modules = list(_modules_of(made(case)))
    before = _globals(modules)
    await exercise(case)
    after = _globals(modules)
    changed = sorted(name for name in before | after if before.get(name) != after.get(name))
    require(not changed, f"after one round these values have changed: {', '.join(changed[:5])}")


def _modules_of(plugin: object) -> Iterator[ModuleType]:
    """Yield the modules of the plugin's package."""
    # A dialect is a plain object of paygate's; its functions are the plugin's.
    own = type(plugin).__module__
    if isinstance(plugin, WireDialect):
        own = plugin.authenticate.__module__
    package = own.rpartition(".")[0]
    for name, module in list(sys.modules.items()):
        if name == own or (package and name.startswith(f"{package}.")):
            yield module


def _globals(modules: list[ModuleType]) -> dict[str, str]:
    """Return the representation of every value in a module or its classes."""
    kept: dict[str, str] = {}
    for module in modules:
        for name, value in list(vars(module).items()):
            kept.update(_written(f"{module.__name__}.{name}", name, value))
            if isinstance(value, type) and value.__module__ == module.__name__:
                for attribute, inner in list(vars(value).items()):
                    where = f"{module.__name__}.{name}.{attribute}"
                    kept.update(_written(where, attribute, inner))
    return kept


def _written(where: str, name: str, value: object) -> Mapping[str, str]:
    plain = (int, float, str, bytes, tuple, dict, list, set, deque, bytearray, type(None))
    if name.startswith(("__", "@", "_abc_")) or not isinstance(value, plain):
        return {}
    return {where: repr(value)[:20_000]}


def _register(kind: Kind) -> None:
    for closed in _CLOSED:
        rule(f"{kind}.{closed.name}", why=closed.why, remedy=closed.remedy)(_judge(closed))
    rule(
        f"{kind}.stores_nothing_global",
        why="data of one merchant's app, or of one test, appears in another",
        remedy="store data on the object, or better in the state",
    )(stores_nothing_global)


for _kind in KINDS:
    _register(_kind)
