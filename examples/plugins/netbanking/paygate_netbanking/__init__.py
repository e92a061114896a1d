"""Netbanking: a method with a redirect to a bank, and a simulated bank."""

from collections.abc import Iterable

from paygate import PaymentMethod, PluginContext, Processor, Route, hookimpl

from .bank import BankPage
from .method import NetbankingMethod, list_banks
from .processor import NetbankingSettings, NetbankingSim


@hookimpl
def paygate_methods() -> Iterable[PaymentMethod]:
    """Offer ``netbanking``."""
    return [NetbankingMethod()]


@hookimpl
def paygate_processors(context: PluginContext) -> Iterable[Processor]:
    """Offer ``netbanking_sim``."""
    return [NetbankingSim(context.config(NetbankingSettings))]


@hookimpl
def paygate_routes(context: PluginContext) -> Iterable[Route]:
    """Offer the list of banks, and the page of the simulated bank."""
    page = BankPage(context.config(NetbankingSettings).secret.get_secret_value())
    return [
        Route("GET", "/banks", list_banks, "List the banks", access="anyone"),
        Route("GET", "/bank", page.show, "Show the simulated bank", access="anyone"),
    ]


# Samples for `paygate plugin check netbanking`.
paygate_check_samples = {
    "methods": {
        "netbanking": {
            "valid": [{"bank": "acme"}, {"bank": "lost"}],
            "invalid": [{"bank": "unheard_of"}, {"bank": ""}, {}],
        }
    },
    "processors": {
        "netbanking_sim": {"approved": {"bank": "acme"}, "declined": {"bank": "poor"}},
    },
}
