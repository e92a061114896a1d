"""A plugin-based payment gateway framework with simulated processors.

This module is what a plugin imports, and all it imports. It loads neither the
web framework nor the database, queue or HTTP libraries.
"""

from .core.domain.card_networks import (
    CARD_NETWORKS,
    CARD_NETWORKS_PUBLISHED,
    CardNetwork,
    card_network,
)
from .core.domain.delivery import DeliveryResult
from .core.domain.endpoint import Endpoint
from .core.domain.errors import (
    BadSignatureError,
    InvalidInstrumentError,
    NotSentError,
    OperatorError,
    PaygateError,
    PluginContractError,
    PluginError,
)
from .core.domain.instrument import Instrument
from .core.domain.money import Money
from .core.domain.operation import OperationKind
from .core.domain.outcome import (
    ActionRequired,
    Approved,
    DeclineCode,
    Declined,
    Outcome,
    Pending,
    Released,
    Unknown,
)
from .core.domain.redaction import passes_luhn
from .core.ports.callbacks import (
    CanCallback,
    CanContinue,
    CanWake,
    RawCallback,
    Update,
    Verified,
)
from .core.ports.clock import Clock
from .core.ports.extensions import (
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
from .core.ports.history import History, PaymentCounts
from .core.ports.http_client import Http, HttpError, HttpResponse
from .core.ports.plugins import (
    CallContext,
    CanClose,
    DeliverableEvent,
    EventSink,
    Logger,
    MethodContext,
    MethodInfo,
    PaymentMethod,
    PluginContext,
    PluginInfo,
)
from .core.ports.processor import (
    AuthorizeRequest,
    CanCapture,
    CanQuery,
    CanRefund,
    CanVoid,
    Capabilities,
    FollowUp,
    Processor,
)
from .core.ports.retry import RetryPolicy, Tries
from .core.ports.risk import (
    Allow,
    Block,
    RiskCheck,
    RiskContext,
    RiskRequest,
    RiskVerdict,
)
from .core.ports.routing import Candidate, Router, RouteRequest
from .plugins.markers import hookimpl
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
