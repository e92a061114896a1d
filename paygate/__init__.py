"""A plugin-based payment gateway framework with simulated processors.

This module is what a plugin imports, and all it imports. It loads neither the
web framework nor the database, queue or HTTP libraries.
"""

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
from .core.ports.http import Http, HttpError, HttpResponse
from .core.ports.plugins import (
    CallContext,
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
from .plugins.markers import hookimpl
from .simulator.play import Play
from .simulator.scenario import Scenario, Story
from .simulator.settings import SimulatorSettings
from .simulator.simulator import Simulator

__version__ = "0.1.0"

__all__ = [
    "ActionRequired",
    "Approved",
    "AuthorizeRequest",
    "BadSignatureError",
    "CallContext",
    "CanCallback",
    "CanCapture",
    "CanContinue",
    "CanQuery",
    "CanRefund",
    "CanVoid",
    "CanWake",
    "Capabilities",
    "Clock",
    "DeclineCode",
    "Declined",
    "DeliverableEvent",
    "DeliveryResult",
    "Endpoint",
    "EventSink",
    "FollowUp",
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
    "PaygateError",
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
    "Scenario",
    "Simulator",
    "SimulatorSettings",
    "Story",
    "Tries",
    "Unknown",
    "Update",
    "Verified",
    "hookimpl",
    "passes_luhn",
]
