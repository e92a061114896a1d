"""A wallet for paygate: a payment method and the processor that carries it out."""

from collections.abc import Iterable

from paygate import PaymentMethod, PluginContext, Processor, hookimpl

from .method import WalletMethod
from .processor import AcmeProcessor, AcmeSettings


@hookimpl
def paygate_methods() -> Iterable[PaymentMethod]:
    """Offer ``wallet``."""
    return [WalletMethod()]


@hookimpl
def paygate_processors(context: PluginContext) -> Iterable[Processor]:
    """Offer ``acme``."""
    return [AcmeProcessor(context.config(AcmeSettings))]


# Samples for `paygate plugin check acme_wallet`.
paygate_check_samples = {
    "methods": {"wallet": {"valid": [{"wallet_id": "W-1234"}], "invalid": [{"wallet_id": "1234"}]}},
    "processors": {
        "acme": {"approved": {"wallet_id": "W-1234"}, "declined": {"wallet_id": "W-0000"}}
    },
}
