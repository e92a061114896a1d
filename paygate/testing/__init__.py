"""Test kit for shops and plugins; installed with the extra ``testing``.

For a plugin's tests: contracts, which are base classes for pytest. Inherit from one, create
the plugin in ``make``, give samples that are approved and declined, and inherit the tests.
For a shop's tests: fakes that replace plugins of a running app, and the types of the fixtures
(``paygate_app`` and others, which pytest finds by itself).
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .api import ApiError, Reply
    from .app import (
        BlockingClock,
        BlockingInbox,
        BlockingScenario,
        Clock,
        Inbox,
        PaygateApp,
        PaygateServer,
        Scenario,
    )
    from .bank import BankServer
    from .cassette import Cassette, CassetteError, CassetteSettings
    from .chaos import Chaos, ChaosQuestion, ChaosReport
    from .contracts import (
        EventSinkContract,
        PaymentMethodContract,
        ProcessorContract,
        RetryPolicyContract,
        RiskCheckContract,
        RouterContract,
        WireDialectContract,
    )
    from .fakes.advisers import Asked, FakeRiskCheck, FakeRouter
    from .fakes.method import FakeMethod
    from .fakes.processor import Call, FakeProcessor, approve
    from .fakes.script import ScriptExhaustedError
    from .fakes.sink import Carried, FakeSink
    from .inbox import Webhook
    from .kit.stage import Network, Sent

__all__ = [
    "ApiError",
    "Asked",
    "BankServer",
    "BlockingClock",
    "BlockingInbox",
    "BlockingScenario",
    "Call",
    "Carried",
    "Cassette",
    "CassetteError",
    "CassetteSettings",
    "Chaos",
    "ChaosQuestion",
    "ChaosReport",
    "Clock",
    "EventSinkContract",
    "FakeMethod",
    "FakeProcessor",
    "FakeRiskCheck",
    "FakeRouter",
    "FakeSink",
    "Inbox",
    "Network",
    "PaygateApp",
    "PaygateServer",
    "PaymentMethodContract",
    "ProcessorContract",
    "Reply",
    "RetryPolicyContract",
    "RiskCheckContract",
    "RouterContract",
    "Scenario",
    "ScriptExhaustedError",
    "Sent",
    "Webhook",
    "WireDialectContract",
    "approve",
]

# A plugin's tests need no gateway, and a shop's need no contracts: each module is imported
# when one of its names is first used.
_HOMES = {
    "api": ("ApiError", "Reply"),
    "bank": ("BankServer",),
    "cassette": ("Cassette", "CassetteError", "CassetteSettings"),
    "chaos": ("Chaos", "ChaosQuestion", "ChaosReport"),
    "contracts": (
        "EventSinkContract",
        "PaymentMethodContract",
        "ProcessorContract",
        "RetryPolicyContract",
        "RiskCheckContract",
        "RouterContract",
        "WireDialectContract",
    ),
    "fakes.advisers": ("Asked", "FakeRiskCheck", "FakeRouter"),
    "fakes.method": ("FakeMethod",),
    "fakes.processor": ("Call", "FakeProcessor", "approve"),
    "fakes.script": ("ScriptExhaustedError",),
    "fakes.sink": ("Carried", "FakeSink"),
    "inbox": ("Webhook",),
    "kit.stage": ("Network", "Sent"),
}


def __getattr__(name: str) -> Any:
    """Import a public name on first use."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = next((home for home, names in _HOMES.items() if name in names), "app")
    return getattr(import_module(f".{home}", __name__), name)
