"""The payment method ``upi`` and a processor that simulates it."""

from collections.abc import Iterable

from paygate import PaymentMethod, PluginContext, Processor, hookimpl

from .method import UpiMethod
from .processor import UpiSim
from .settings import UpiSimSettings

__all__ = ["UpiMethod", "UpiSim", "UpiSimSettings", "paygate_methods", "paygate_processors"]


@hookimpl
def paygate_methods() -> Iterable[PaymentMethod]:
    """Register the method ``upi``."""
    return [UpiMethod()]


@hookimpl
def paygate_processors(context: PluginContext) -> Iterable[Processor]:
    """Register the processor ``upi_sim``."""
    return [UpiSim(context.config(UpiSimSettings), context.scenarios)]


# Samples for `paygate plugin check upi_sim`.
paygate_check_samples = {
    "environ": {"TEST_MODE": "true"},
    "methods": {
        "upi": {"valid": [{"vpa": "user@paytm"}, {"flow": "qr"}], "invalid": [{"vpa": "x"}]}
    },
    "processors": {
        "upi_sim": {"approved": {"vpa": "user@paytm"}, "declined": {"vpa": "failure@upi"}}
    },
}
