"""Asks the processor with the lowest fee."""

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
    return [Command("quote", "Say what a payment would cost with whom", quote.run, QuoteOptions)]


# What `paygate plugin check least_cost` judges by: fees of the processors that the kit makes up.
paygate_check_samples = {
    "environ": {"PAYGATE_LEAST_COST_FEES": "kit_1/*/*=0+90, kit_0/*/*=200+10, kit_7/card/*=1"},
}
