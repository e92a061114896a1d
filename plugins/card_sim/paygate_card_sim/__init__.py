"""Card payments, and a processor that simulates them."""

from collections.abc import Iterable

from paygate import PaymentMethod, PluginContext, Processor, hookimpl

from .method import CardMethod
from .processor import CardSim
from .settings import CardSimSettings

__all__ = ["CardMethod", "CardSim", "CardSimSettings", "paygate_methods", "paygate_processors"]


@hookimpl
def paygate_methods(context: PluginContext) -> Iterable[PaymentMethod]:
    """Offer ``card``."""
    return [CardMethod(context.scenarios)]


@hookimpl
def paygate_processors(context: PluginContext) -> Iterable[Processor]:
    """Offer ``card_sim``."""
    return [CardSim(context.config(CardSimSettings), context.scenarios)]
