"""An invalid plugin stops start-up; the message names it and the mistake."""

import types
from dataclasses import replace
from datetime import timedelta

import pytest
from pydantic import BaseModel, Field

from paygate import (
    Capabilities,
    MethodInfo,
    Money,
    OperatorError,
    PluginInfo,
    Tries,
    hookimpl,
)
from paygate.core.errors import InvalidInputError, UnsupportedError
from paygate.plugins.host import Found, installed_plugins, load_plugins
from tests.unit.host import bad_plugins as bad
from tests.unit.samples import NOW

TOSS = Capabilities(methods={"coin": frozenset({"toss"})})


class Coin:
    info = MethodInfo("coin", "Coin", frozenset({"toss"}), bad.CoinInput)

    def prepare(self, details, context):
        raise AssertionError("nobody pays here")


class Mint:
    """A processor that can be made to describe itself in any way."""

    def __init__(self, id="mint", *, info=None, capabilities=TOSS):
        self.info = info or PluginInfo(id, "1")
        self.capabilities = capabilities

    async def authorize(self, request, context):
        raise AssertionError("nobody pays here")


class AskableMint(Mint):
    async def query(self, kind, request, context):
        raise AssertionError("nobody pays here")


class Owl:
    """A sink."""

    def __init__(self, id="owl"):
        self.info = PluginInfo(id, "1")

    def wants(self, event_type, endpoint):
        return True

    async def deliver(self, event, endpoint, context):
        raise AssertionError("nothing is delivered here")


class Patience:
    """A policy that always waits a minute, or follows its script."""

    def __init__(self, name="patience", *, applies_to=("delivery",), wait=timedelta(minutes=1)):
        self.name, self.applies_to, self.wait = name, frozenset(applies_to), wait

    def next_delay(self, tries, *, now, rng):
        if isinstance(self.wait, Exception):
            raise self.wait
        return self.wait


class Config(BaseModel):
    rate: float = 0.5
    shared: str = Field("x", json_schema_extra={"env": "ACME_SHARED"})


def nothing():
    return []


def asking():
    def offer(context):
        context.config(Config)
        return []

    return plugin(paygate_methods=offer)


def plugin(name="acme", **hooks):
    """Return a module with these hooks, as an entry point would name it."""
    made = types.ModuleType(name)
    for hook, function in hooks.items():
        setattr(made, hook, hookimpl(function))
    return Found(name, made, "1.2")


def offering(hook, *things, name="acme"):
    return plugin(name, **{hook: lambda: list(things)})


def load(*found, environ=None, preferred=()):
    return load_plugins(found, environ=environ or {}, preferred=preferred)


def refusal(*found, **how):
    with pytest.raises(OperatorError) as caught:
        load(*found, **how)
    return caught.value


def test_offered_objects_are_found_by_name():
    registry = load(
        plugin(
            paygate_methods=lambda: [Coin()],
            paygate_processors=lambda: (mint for mint in [Mint("one"), AskableMint("two")][:1]),
            paygate_event_sinks=lambda: {Owl(): "any iterable will do"},
        )
    ).registry

    assert set(registry.methods) == {"coin"}
    assert set(registry.processors) == {"one"}
    assert set(registry.sinks) == {"owl"}
    assert registry.plugins == {"defaults": "built in", "acme": "1.2"}


def test_no_plugins_is_valid():
    registry = load().registry

    assert (registry.methods, registry.processors, registry.sinks) == ({}, {}, {})
    assert set(registry.policies) == {"delivery", "query", "operation"}


def test_a_hook_may_take_fewer_arguments():
    seen = []

    def with_context(context):
        seen.append(context.plugin_id)
        return []

    load(plugin("one", paygate_methods=nothing), plugin("two", paygate_methods=with_context))

    assert seen == ["two"]


def test_a_plugin_may_be_an_object_with_methods():
    class Kit:
        __hash__ = None

        @hookimpl
        def paygate_processors(self, context):
            return [Mint(context.plugin_id)]

    assert set(load(Found("kit", Kit(), "1")).registry.processors) == {"kit"}


def test_two_registries_are_independent():
    found = offering("paygate_processors", Mint("one"))

    first = load(found, environ={"WEBHOOK_RETRY_INTERVALS_TEST": "true"})
    second = load(found, offering("paygate_processors", Mint("two"), name="other"))
    again = load(found)

    assert set(first.registry.processors) == set(again.registry.processors) == {"one"}
    assert set(second.registry.processors) == {"one", "two"}
    waits = [
        loaded.registry.policies["delivery"].next_delay(Tries(1), now=NOW, rng=None)
        for loaded in (first, second)
    ]
    assert waits == [timedelta(seconds=5), timedelta(seconds=60)]


def test_two_plugins_of_one_name_are_refused():
    error = refusal(plugin("acme"), plugin("acme"))

    assert error.setting == "plugin acme"
    assert "two plugins have this name" in error.problem


def test_the_name_of_the_built_in_plugin_is_reserved():
    assert refusal(plugin("defaults")).setting == "plugin defaults"


def test_a_plugin_that_is_registered_twice_is_refused():
    once = plugin("acme")

    assert refusal(once, replace(once, name="other")).setting == "plugin other"


@pytest.mark.parametrize(
    ("mistyped", "right"),
    [
        ("paygate_processor", "paygate_processors"),
        ("paygate_method", "paygate_methods"),
        ("paygate_event_sink", "paygate_event_sinks"),
        ("paygate_retry_policy", "paygate_retry_policies"),
    ],
)
def test_a_mistyped_hook_names_the_nearest(mistyped, right):
    error = refusal(plugin(**{mistyped: nothing}))

    assert error.setting == "plugin acme"
    assert mistyped in error.problem
    assert error.remedy == f"Did you mean {right}"


def test_an_unknown_hook_lists_all_hooks():
    error = refusal(plugin(on_startup=nothing))

    assert "on_startup" in error.problem
    assert "paygate_processors" in error.remedy
    assert "paygate_retry_policies" in error.remedy


def test_a_mistyped_argument_is_named():
    error = refusal(plugin(paygate_methods=lambda contxt: []))

    assert error.setting == "plugin acme"
    assert "contxt" in error.problem
    assert "paygate_methods" in error.problem


def test_an_async_hook_is_refused():
    async def offer():
        raise AssertionError("unreachable")

    error = refusal(plugin(paygate_methods=offer))

    assert "paygate_methods is async" in error.problem
    assert "plain def" in error.remedy


def test_an_async_generator_is_refused():
    async def offer():
        yield Coin()

    assert "paygate_methods" in refusal(plugin(paygate_methods=offer)).problem


@pytest.mark.parametrize("nothing", [None, 7, Coin()])
def test_a_hook_that_returns_no_list_is_refused(nothing):
    error = refusal(plugin(paygate_methods=lambda: nothing))

    assert error.setting == "plugin acme"
    assert "paygate_methods" in error.problem


def test_a_hook_that_raises_is_named_and_its_cause_kept():
    cause = ZeroDivisionError("division by zero")

    def offer():
        raise cause

    error = refusal(plugin("one", paygate_methods=nothing), plugin("two", paygate_processors=offer))

    assert error.setting == "plugin two"
    assert error.problem == "paygate_processors raised ZeroDivisionError: division by zero"
    assert error.__cause__ is cause


def test_a_hook_that_raises_while_it_is_read_is_named():
    def offer():
        yield Coin()
        raise KeyError("late")

    assert "KeyError" in refusal(plugin(paygate_methods=offer)).problem


def test_an_operator_error_of_a_hook_is_passed_on():
    def offer():
        raise OperatorError(setting="ACME_KEY", problem="it is missing", remedy="Set it")

    assert refusal(plugin(paygate_methods=offer)).setting == "ACME_KEY"


@pytest.mark.parametrize(
    ("hook", "thing"),
    [
        (
            "paygate_methods",
            type("Later", (Coin,), {"info": replace(Coin.info, requires_api=99)})(),
        ),
        ("paygate_processors", Mint(info=PluginInfo("mint", "1", requires_api=99))),
    ],
)
def test_a_plugin_for_a_newer_paygate_is_refused_with_a_remedy(hook, thing):
    error = refusal(offering(hook, thing))

    assert "requires plugin API" in error.problem
    assert "Upgrade paygate" in error.remedy


@pytest.mark.parametrize(
    ("hook", "thing", "missing"),
    [
        ("paygate_methods", object(), "info, prepare"),
        ("paygate_methods", Mint(), "prepare"),
        ("paygate_processors", Coin(), "authorize, capabilities"),
        ("paygate_processors", None, "authorize, capabilities, info"),
        ("paygate_event_sinks", Coin(), "deliver, wants"),
        ("paygate_retry_policies", Coin(), "applies_to, name, next_delay"),
    ],
)
def test_an_object_without_a_member_is_refused_with_its_name(hook, thing, missing):
    error = refusal(offering(hook, thing))

    assert error.setting == "plugin acme"
    assert error.problem == f"{hook} returned a {type(thing).__name__}: it lacks {missing}"


def test_a_class_instead_of_an_object_is_refused():
    error = refusal(offering("paygate_methods", Coin))

    assert "the class Coin" in error.problem


class Grumpy(Mint):
    @property
    def capabilities(self):
        raise RuntimeError("not before breakfast")

    @capabilities.setter
    def capabilities(self, _):
        pass


@pytest.mark.parametrize(
    ("hook", "thing", "message"),
    [
        ("paygate_processors", Grumpy(), "not before breakfast"),
        ("paygate_processors", Mint(capabilities={"methods": {}}), "capabilities"),
        ("paygate_processors", Mint(info="mint"), "not a PluginInfo"),
        ("paygate_processors", Mint(info=Coin.info), "MethodInfo, not a PluginInfo"),
        ("paygate_processors", Mint(info=PluginInfo("mint", "1", "2")), "requires_api is '2'"),
        ("paygate_processors", Mint("Mint"), "'Mint' is not"),
        ("paygate_processors", Mint("mint-1"), "'mint-1' is not"),
        ("paygate_processors", Mint("mint\n"), "is not"),
        ("paygate_processors", Mint("m" * 65), "is not a name"),
        ("paygate_processors", Mint(7), "7 is not"),
        ("paygate_event_sinks", Owl("Owl"), "'Owl' is not"),
        ("paygate_retry_policies", Patience(applies_to=["deliveries"]), "deliveries"),
        ("paygate_retry_policies", Patience(applies_to="delivery"), "use one of delivery"),
    ],
)
def test_an_object_with_invalid_info_is_refused(hook, thing, message):
    error = refusal(offering(hook, thing))

    assert error.setting == "plugin acme"
    assert hook in error.problem
    assert message in error.problem


@pytest.mark.parametrize(
    ("info", "message"),
    [
        (PluginInfo("coin", "1"), "PluginInfo, not a MethodInfo"),
        (replace(Coin.info, code="Coin"), "'Coin' is not"),
        (replace(Coin.info, code="c" * 21), "is not a name"),
        (None, "NoneType"),
    ],
)
def test_a_method_with_invalid_info_is_refused(info, message):
    odd = type("Odd", (Coin,), {"info": info})()

    assert message in refusal(offering("paygate_methods", odd)).problem


@pytest.mark.parametrize(
    ("hook", "make"),
    [
        ("paygate_methods", Coin),
        ("paygate_processors", Mint),
        ("paygate_event_sinks", Owl),
        ("paygate_retry_policies", Patience),
    ],
)
def test_a_name_that_is_taken_is_refused_and_both_plugins_are_named(hook, make):
    error = refusal(offering(hook, make(), name="one"), offering(hook, make(), name="two"))

    assert error.setting == "plugin two"
    assert "is taken by plugin one, plugin two offers it too" in error.problem


def test_a_processor_that_declares_a_query_it_lacks_is_refused():
    error = refusal(offering("paygate_processors", Mint(capabilities=replace(TOSS, query=True))))

    assert error.setting == "plugin acme"
    assert "declares query=True but lacks a query method" in error.problem


def test_a_processor_that_hides_a_query_it_has_is_refused():
    error = refusal(offering("paygate_processors", AskableMint()))

    assert "declares query=False but has a query method" in error.problem


def test_a_processor_that_declares_a_refund_it_lacks_is_refused():
    error = refusal(offering("paygate_processors", Mint(capabilities=replace(TOSS, refund="full"))))

    assert "declares refund='full' but lacks a refund method" in error.problem


def test_a_processor_that_hides_a_refund_it_has_is_refused():
    class Generous(Mint):
        async def refund(self, request, context):
            raise AssertionError("nothing is given back here")

    error = refusal(offering("paygate_processors", Generous()))

    assert "declares refund='none' but has a refund method" in error.problem


def test_a_plugin_whose_attributes_raise_is_refused():
    class Trap:
        def __dir__(self):
            raise RuntimeError("do not touch")

    error = refusal(Found("trap", Trap(), "1"))

    assert error.setting == "plugin trap"
    assert "do not touch" in error.problem


def test_a_wrong_setting_is_named_by_its_variable():
    error = refusal(asking(), environ={"PAYGATE_ACME_RATE": "often"})

    assert error.setting == "PAYGATE_ACME_RATE"
    assert "plugin acme" in error.problem


def test_the_settings_models_of_a_plugin_are_known():
    models = load(asking(), plugin("other")).config_models

    assert models["acme"] == [Config]
    assert models["other"] == []


def three_mints():
    return offering("paygate_processors", Mint("cee"), Mint("ay"), Mint("bee"))


@pytest.mark.parametrize(
    ("preferred", "order"),
    [
        ((), ["ay", "bee", "cee"]),
        (("cee",), ["cee", "ay", "bee"]),
        (("bee", "cee"), ["bee", "cee", "ay"]),
        (("cee", "bee", "ay"), ["cee", "bee", "ay"]),
    ],
)
def test_the_preferred_processors_come_first_and_the_others_by_id(preferred, order):
    registry = load(three_mints(), preferred=preferred).registry

    assert list(registry.processors) == order
    able = registry.able(method="coin", flow="toss", amount=Money(1, "INR"))
    assert [each.info.id for each in able] == order


def test_an_unknown_preferred_processor_lists_the_installed_ones():
    error = refusal(three_mints(), preferred=("dee",))

    assert error.setting == "PAYGATE_PROCESSORS"
    assert "'dee'" in error.problem
    assert error.remedy == "Choose from ay, bee, cee"


def test_a_processor_is_chosen_by_its_capabilities():
    small = replace(TOSS, amount_minor_max=999)
    rupees = replace(TOSS, currencies=frozenset({"INR"}), amount_minor_min=1_000)
    registry = load(
        offering(
            "paygate_processors", Mint("ay", capabilities=small), Mint("bee", capabilities=rupees)
        )
    ).registry

    def chosen(minor, currency="INR"):
        amount = Money(minor, currency)
        return registry.able(method="coin", flow="toss", amount=amount)[0].info.id

    assert (chosen(999), chosen(1_000), chosen(999, "USD")) == ("ay", "bee", "ay")
    with pytest.raises(UnsupportedError) as caught:
        chosen(1_000, "USD")
    assert caught.value.field == "amount"
    with pytest.raises(UnsupportedError):
        registry.able(method="coin", flow="spin", amount=Money(1, "INR"))


@pytest.mark.parametrize("code", ["upi", "", None, 7, ["coin"], {"coin": 1}])
def test_an_unknown_method_is_refused_with_a_message(code):
    with pytest.raises(InvalidInputError) as caught:
        load(offering("paygate_methods", Coin())).registry.method(code)

    assert str(caught.value) == "Invalid payment method"


def delays(registry, target, *counts):
    policy = registry.policies[target]
    return [policy.next_delay(Tries(count), now=NOW, rng=None) for count in counts]


def test_a_policy_replaces_the_built_in_one_for_its_targets_only():
    built_in, registry = (
        load().registry,
        load(offering("paygate_retry_policies", Patience())).registry,
    )

    assert delays(registry, "delivery", 1, 99) == [timedelta(minutes=1)] * 2
    for target in ("query", "operation"):
        assert delays(registry, target, 1, 2, 3) == delays(built_in, target, 1, 2, 3)


@pytest.mark.parametrize(
    "junk",
    [
        ValueError("out of patience"),
        60,
        "later",
        timedelta(seconds=-1),
        timedelta(days=31),
        timedelta.max,
    ],
)
def test_the_built_in_policy_replaces_a_failing_one(junk):
    registry = load(offering("paygate_retry_policies", Patience(wait=junk))).registry

    assert delays(registry, "delivery", 1, 4, 5) == delays(load().registry, "delivery", 1, 4, 5)


def test_a_plugins_policy_may_give_up():
    registry = load(offering("paygate_retry_policies", Patience(wait=None))).registry

    assert delays(registry, "delivery", 1) == [None]


@pytest.fixture
def distribution(tmp_path, monkeypatch):
    """Installs a distribution with one plugin for the length of a test."""

    def install(module, body, *, name):
        (tmp_path / f"{module}.py").write_text(body)
        info = tmp_path / f"{module}-4.5.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 4.5\n")
        (info / "entry_points.txt").write_text(f"[paygate]\n{name} = {module}\n")
        monkeypatch.syspath_prepend(str(tmp_path))

    return install


def test_an_installed_distribution_is_found_by_its_entry_point(distribution):
    distribution("acme_for_a_test", "TAG = 7\n", name="acme_test")

    found = {each.name: each for each in installed_plugins()}

    assert found["acme_test"].version == "4.5"
    assert found["acme_test"].plugin.TAG == 7
    assert list(found) == sorted(found)


def test_an_installed_distribution_that_cannot_be_imported_is_named(distribution):
    distribution("acme_that_breaks", "raise RuntimeError('no licence')\n", name="acme_broken")

    with pytest.raises(OperatorError) as caught:
        installed_plugins()

    assert caught.value.setting == "plugin acme_broken"
    assert "no licence" in caught.value.problem


def test_only_the_plugins_that_are_named_are_loaded():
    assert [each.name for each in installed_plugins(("upi_sim",))] == ["upi_sim"]
    with pytest.raises(OperatorError) as refused:
        installed_plugins(("upi_sim", "upi"))

    assert refused.value.setting == "PAYGATE_PLUGINS"
    assert set(refused.value.remedy.removeprefix("Choose from ").split(", ")) == {
        each.name for each in installed_plugins()
    }


def test_plugins_do_not_see_the_keys_and_addresses_of_paygate():
    class Curious(BaseModel):
        vault: str | None = Field(None, json_schema_extra={"env": "PAYGATE_VAULT_KEY"})
        database: str | None = Field(None, json_schema_extra={"env": "DATABASE_URL"})
        own: str | None = None

    class Plugin:
        @hookimpl
        def paygate_processors(self, context):
            context.config(Curious)
            return []

    environ = {"PAYGATE_VAULT_KEY": "k", "DATABASE_URL": "d", "PAYGATE_ACME_OWN": "o"}
    loaded = load_plugins([Found("acme", Plugin(), "1")], environ=environ)

    assert loaded.configs["acme"] == [Curious(own="o")]
