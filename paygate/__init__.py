"""A plugin-based payment gateway framework with simulated processors.

This module is what a plugin imports, and all it imports. It loads neither the
web framework nor the database, queue or HTTP libraries.
"""

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
from .core.plugin_api.http_client import Http, HttpError, HttpResponse
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
from .core.plugin_api.retry_policy import RetryPolicy, Tries
from .core.plugin_api.risk import Allow, Block, RiskCheck, RiskContext, RiskRequest, RiskVerdict
from .core.plugin_api.routing import Candidate, Router, RouteRequest
from .core.plugin_api.sink import DeliverableEvent, EventSink
from .core.redaction import passes_luhn
from .core.webhooks.model import DeliveryResult, Endpoint
from .plugins.hookspecs import hookimpl
from .simulator.play import Play
from .simulator.scenario import Scenario, Story
from .simulator.settings import SimulatorSettings
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
    "Clock",
    "Column",
    "Command",
    "CommandContext",
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
    "History",
    "Http",
    "HttpError",
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
    "Play",
    "PluginContext",
    "PluginContractError",
    "PluginError",
    "PluginInfo",
    "Processor",
    "RawCallback",
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
    "Simulator",
    "SimulatorSettings",
    "Story",
    "TableData",
    "Tries",
    "Unknown",
    "Update",
    "Verified",
    "card_network",
    "hookimpl",
    "passes_luhn",
]
