"""Check what an installed plugin offers.

The plugin may have samples: a module attribute ``paygate_check_samples``. It is a plain mapping,
so that the plugin does not depend on the kit.

    paygate_check_samples = {
        "environ": {"TEST_MODE": "true"},
        "methods": {"wallet": {"valid": [{...}], "invalid": [{...}]}},
        "processors": {"acme": {"approved": {...}, "declined": {...}}},
    }

A sample for an object that the plugin does not offer is refused. A processor's entry may also
contain ``network``, ``callback`` and ``stale_callback``, and a sink's entry ``network``. These
are functions, as in the contracts. A dialect's entry may contain the function ``keys`` and the
request ``repeated``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...core.errors import OperatorError
from ...core.plugin_api.plugin import PluginContext
from ...plugins.host import Found, Offers, hook_implementations
from ...plugins.results import did_you_mean
from .cases import (
    Case,
    DialectCase,
    MethodCase,
    PolicyCase,
    ProcessorCase,
    RiskCase,
    RouterCase,
    SinkCase,
)
from .judge import Finding, judged

SAMPLES = "paygate_check_samples"
NO_RULES = (
    "paygate_routes",
    "paygate_commands",
    "paygate_panels",
    "paygate_scenarios",
)
"""Hooks for whose objects there are no rules: the host checks these when it loads them."""
WORDS = ("environ", "methods", "processors", "sinks", "dialects")


@dataclass(frozen=True, slots=True)
class Subject:
    """One object that a plugin offers: ``processor acme``."""

    name: str
    case: Case


def subjects(found: Found, others: Sequence[Found] = ()) -> Iterator[Subject]:
    """Yield everything that the plugin offers, with its samples.

    Args:
        found: The plugin.
        others: Plugins whose payment methods its processors may carry out.

    Raises:
        OperatorError: It offers nothing.
    """
    given = samples_of(found)
    common = {"environ": given.get("environ", {}), "plugin_id": found.name}
    plugin = _Plugin(found, common)
    offered = [
        *plugin.methods(given.get("methods", {})),
        *plugin.processors(given.get("processors", {}), [found, *others]),
        *plugin.sinks(given.get("sinks", {})),
        *plugin.dialects(given.get("dialects", {})),
        *plugin.others(),
    ]
    if not offered and not plugin.has_no_rules():
        raise OperatorError(
            setting=f"plugin {found.name}",
            problem="it offers nothing",
            remedy="Return objects from its hooks",
        )
    yield from offered


def samples_of(found: Found) -> Mapping[str, Any]:
    """Return the plugin's samples.

    Raises:
        OperatorError: They contain an unknown key.
    """
    given: Mapping[str, Any] = getattr(found.plugin, SAMPLES, {})
    return _known(given, *WORDS)


def check(found: Found, others: Sequence[Found] = ()) -> Iterable[Finding]:
    """Check everything that the plugin offers."""
    for subject in subjects(found, others):
        yield from judged(subject.case, subject.name)


@dataclass(frozen=True, slots=True)
class _Plugin:
    found: Found
    common: Mapping[str, Any]

    def methods(self, samples: Mapping[str, Any]) -> Iterator[Subject]:
        made = self._made("paygate_methods", lambda method: method.info.code)
        _known(samples, *(code for code, _ in made))
        for code, make in made:
            given = _known(samples.get(code, {}), "valid", "invalid")
            yield Subject(f"method {code}", MethodCase(make=make, **given, **self.common))

    def processors(self, samples: Mapping[str, Any], plugins: Sequence[Found]) -> Iterator[Subject]:
        words = ("approved", "declined", "network", "callback", "stale_callback")
        made = self._made("paygate_processors", lambda processor: processor.info.id)
        _known(samples, *(id for id, _ in made))
        for id, make in made:
            given = _known(samples.get(id, {}), *words)
            method = _method_for(make(self._context()), plugins)
            case = ProcessorCase(make=make, method=method, **given, **self.common)
            yield Subject(f"processor {id}", case)

    def sinks(self, samples: Mapping[str, Any]) -> Iterator[Subject]:
        made = self._made("paygate_event_sinks", lambda sink: sink.info.id)
        _known(samples, *(id for id, _ in made))
        for id, make in made:
            given = _known(samples.get(id, {}), "network")
            yield Subject(f"sink {id}", SinkCase(make=make, **given, **self.common))

    def dialects(self, samples: Mapping[str, Any]) -> Iterator[Subject]:
        made = self._made("paygate_dialects", lambda dialect: dialect.name)
        _known(samples, *(name for name, _ in made))
        for name, make in made:
            given = _known(samples.get(name, {}), "keys", "repeated")
            yield Subject(f"dialect {name}", DialectCase(make=make, **given, **self.common))

    def others(self) -> Iterator[Subject]:
        for name, make in self._made("paygate_retry_policies", lambda policy: policy.name):
            yield Subject(f"policy {name}", PolicyCase(make=make, **self.common))
        for name, make in self._made("paygate_routers", lambda router: router.name):
            yield Subject(f"router {name}", RouterCase(make=make, **self.common))
        for name, make in self._made("paygate_risk_checks", lambda check: check.name):
            yield Subject(f"risk check {name}", RiskCase(make=make, **self.common))

    def has_no_rules(self) -> bool:
        """Check whether it offers only kinds of objects that the kit has no rules for."""
        return any(
            [*offers(self._context())]
            for hook in NO_RULES
            for offers in hook_implementations(self.found, hook)
        )

    def _context(self) -> PluginContext:
        return Case(**self.common).context()

    def _made(
        self, hook: str, name_of: Callable[[Any], str]
    ) -> list[tuple[str, Callable[[PluginContext], Any]]]:
        """Yield the name and the factory of each object that the hook returns."""
        return [
            (name_of(offered), _maker(offers, place))
            for offers in hook_implementations(self.found, hook)
            for place, offered in enumerate(offers(self._context()))
        ]


def _maker(offers: Offers, place: int) -> Callable[[PluginContext], Any]:
    return lambda context: offers(context)[place]


def _method_for(processor: Any, plugins: Sequence[Found]) -> Callable[[PluginContext], Any] | None:
    """Return the factory of the processor's payment method; None if no plugin offers it."""
    for found in plugins:
        plugin = _Plugin(found, {"plugin_id": found.name})
        for code, make in plugin._made("paygate_methods", lambda method: method.info.code):  # noqa: SLF001 - of this file
            if code in processor.capabilities.methods:
                return make
    return None


def _known(given: Mapping[str, Any], *words: str) -> dict[str, Any]:
    for word in given:
        if word not in words:
            raise OperatorError(
                setting=SAMPLES,
                problem=f"{word!r} is not a key of samples; {did_you_mean(word, words)}",
                remedy="Correct it",
            )
    return dict(given)
