"""The contract kit on the method and the processor."""

from paygate_netbanking import NetbankingMethod, paygate_methods, paygate_processors

from paygate import PaymentMethod, PluginContext, Processor
from paygate.testing import PaymentMethodContract, ProcessorContract


class TestMethod(PaymentMethodContract):
    plugin_id = "netbanking"
    valid = [{"bank": "acme"}, {"bank": "left"}]
    invalid = [{"bank": "unheard_of"}, {"bank": "ACME"}, {"bank": "acme\n"}, {}]

    def make(self, context: PluginContext) -> PaymentMethod:
        [offered] = paygate_methods()
        return offered


class TestProcessor(ProcessorContract):
    plugin_id = "netbanking"
    approved = {"bank": "lost"}
    declined = {"bank": "poor"}

    def make(self, context: PluginContext) -> Processor:
        [offered] = paygate_processors(context)
        return offered

    def method(self, context: PluginContext) -> PaymentMethod:
        return NetbankingMethod()
