"""A wallet behind an HTTP API, whose callbacks are signed by ed25519."""

from collections.abc import Iterable

from paygate import PluginContext, Processor, hookimpl

from .processor import SignedWallet, WalletSettings
from .samples import SAMPLES


@hookimpl
def paygate_processors(context: PluginContext) -> Iterable[Processor]:
    """Offer ``signed_wallet``."""
    return [SignedWallet(context.config(WalletSettings))]


# What `paygate plugin check signed_wallet` judges by.
paygate_check_samples = SAMPLES
