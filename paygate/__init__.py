"""A plugin-based payment gateway framework with simulated processors.

This module is what a plugin imports, and all it imports. It loads neither the
web framework nor the database, queue or HTTP libraries.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .core.clock import Clock
    from .core.errors import (
        BadSignatureError,
        InvalidInstrumentError,
        NotSentError,
        OperatorError,
        PaygateError,
        PluginContractError,
        PluginError,
    )
    from .core.instrument import (
        CARD_NETWORKS,
        CARD_NETWORKS_PUBLISHED,
        CardNetwork,
        Instrument,
        card_network,
    )
    from .core.money import Money
    from .core.outcome import (
        ActionRequired,
        Approved,
        DeclineCode,
        Declined,
        Outcome,
        Pending,
        Released,
        Unknown,
    )
    from .core.payments.operation import OperationKind
    from .core.plugin_api.extensions import (
        Column,
        Command,
        CommandContext,
        ExtensionContext,
        Figure,
        FiguresData,
        Panel,
        Route,
        RouteCall,
        RouteReply,
        TableData,
    )
    from .core.plugin_api.history import History, PaymentCounts
    from .core.plugin_api.http_client import (
        ClientCertificate,
        Http,
        HttpError,
        HttpMethod,
        HttpResponse,
    )
    from .core.plugin_api.method import MethodContext, MethodInfo, PaymentMethod
    from .core.plugin_api.plugin import CallContext, CanClose, Logger, PluginContext, PluginInfo
    from .core.plugin_api.processor import (
        AuthorizeRequest,
        CanCallback,
        CanCapture,
        CanContinue,
        CanQuery,
        CanRefund,
        CanVoid,
        CanWake,
        Capabilities,
        FollowUp,
        Processor,
        RawCallback,
        Update,
        Verified,
    )
    from .core.plugin_api.records import Record, Records
    from .core.plugin_api.retry_policy import RetryPolicy, Tries
    from .core.plugin_api.risk import Allow, Block, RiskCheck, RiskContext, RiskRequest, RiskVerdict
    from .core.plugin_api.routing import Candidate, Health, Router, RouteRequest
    from .core.plugin_api.sink import DeliverableEvent, EventSink, post_event
    from .core.plugin_api.wire import (
        Credentials,
        Gateway,
        WireContext,
        WireDialect,
        WireRefusal,
        WireReply,
        WireRequest,
        WireRoute,
    )
    from .core.redaction import passes_luhn
    from .core.webhooks.model import DeliveryResult, Endpoint
    from .plugins.hookspecs import hookimpl
    from .simulator.scenario import Scenario, Timeline
    from .simulator.settings import SimulatorSettings
    from .simulator.simulated_operation import SimulatedOperation
    from .simulator.simulator import Simulator

__version__ = "0.1.0"

__all__ = [
    "CARD_NETWORKS",
    "CARD_NETWORKS_PUBLISHED",
    "ActionRequired",
    "Allow",
    "Approved",
    "AuthorizeRequest",
    "BadSignatureError",
    "Block",
    "CallContext",
    "CanCallback",
    "CanCapture",
    "CanClose",
    "CanContinue",
    "CanQuery",
    "CanRefund",
    "CanVoid",
    "CanWake",
    "Candidate",
    "Capabilities",
    "CardNetwork",
    "ClientCertificate",
    "Clock",
    "Column",
    "Command",
    "CommandContext",
    "Credentials",
    "DeclineCode",
    "Declined",
    "DeliverableEvent",
    "DeliveryResult",
    "Endpoint",
    "EventSink",
    "ExtensionContext",
    "Figure",
    "FiguresData",
    "FollowUp",
    "Gateway",
    "Health",
    "History",
    "Http",
    "HttpError",
    "HttpMethod",
    "HttpResponse",
    "Instrument",
    "InvalidInstrumentError",
    "Logger",
    "MethodContext",
    "MethodInfo",
    "Money",
    "NotSentError",
    "OperationKind",
    "OperatorError",
    "Outcome",
    "Panel",
    "PaygateError",
    "PaymentCounts",
    "PaymentMethod",
    "Pending",
    "PluginContext",
    "PluginContractError",
    "PluginError",
    "PluginInfo",
    "Processor",
    "RawCallback",
    "Record",
    "Records",
    "Released",
    "RetryPolicy",
    "RiskCheck",
    "RiskContext",
    "RiskRequest",
    "RiskVerdict",
    "Route",
    "RouteCall",
    "RouteReply",
    "RouteRequest",
    "Router",
    "Scenario",
    "SimulatedOperation",
    "Simulator",
    "SimulatorSettings",
    "TableData",
    "Timeline",
    "Tries",
    "Unknown",
    "Update",
    "Verified",
    "WireContext",
    "WireDialect",
    "WireRefusal",
    "WireReply",
    "WireRequest",
    "WireRoute",
    "card_network",
    "hookimpl",
    "passes_luhn",
    "post_event",
]

# ``paygate --help`` and ``paygate dev`` need none of these: each module is imported when one of
# its names is first used.
_HOMES = {
    "core.clock": "Clock",
    "core.errors": """
        BadSignatureError InvalidInstrumentError NotSentError OperatorError PaygateError
        PluginContractError PluginError
    """,
    "core.instrument": "CARD_NETWORKS CARD_NETWORKS_PUBLISHED CardNetwork Instrument card_network",
    "core.money": "Money",
    "core.outcome": "ActionRequired Approved DeclineCode Declined Outcome Pending Released Unknown",
    "core.payments.operation": "OperationKind",
    "core.plugin_api.extensions": """
        Column Command CommandContext ExtensionContext Figure FiguresData Panel Route
        RouteCall RouteReply TableData
    """,
    "core.plugin_api.history": "History PaymentCounts",
    "core.plugin_api.http_client": "ClientCertificate Http HttpError HttpMethod HttpResponse",
    "core.plugin_api.method": "MethodContext MethodInfo PaymentMethod",
    "core.plugin_api.plugin": "CallContext CanClose Logger PluginContext PluginInfo",
    "core.plugin_api.processor": """
        AuthorizeRequest CanCallback CanCapture CanContinue CanQuery CanRefund CanVoid
        CanWake Capabilities FollowUp Processor RawCallback Update Verified
    """,
    "core.plugin_api.retry_policy": "RetryPolicy Tries",
    "core.plugin_api.risk": "Allow Block RiskCheck RiskContext RiskRequest RiskVerdict",
    "core.plugin_api.routing": "Candidate Health Router RouteRequest",
    "core.plugin_api.records": "Record Records",
    "core.plugin_api.sink": "DeliverableEvent EventSink post_event",
    "core.plugin_api.wire": """
        Credentials Gateway WireContext WireDialect WireRefusal WireReply WireRequest WireRoute
    """,
    "core.redaction": "passes_luhn",
    "core.webhooks.model": "DeliveryResult Endpoint",
    "plugins.hookspecs": "hookimpl",
    "simulator.simulated_operation": "SimulatedOperation",
    "simulator.scenario": "Scenario Timeline",
    "simulator.settings": "SimulatorSettings",
    "simulator.simulator": "Simulator",
}


def __getattr__(name: str) -> Any:
    """Import a public name on first use."""
    home = next((home for home, names in _HOMES.items() if name in names.split()), None)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = globals()[name] = getattr(import_module(f".{home}", __name__), name)
    return found
