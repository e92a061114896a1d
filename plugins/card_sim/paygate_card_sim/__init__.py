"""The payment method ``card`` and a processor that simulates it."""

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


def _card(number: str) -> dict[str, dict[str, str]]:
    details = {"number": number, "expiry_month": "12", "expiry_year": "2030", "cvv": "737"}
    return {"card": details}


# Samples for `paygate plugin check card_sim`.
paygate_check_samples = {
    "environ": {"TEST_MODE": "true"},
    "methods": {
        "card": {"valid": [_card("4111111111111111")], "invalid": [_card("4111111111111112")]}
    },
    "processors": {
        "card_sim": {"approved": _card("4111111111111111"), "declined": _card("4000000000000002")}
    },
}
