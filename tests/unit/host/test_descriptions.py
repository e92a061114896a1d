"""Wrong descriptions of plugins are refused with a message."""

import logging
from dataclasses import replace
from types import ModuleType

import pytest

from paygate import Capabilities, PluginInfo, Scenario, Timeline, hookimpl
from paygate.plugins.host import Found
from tests.unit.host.test_load_plugins import (
    TOSS,
    Coin,
    Mint,
    Owl,
    Patience,
    load,
    offering,
    refusal,
)

WRONG_CAPABILITIES = [
    ({"refund": "many"}, "its refund is 'many'; use one of full, multiple, none, partial"),
    ({"refund": "partail"}, "its refund is 'partail'; did you mean 'partial'?"),
    ({"capture": True}, "its capture is True; use one of full, multiple, none, partial"),
    ({"void": "yes"}, "its void is 'yes'; use True or False"),
    ({"query": 1}, "its query is 1; use True or False"),
    ({"callbacks": None}, "its callbacks is None; use True or False"),
    ({"late_success": "no"}, "its late_success is 'no'; use True or False"),
    ({"idempotent_operations": "no"}, "its idempotent_operations is 'no'; use True or False"),
    ({"methods": {}}, "its methods are {}; map at least one method code to its flows"),
    ({"methods": ["coin"]}, "its methods are ['coin']; map at least one method code"),
    ({"methods": {"Coin": frozenset({"toss"})}}, "'Coin' is not a name of lower-case letters"),
    (
        {"methods": {"coin": "toss"}},
        "its methods['coin'] is 'toss', not a frozenset; write frozenset({'toss'})",
    ),
    ({"methods": {"coin": {"toss"}}}, "its methods['coin'] is {'toss'}, not a frozenset"),
    ({"methods": {"coin": ["toss"]}}, "its methods['coin'] is ['toss'], not a frozenset"),
    ({"methods": {"coin": frozenset()}}, "its methods['coin'] has no flows; name at least one"),
    (
        {"methods": {"coin": frozenset({"Toss"})}},
        "its methods['coin'] holds 'Toss', not lower-case",
    ),
    ({"methods": {"coin": frozenset({7})}}, "its methods['coin'] holds 7, not a text"),
    ({"currencies": "INR"}, "its currencies is 'INR', not a frozenset; write frozenset({'INR'})"),
    (
        {"currencies": frozenset({"inr"})},
        "'inr' in its currencies is not a currency; did you mean 'INR'?",
    ),
    ({"currencies": frozenset({356})}, "its currencies holds 356, not a text"),
    ({"amount_minor_min": 1.5}, "its amount_minor_min is 1.5, not whole minor units"),
    ({"amount_minor_min": None}, "its amount_minor_min is None, not whole minor units"),
    ({"amount_minor_max": True}, "its amount_minor_max is True, not whole minor units"),
    ({"amount_minor_max": -1}, "its amount_minor_max is -1, not whole minor units"),
    (
        {"amount_minor_min": 10, "amount_minor_max": 9},
        "its amount_minor_max 9 is less than its amount_minor_min 10",
    ),
]


@pytest.mark.parametrize(("fields", "sentence"), WRONG_CAPABILITIES)
def test_a_wrong_capability_is_named_with_the_right_words(fields, sentence):
    error = refusal(offering("paygate_processors", Mint(capabilities=replace(TOSS, **fields))))

    assert error.setting == "plugin acme"
    assert sentence in error.problem


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"flows": "toss"}, "its flows is 'toss', not a frozenset; write frozenset({'toss'})"),
        ({"flows": frozenset()}, "it has no flows; name at least one"),
        ({"label": ""}, "its label is '', not a text"),
        ({"input_model": dict}, "not a pydantic model"),
        ({"invalid_code": "Invalid coin"}, "its invalid_code is 'Invalid coin', not lower-case"),
        ({"version": 1}, "its version is 1, not a text"),
        ({"requires_api": True}, "its requires_api is True, not a whole number"),
    ],
)
def test_a_wrong_field_of_a_payment_method_is_named(fields, sentence):
    odd = type("Odd", (Coin,), {"info": replace(Coin.info, **fields)})()

    assert sentence in refusal(offering("paygate_methods", odd)).problem


class SaysNoInWords(Owl):
    concerns_endpoint = "False"


@pytest.mark.parametrize(
    ("hook", "thing", "sentence"),
    [
        ("paygate_processors", Mint(info=PluginInfo("mint", 1)), "its version is 1, not a text"),
        ("paygate_event_sinks", SaysNoInWords(), "its concerns_endpoint is 'False'; use True"),
        ("paygate_retry_policies", Patience(applies_to=()), "it applies to nothing"),
        (
            "paygate_retry_policies",
            Patience(applies_to=["deliver"]),
            "one word of its applies_to is 'deliver'; did you mean 'delivery'?",
        ),
        ("paygate_retry_policies", Patience(name=7), "its name is 7, not a text"),
    ],
)
def test_a_wrong_field_of_another_object_is_named(hook, thing, sentence):
    assert sentence in refusal(offering(hook, thing)).problem


class ForgetsTheContext(Mint):
    async def authorize(self, request):
        raise AssertionError("unreachable")


class AwaitedMethod(Coin):
    async def prepare(self, details, context):
        raise AssertionError("unreachable")


class AwaitedSink(Owl):
    async def wants(self, event_type, endpoint):
        return False


class TakesPositions(Patience):
    def next_delay(self, tries, now, rng, /):
        return None


class NamesOtherwise(Mint):
    async def authorize(self, asked, *_, **__):
        raise AssertionError("nobody pays here")


@pytest.mark.parametrize(
    ("hook", "thing", "sentence"),
    [
        (
            "paygate_processors",
            ForgetsTheContext(),
            "its authorize(request) cannot be called as authorize(request, context)",
        ),
        ("paygate_methods", AwaitedMethod(), "its prepare is async; the host does not await it"),
        ("paygate_event_sinks", AwaitedSink(), "its wants is async; the host does not await it"),
        (
            "paygate_retry_policies",
            TakesPositions(),
            "cannot be called as next_delay(tries, now=, rng=)",
        ),
    ],
)
def test_a_method_that_cannot_be_called_as_the_host_calls_it_is_named(hook, thing, sentence):
    assert sentence in refusal(offering(hook, thing)).problem


def test_arguments_may_have_other_names():
    assert set(load(offering("paygate_processors", NamesOtherwise())).registry.processors) == {
        "mint"
    }


def flipping(*flows):
    return Mint(capabilities=Capabilities(methods={"coin": frozenset(flows)}))


def test_a_flow_that_the_payment_method_does_not_have_is_named_with_the_nearest():
    error = refusal(
        offering("paygate_methods", Coin(), name="coins"),
        offering("paygate_processors", flipping("toss", "tos")),
    )

    assert error.setting == "plugin acme"
    assert error.problem == (
        "processor mint declares the flow 'tos', which method coin does not have; "
        "did you mean 'toss'?"
    )


@pytest.mark.parametrize(
    ("offered", "hint"),
    [("coins", "did you mean 'coins'?"), (None, "install a plugin that offers it")],
)
def test_a_payment_method_that_no_plugin_offers_is_logged_with_a_hint(caplog, offered, hint):
    plugins = [offering("paygate_processors", flipping("toss"))]
    if offered:
        other = type("Other", (Coin,), {"info": replace(Coin.info, code=offered)})()
        plugins.append(offering("paygate_methods", other, name=offered))

    with caplog.at_level(logging.WARNING):
        load(*plugins)

    assert f"carries out 'coin', which is not a method of a plugin; {hint}" in caplog.text


def module(**functions):
    made = ModuleType("acme")
    vars(made).update(functions)
    return Found("acme", made, "1.2")


def test_a_hook_without_its_mark_is_named():
    error = refusal(module(paygate_processors=lambda context: [Mint()]))

    assert str(error) == (
        "plugin acme: its function paygate_processors is not marked as a hook. "
        "Put @hookimpl above it."
    )


def test_a_misspelt_hook_without_its_mark_is_named_with_the_nearest():
    error = refusal(module(paygate_procesors=lambda context: [Mint()]))

    assert "paygate_procesors is named like the hook paygate_processors" in error.problem
    assert "@hookimpl" in error.remedy


def test_an_unmarked_method_of_a_plugin_object_is_named():
    class Plugin:
        def paygate_methods(self, context):
            return [Coin()]

    assert "paygate_methods is not marked" in refusal(Found("acme", Plugin(), "1")).problem


def test_a_non_function_with_the_name_of_a_hook_is_ignored():
    found = module(
        paygate_check_samples={}, paygate_methods=ModuleType("paygate_methods"), paygate_client=load
    )

    assert set(load(found).registry.plugins) == {"defaults", "acme"}


def test_a_hook_may_have_a_function_of_another_name():
    offered = hookimpl(lambda: [Mint()], specname="paygate_processors")

    assert set(load(module(offer=offered)).registry.processors) == {"mint"}


def test_a_misspelt_specname_is_named():
    offered = hookimpl(lambda: [Mint()], specname="paygate_processor")

    error = refusal(module(offer=offered))

    assert error.problem == "there is no hook paygate_processor"
    assert error.remedy == "Did you mean paygate_processors"


def test_two_plugins_that_decide_about_one_thing_are_both_named():
    error = refusal(
        offering("paygate_retry_policies", Patience("one"), name="first"),
        offering("paygate_retry_policies", Patience("two"), name="second"),
    )

    assert error.setting == "plugin second"
    assert error.problem == "paygate_retry_policies: plugin first also applies to delivery"


def test_two_scenarios_with_one_number_are_named_with_their_plugins():
    def telling(name):
        story = Scenario(name=name, number=900, description="x", charge=Timeline(call="approved"))
        return offering("paygate_scenarios", story, name=f"of_{name}")

    error = refusal(telling("one"), telling("two"))

    assert error.setting == "plugin of_two"
    assert error.problem == "paygate_scenarios: two and one of plugin of_one share number 900"
