"""What a plugin's tests are made of; installed with ``paygate[testing]``.

A contract is a base class for pytest: an author inherits from it, says how to make the
guest and which samples are approved and declined, and inherits its tests.
"""

from .contracts import (
    EventSinkContract,
    PaymentMethodContract,
    ProcessorContract,
    RetryPolicyContract,
)
from .kit.stage import Network, Sent

__all__ = [
    "EventSinkContract",
    "Network",
    "PaymentMethodContract",
    "ProcessorContract",
    "RetryPolicyContract",
    "Sent",
]
