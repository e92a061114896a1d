"""UPI payments, and a processor that simulates them."""

from collections.abc import Iterable

from paygate import PaymentMethod, PluginContext, Processor, hookimpl

from .method import UpiMethod
from .processor import UpiSim
from .settings import UpiSimSettings

__all__ = ["UpiMethod", "UpiSim", "UpiSimSettings", "paygate_methods", "paygate_processors"]


@hookimpl
def paygate_methods() -> Iterable[PaymentMethod]:
    """Offer ``upi``."""
    return [UpiMethod()]


@hookimpl
def paygate_processors(context: PluginContext) -> Iterable[Processor]:
    """Offer ``upi_sim``."""
    return [UpiSim(context.config(UpiSimSettings), context.scenarios)]


# What `paygate plugin check upi_sim` judges by.
paygate_check_samples = {
    "environ": {"TEST_MODE": "true"},
    "methods": {
        "upi": {"valid": [{"vpa": "user@paytm"}, {"flow": "qr"}], "invalid": [{"vpa": "x"}]}
    },
    "processors": {
        "upi_sim": {"approved": {"vpa": "user@paytm"}, "declined": {"vpa": "failure@upi"}}
    },
}
