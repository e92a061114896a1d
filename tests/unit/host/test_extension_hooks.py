"""What routers, checks, routes, commands and panels must be like to be loaded, and the trace."""

import types
from typing import Any

import pytest
from pydantic import BaseModel

from paygate import Command, OperatorError, Panel, Route, hookimpl
from paygate.plugins.host import Found, load_plugins
from paygate.plugins.tracing import Trace
from tests.unit.host import bad_plugins as bad


class Compass:
    def __init__(self, name: Any = "compass", **more: Any) -> None:
        self.name = name
        vars(self).update(more)

    async def rank(self, request, context):
        return None


class Guard:
    def __init__(self, name: Any = "guard", **more: Any) -> None:
        self.name = name
        vars(self).update(more)

    async def assess(self, request, context):
        return None


async def nothing(*_: Any) -> None:
    return None


def plugin(name="acme", **hooks):
    made = types.ModuleType(name)
    for hook, things in hooks.items():
        function = things if callable(things) else lambda things=things: things
        setattr(made, hook, hookimpl(function))
    return Found(name, made, "1")


def offering(hook, *things, name="acme"):
    def offer():
        return list(things)

    return plugin(name, **{hook: offer})


def load(*found, **how):
    return load_plugins(found, environ={}, **how).registry


def refusal(*found):
    with pytest.raises(OperatorError) as caught:
        load(*found)
    return caught.value


def route(method="GET", path="/a", **more):
    return Route(method, path, nothing, "Do it", **more)


class Unwritable(BaseModel):
    model_config = {"arbitrary_types_allowed": True}
    thing: Compass


@pytest.mark.parametrize(
    ("hook", "thing", "words"),
    [
        ("paygate_routers", object(), "it lacks name, rank"),
        ("paygate_routers", Compass, "it is the class Compass"),
        ("paygate_routers", Compass("No Name"), "lower-case"),
        ("paygate_routers", Compass(priority="high"), "priority"),
        ("paygate_routers", Compass(requires_api=99), "requires plugin API 99"),
        ("paygate_risk_checks", Compass(), "it lacks assess"),
        ("paygate_risk_checks", Guard(fail="close"), "did you mean 'closed'?"),
        ("paygate_risk_checks", Guard(requires_api=99), "requires plugin API 99"),
        ("paygate_routes", object(), "it lacks"),
        ("paygate_routes", route("BREW"), "its method is 'BREW'"),
        ("paygate_routes", route(path="rates"), "its path is"),
        ("paygate_routes", route(path="/<path:all>"), "its path is"),
        ("paygate_routes", route(path="/../x y"), "its path is"),
        ("paygate_routes", route(access="friends"), "its access is"),
        ("paygate_routes", route(input=Unwritable), "paygate_routes returned a Route"),
        ("paygate_commands", Command("Do It", "x", nothing), "lower-case"),
        ("paygate_commands", Command("do", "x", None), "cannot be called"),
        ("paygate_panels", Panel("p", "P", "pie", nothing), "its kind is 'pie'"),
        ("paygate_panels", Panel("p", "P", "table", nothing, place="roof"), "its place is"),
        ("paygate_panels", Panel("P!", "P", "table", nothing), "lower-case"),
    ],
)
def test_an_invalid_extension_is_refused_with_its_name(hook, thing, words):
    error = refusal(offering(hook, thing))

    assert error.setting == "plugin acme"
    assert words in str(error)


@pytest.mark.parametrize(
    ("mistyped", "right"),
    [
        ("paygate_router", "paygate_routers"),
        ("paygate_risk_check", "paygate_risk_checks"),
        ("paygate_command", "paygate_commands"),
        ("paygate_panel", "paygate_panels"),
    ],
)
def test_a_misspelt_hook_is_named_with_the_nearest_right_one(mistyped, right):
    error = refusal(offering(mistyped))

    assert mistyped in error.problem
    assert error.remedy == f"Did you mean {right}"


@pytest.mark.parametrize("hook", ["paygate_routers", "paygate_routes", "paygate_panels"])
def test_a_wrong_argument_and_an_async_hook_are_refused(hook):
    def with_conext(conext):
        return []

    async def later():
        return []

    assert "conext" in refusal(plugin(**{hook: with_conext})).problem
    assert "is async" in refusal(plugin(**{hook: later})).problem


@pytest.mark.parametrize(
    ("hook", "thing"),
    [
        ("paygate_routes", route()),
        ("paygate_commands", Command("do", "x", nothing)),
        ("paygate_panels", Panel("p", "P", "table", nothing)),
    ],
)
def test_names_are_unique_within_a_plugin(hook, thing):
    load(offering(hook, thing), offering(hook, thing, name="other"))

    assert "offered twice" in refusal(offering(hook, thing, thing)).problem


@pytest.mark.parametrize("name", ["a/b", "<a>", "a b", ""])
def test_a_name_that_needs_quoting_in_a_url_is_refused(name):
    assert "URL" in refusal(offering("paygate_routes", route(), name=name)).problem


def test_paths_that_differ_only_in_a_parameter_name_are_equal():
    both = offering("paygate_routes", route(path="/a/{x}"), route(path="/a/{y}"))

    assert "offered twice" in refusal(both).problem


@pytest.mark.parametrize(
    ("hook", "make"), [("paygate_routers", Compass), ("paygate_risk_checks", Guard)]
)
def test_names_are_unique_among_all_plugins(hook, make):
    error = refusal(offering(hook, make()), offering(hook, make(), name="other"))

    assert "is taken by plugin acme, plugin other offers it too" in error.problem


def test_routers_are_asked_by_priority_and_then_in_order():
    registry = load(
        offering("paygate_routers", Compass("a"), Compass("b", priority=1), name="one"),
        offering(
            "paygate_routers", Compass("c", priority=1), Compass("d", priority=-1), name="two"
        ),
    )

    assert [router.name for router in registry.routers] == ["b", "c", "a", "d"]


async def test_the_trace_logs_hooks_and_calls_without_values():
    log = bad.ListLog()
    found = plugin(
        paygate_processors=lambda: [bad.Answers(RuntimeError("card 4111111111111111"))],
        paygate_methods=lambda: [bad.Prepares(RuntimeError("no"))],
    )
    registry = load(found, trace=Trace(log))
    processor = registry.processors["answers"]
    await processor.authorize(bad.request(), bad.context())
    with pytest.raises(Exception, match="while preparing"):
        registry.methods["coin"].prepare(object(), None)

    lines = [(event, line["plugin"], line["call"], line["outcome"]) for event, line in log.lines]
    assert ("plugin hook", "acme", "paygate_processors", "ok") in lines
    assert ("plugin call", "acme", "answers.authorize", "Unknown") in lines
    assert any(call == "coin.prepare" and "PluginError" in note for _, _, call, note in lines)
    assert all(line["took_ms"] >= 0 for _, line in log.lines)
    assert "4111111111111111" not in repr(log.lines)


def test_without_a_trace_objects_are_not_wrapped():
    registry = load(offering("paygate_routers", Compass()))

    assert type(registry.routers[0]).__name__ == "HostedRouter"
