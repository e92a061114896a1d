"""Routes payments to the processor with the lowest fee."""

from collections.abc import Iterable

from paygate import Command, PluginContext, Router, hookimpl

from .fees import FeeSettings
from .quote import Quote, QuoteOptions
from .router import LeastCost


@hookimpl
def paygate_routers(context: PluginContext) -> Iterable[Router]:
    """Offer ``least_cost``."""
    return [LeastCost(context.config(FeeSettings).table)]


@hookimpl
def paygate_commands(context: PluginContext) -> Iterable[Command]:
    """Offer ``paygate x least_cost quote``."""
    quote = Quote(context.config(FeeSettings).table)
    return [Command("quote", "Show the fees of a payment by processor", quote.run, QuoteOptions)]


# Samples for `paygate plugin check least_cost`: fees of the kit's processors.
paygate_check_samples = {
    "environ": {"PAYGATE_LEAST_COST_FEES": "kit_1/*/*=0+90, kit_0/*/*=200+10, kit_7/card/*=1"},
}
