"""A processor that sends card payments to a bank over HTTP."""

from collections.abc import Iterable

from paygate import PluginContext, Processor, hookimpl

from .processor import HttpBank
from .samples import SAMPLES
from .settings import HttpBankSettings

__all__ = ["HttpBank", "HttpBankSettings", "paygate_processors"]


@hookimpl
def paygate_processors(context: PluginContext) -> Iterable[Processor]:
    """Offer ``http_bank`` if the address of a bank is set."""
    settings = context.config(HttpBankSettings)
    return [HttpBank(settings)] if settings.url else []


# Samples for `paygate plugin check http_bank`.
paygate_check_samples = SAMPLES
