"""A wallet with an HTTP API, whose callbacks are signed with ed25519."""

from collections.abc import Iterable

from paygate import PluginContext, Processor, hookimpl

from .processor import SignedWallet, WalletSettings
from .samples import SAMPLES


@hookimpl
def paygate_processors(context: PluginContext) -> Iterable[Processor]:
    """Offer ``signed_wallet``."""
    return [SignedWallet(context.config(WalletSettings))]


# Samples for `paygate plugin check signed_wallet`.
paygate_check_samples = SAMPLES
